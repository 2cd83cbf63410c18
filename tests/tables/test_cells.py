"""Cells: whatever way a number is written, the same number is read, or none."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sibforecast.tables.cells import read_cell, read_code, read_period, read_truth

FULL_WIDTH = str.maketrans("0123456789.,()%-", "０１２３４５６７８９．，（）％－")
cents = st.integers(-(10**15), 10**15)


def shown(number, places=2):
    """Cents as decimal text with thousands separators."""
    whole, rest = divmod(abs(number), 10**places)
    return f"{'-' if number < 0 else ''}{whole:,}.{rest:0{places}d}"


@given(cents)
def test_any_writing_of_a_number_reads_the_same(number):
    text, expected = shown(number), number / 100
    writings = [text, text.replace(",", ""), text.translate(FULL_WIDTH), f" {text}\u00a0", text.replace(",", " ")]
    if number < 0:
        writings += [f"({text[1:]})", f"（{text[1:]}）", f"▲{text[1:]}", f"△{text[1:]}", "−" + text[1:]]
    for writing in writings:
        cell = read_cell(writing)
        assert cell.state == "number", writing
        assert cell.value == pytest.approx(expected, rel=1e-15), writing


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_and_their_repr_read_back(value):
    assert read_cell(value).value == value
    assert read_cell(repr(value)).value == value


@given(st.text())
def test_any_text_is_one_of_four_things(text):
    cell = read_cell(text)
    assert cell.state in ("number", "blank", "missing", "fault")
    assert math.isfinite(cell.value) is (cell.state == "number")
    assert bool(cell.fault) is (cell.state == "fault")


@given(cents, st.sampled_from([("千", 1e3), ("万", 1e4), ("百万", 1e6), ("亿", 1e8)]), st.sampled_from(["", "元", "人"]))
def test_words_in_a_cell_are_scale_and_family(number, scale, noun):
    cell = read_cell(shown(number) + scale[0] + noun)
    assert (cell.value, cell.scale) == (number / 100, scale[1])
    assert cell.family == {"": "", "元": "currency", "人": "persons"}[noun]


@pytest.mark.parametrize("raw", [None, "", "  ", "\u3000", "\u200b", float("nan")])
def test_blank(raw):
    assert read_cell(raw).state == "blank"


@pytest.mark.parametrize("raw", ["1,23", "1 2", "12 3456", "--5", "(-5)", "▲-5", "5%%", "5%元", "=A1", "@x", True, "1e999", "五", "1/2"])
def test_refused(raw):
    assert read_cell(raw).state == "fault"


@given(st.integers(1900, 2200), st.integers(1, 12))
def test_periods_round_trip(year, month):
    period = f"{year}-{month:02d}"
    for word in (period, f"{year}年{month}月", f"{year}-{month}", f"{year}/{month:02d}", f"{year}{month:02d}", f"{year}年1-{month}月"):
        assert read_period(word) == period, word
    for word in (year, float(year), str(year), f"{year}年", f"{year}年度", f"{year}.0"):
        assert read_period(word) == str(year), word


@pytest.mark.parametrize("raw", ["2024-13", "2024-00", "1899", "24", "", "2024-1-6", "2024.1", 2024.1, "2024-09-30", "45292", "二〇二四年度末"])
def test_periods_refused(raw):
    assert read_period(raw) is None


@pytest.mark.parametrize(("raw", "code"), [(150100.0, "150100"), ("150100.0", "150100"), ("011", "011"), ("０１１", "011"),
                                           (" 呼市\u3000", "呼市"), (None, ""), (float("nan"), ""), ("1.5", "1.5")])  # fmt: skip
def test_codes(raw, code):
    assert read_code(raw) == code


@pytest.mark.parametrize(("raw", "truth"), [("是", True), ("否", False), (True, True), ("no", False), (1.0, True), ("maybe", None), ("", None)])
def test_truth(raw, truth):
    assert read_truth(raw) is truth
