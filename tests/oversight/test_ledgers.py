"""`match_ledgers`: which rows of one book stand in no other, and why."""

import json

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sibforecast as sib
from sibforecast.errors import DataError, SibError
from sibforecast.oversight.ledgers import _Entry, _missing, _slip
from tests.datasets import dataset

COLUMNS = ("region", "programme", "item", "period", "ledger", "amount", "unit")
A, EP, UI = "150100", "enterprise_pension", "unemployment"
PAID, SPENT = "contribution_revenue", "benefit_expenditure"


def matched(folder, rows):
    history = [(A, p, "closing_balance", 2025, 1, "元", "final") for p in (EP, UI)]
    return sib.match_ledgers(sib.load(dataset(folder, history, ledgers=(COLUMNS, [(A, *r) for r in rows]))))


CLEAN = [
    (EP, PAID, "2026-01", "税务", 100.10, "万元"), (EP, PAID, "2026-01", "finance", 1_001_000, "元"), (EP, PAID, "2026-01", "bank", 1_001_000, "元"),
    (EP, SPENT, "2026-01", "agency", 700, "元"), (EP, SPENT, "2026-01", "bank", 700, "元"),
    (UI, PAID, "2026-01", "税务", 50, "元"), (UI, PAID, "2026-01", "finance", 50, "元"), (UI, PAID, "2026-01", "bank", 50, "元"),
]  # fmt: skip


def test_books_that_agree(tmp_path):
    """100.10 (10k yuan) are 1,001,000 yuan; the tax authority is not asked for benefits, nor the agency for contributions."""
    made = matched(tmp_path, CLEAN)
    assert set(made.frame["status"]) == {"matched"}
    assert len(made.findings) == 0
    assert made.totals["difference"].eq(0).all()


@pytest.mark.parametrize(
    ("extra", "cause", "severity", "count", "told"),
    [
        ([(EP, PAID, "2026-02", "tax", 321, "元"), (EP, PAID, "2026-02", "finance", 321, "元"), (EP, PAID, "2026-02", "bank", 312, "元")],
         "digits swapped: bank 312.00, tax 321.00", "error", 3, 2),
        ([(EP, PAID, "2026-02", "tax", 5, "元"), (EP, PAID, "2026-02", "finance", 5, "元"), (EP, PAID, "2026-02", "bank", 5, "万元")],
         "unit slip (× 10,000): bank 50,000.00, tax 5.00", "error", 3, 2),
        ([(EP, SPENT, "2026-02", "agency", 80, "元"), (EP, SPENT, "2026-02", "bank", -80, "元")],
         "wrong sign: bank -80.00, agency 80.00", "error", 2, 1),
        ([(EP, SPENT, "2026-02", "agency", 80, "元"), (EP, SPENT, "2026-02", "bank", 75, "元")],
         "another amount: bank 75.00, agency 80.00, apart -5.00", "error", 2, 1),
        ([(EP, SPENT, "2026-02", "agency", 80, "元"), (EP, SPENT, "2026-03", "bank", 80, "元")],
         "booked in another period: agency has it in 2026-02", "warning", 2, 1),
        ([(EP, PAID, "2026-02", "tax", 80, "元"), (EP, PAID, "2026-02", "finance", 80, "元"), (UI, PAID, "2026-02", "bank", 80, "元")],
         "booked in another fund: tax has it in enterprise_pension", "error", 3, 2),
        ([(EP, SPENT, "2026-01", "bank", 700, "元")], "entered twice", "error", 1, 1),
        ([(EP, SPENT, "2026-04", "bank", 9, "元")], "", "error", 1, 1),
    ],
)  # fmt: skip
def test_what_does_not_match_and_why(tmp_path, extra, cause, severity, count, told):
    """Three books of which one is wrong: it differs from two, so two findings; of two books one."""
    made = matched(tmp_path, CLEAN + extra)
    bad = made.frame[made.frame["status"] == "unmatched"]
    assert (len(bad), len(made.findings)) == (count, told)
    assert bad.loc[bad["ledger"] == "bank", "cause"].tolist() == [cause]
    assert set(made.findings.frame["severity"]) == {severity}
    assert bad["row"].min() >= len(CLEAN) + 2 or cause == "entered twice"  # the rows that agree stay out of it


def test_what_one_book_alone_has_is_no_agreement(tmp_path):
    """Interest of 30 and 12 in the agency's book, in no other: held against nothing, and told once."""
    made = matched(tmp_path, [*CLEAN, (EP, "interest", "2026-01", "agency", 30, "元"), (EP, "interest", "2026-02", "agency", 12, "元")])
    assert made.frame.loc[made.frame["item"] == "interest", "status"].tolist() == ["alone"] * 2
    (told,) = made.findings.records()
    assert (told["id"], told["severity"], told["found"]) == ("one_book_only", "warning", "42.00")
    assert told["message"] == "only the book of agency has this item of the fund: 2 rows are held against nothing"


def test_findings_rank_by_money_and_name_their_rows(tmp_path):
    extra = [(EP, SPENT, "2026-02", "bank", 5, "元"), (EP, SPENT, "2026-03", "agency", 6_000, "元")]
    told = matched(tmp_path, CLEAN + extra).findings.frame
    assert told["found"].tolist() == ["6,000.00", "5.00"]
    assert told["row"].tolist() == [11, 10]
    assert told["message"].iloc[0] == "a row of agency is not in bank"


def test_sums_side_by_side(tmp_path):
    """Two payments of 40 and 30 in one book, one of 70 in the other: the line agrees, its rows do not."""
    extra = [(EP, SPENT, "2026-02", "agency", 40, "元"), (EP, SPENT, "2026-02", "agency", 30, "元"), (EP, SPENT, "2026-02", "bank", 70, "元")]
    made = matched(tmp_path, CLEAN + extra)
    assert made.totals["difference"].eq(0).all()
    assert made.totals.set_index("period")["status"].loc["2026-02"] == "unmatched"
    assert set(made.totals.loc[made.totals["period"] != "2026-02", "status"]) == {"matched"}
    assert len(made.findings) == 2  # 40 against 70, and 30 that has no like


def test_one_wrong_amount_of_four_books(tmp_path):
    """The bank's 90 stands against 80 in three books: three pairs, each told once, with the row it stands in."""
    books = [("社保", 80), ("财政局", 80), ("银行", 90), ("税务局", 80)]
    made = matched(tmp_path, [(EP, PAID, "2026-01", book, amount, "元") for book, amount in books])
    assert made.findings.frame["message"].tolist() == [
        "a row of agency and row 4 of bank differ; another amount: agency 80.00, bank 90.00, apart -10.00",
        "a row of finance and row 4 of bank differ; another amount: finance 80.00, bank 90.00, apart -10.00",
        "a row of bank and row 5 of tax differ; another amount: bank 90.00, tax 80.00, apart +10.00",
    ]


def test_an_unknown_book_is_an_error_and_no_fifth_book(tmp_path):
    with pytest.raises(DataError) as told:
        matched(tmp_path, [*CLEAN, (EP, SPENT, "2026-02", "审计", 1, "元"), (EP, SPENT, "2026-02", "auditor", 1, "元")])
    assert told.value.findings.frame["row"].tolist() == [10, 11]
    assert all(word in str(told.value) for word in ("审计", "auditor", "社保局", "税务机关"))


@given(st.lists(st.tuples(st.integers(1, 3), st.sampled_from("abc"))))
def test_unmatched_rows_are_what_counts_differ_by(rows):
    entries = [_Entry(("r", "p", "i", "2026"), ledger, cents, 2) for cents, ledger in rows]
    lacking = _missing(entries)
    for cents in (1, 2, 3):
        counts = {b: rows.count((cents, b)) for b in {b for _, b in rows}}
        least = min(counts.values(), default=0)
        unmatched = sum(bool(m) for e, m in zip(entries, lacking, strict=True) if e.cents == cents)
        assert unmatched == sum(c - least for c in counts.values())


def test_slips():
    assert _slip(100, 1_000_000) == "unit slip (× 10,000)"
    assert _slip(1_234, 1_324) == "digits swapped"
    assert _slip(0, 7) == _slip(5, 7) == ""


def test_json_and_faults(tmp_path, china):
    made = matched(tmp_path, CLEAN)
    jsonschema.validate(json.loads(made.to_json()), sib.schema("LedgerMatch"))
    with pytest.raises(SibError, match="no table ledgers"):
        sib.match_ledgers(china)
    with pytest.raises(SibError, match="holds agency book"):
        matched(tmp_path / "one", [(EP, SPENT, "2026-01", "agency", 700, "元")])
