"""Law files with mistakes: each is refused by name, all of them at once."""

import pytest

import sibforecast as sib
from sibforecast.errors import NoSuchFileError, PolicyError

HEAD = {
    "id": '"levy"', "title_en": '"Levy"', "title_zh": '"附加费"', "programme": '"unemployment"', "unit": '"share"',
    "range": "[0.0, 0.1]", "decided_by": '"league"', "source": '"example"', "status": '"unverified"',
}  # fmt: skip
VALUE = {"value": "0.02", "start": '"2026-01-01"'}


def written(head=None, *values, before=""):
    """A file of one parameter; ``None`` takes a key away."""
    lines = [before, "[[parameter]]"]
    lines += [f"{k} = {v}" for k, v in (HEAD | (head or {})).items() if v is not None]
    for value in values or ({},):
        lines += ["[[parameter.value]]", *(f"{k} = {v}" for k, v in (VALUE | value).items() if v is not None)]
    return "\n".join(lines)


def faults(tmp_path, *texts):
    files = []
    for number, text in enumerate(texts):
        files.append(tmp_path / f"law{number}.toml")
        files[-1].write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(PolicyError) as told:
        sib.current_law(*files)
    return [line.removeprefix("  - ") for line in str(told.value).splitlines()[1:]]


def test_the_clean_file_is_read(tmp_path):
    path = tmp_path / "law.toml"
    path.write_text(written(), encoding="utf-8")
    assert sib.current_law(path).value("levy", "2026", "150100") == 0.02


BAD = {
    "unknown key": (written({"tittle": '"x"'}), "unknown key 'tittle'"),
    "unknown key of a value": (written(None, {"strat": '"2026"'}), "unknown key 'strat'; did you mean 'start'"),
    "unknown head": (written(before="parametre = 1"), "unknown key 'parametre'; did you mean 'parameter'"),
    "no id": (written({"id": None}), "the id must be"),
    "bad id": (written({"id": '"Levy rate"'}), "the id must be small letters"),
    "no title": (written({"title_zh": None}), "title_zh missing"),
    "title is a number": (written({"title_en": "5"}), "title_en must be text"),
    "no unit": (written({"unit": None}), "unit missing"),
    "unknown unit": (written({"unit": '"bushels"'}), "unknown unit 'bushels'"),
    "unknown fund": (written({"programme": '"unemploymnt"'}), "unknown fund 'unemploymnt'; did you mean 'unemployment'"),
    "no fund": (written({"programme": None}), "programme must be a fund"),
    "no range": (written({"range": None}), "range must be two numbers"),
    "range of words": (written({"range": '["low", "high"]'}), "range must be two numbers"),
    "range turned": (written({"range": "[0.2, 0.1]"}), "ends before it begins"),
    "value out of range": (written(None, {"value": "0.2"}), "0.2 lies outside the range [0, 0.1]"),
    "per cent for a share": (written(None, {"value": "2"}), "2 lies outside the range"),
    "value is a word": (written(None, {"value": '"2 %"'}), "the value must be a number; found '2 %'"),
    "value is a truth": (written(None, {"value": "true"}), "the value must be a number"),
    "value is nan": (written(None, {"value": "nan"}), "the value must be a number"),
    "no value": (written(None, {"value": None}), "the value must be a number; found None"),
    "no values": ("[[parameter]]\n" + "\n".join(f"{k} = {v}" for k, v in HEAD.items() if k != "range"), "range must be"),
    "word not allowed": (written({"unit": '"word"', "range": None, "words": '["a", "b"]'}, {"value": '"c"'}), "must be one of a, b; found 'c'"),
    "word without words": (written({"unit": '"word"', "range": None}, {"value": '"c"'}), "needs words"),
    "no start": (written(None, {"start": None}), "the start is missing"),
    "bad start": (written(None, {"start": '"1 May 2026"'}), "start: not a date"),
    "no such day": (written(None, {"start": '"2026-02-30"'}), "start: not a date"),
    "bad end": (written(None, {"end": '"2026-13"'}), "end: not a date"),
    "end before start": (written(None, {"end": '"2025-12-31"'}), "the end 2025-12-31 lies before the start 2026-01-01"),
    "nobody decided": (written({"decided_by": None}), "decided_by must be one of nation, region, league, county; found 'nothing'"),
    "the king decided": (written({"decided_by": '"king"'}), "decided_by must be one of"),
    "no source": (written({"source": None}), "the source is missing"),
    "blank source": (written({"source": '"  "'}), "the source is missing"),
    "no status": (written({"status": None}), "status must be one of statute, observed, unverified"),
    "bad status": (written({"status": '"certain"'}), "found 'certain'"),
    "region is a number": (written(None, {"region": "150100"}), "region must be text in quotes; found 150100"),
    "same start twice": (written(None, {}, {}), "two values for * start on 2026-01-01"),
    "overlap": (written(None, {"end": '"2027-06"'}, {"start": '"2027-01"'}), "until 2027-06-30 overlaps that from 2027-01-01"),
    "stands twice": (written() + "\n" + written(), "stands twice for unemployment"),
    "two ways derived": (written({"sum": '["a", "b"]', "product": '["a", "b"]'}), "one list of at least two others"),
    "derived with values": (written({"sum": '["employer_rate", "employee_rate"]'}), "has no values of its own"),
    "renamed to nothing": (written(before='[renamed]\nold = "minimum_wag"\n'), "which is no parameter; did you mean 'minimum_wage'"),
    "renamed a live name": (written(before='[renamed]\nlevy = "minimum_wage"\n'), "'levy' is still the name of a parameter"),
    "renamed a number": (written(before="[renamed]\nold = 5\n"), "[renamed] must hold lines"),
    "funds no list": (written(before='funds = "x"'), "funds must be a list"),
    "not a table": ("parameter = 5", "write each parameter as [[parameter]]"),
    "empty": ("", "no [[parameter]]"),
    "not toml": ("this is no law", "not a TOML file"),
    "neither encoding": (b"\xff\xfe\xff", "not a TOML file"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "holds"), BAD.values(), ids=BAD)
def test_one_mistake_one_fault(tmp_path, text, holds):
    told = faults(tmp_path, text)
    assert len(told) == 1, told
    assert holds in told[0]
    assert told[0].startswith(("law0.toml", "levy of unemployment"))


KNOWN = '[[parameter]]\nid = "employer_rate"\nprogramme = "unemployment"\ndecided_by = "region"\nsource = "x"\nstatus = "unverified"\n'


@pytest.mark.parametrize(
    ("more", "holds"),
    [
        ('unit = "yuan/month"', "the unit is 'share'; found 'yuan/month'"),
        ("range = [0.0, 0.5]", "goes beyond that of the law, [0, 0.03]"),
        ('sum = ["employee_rate", "minimum_wage"]', "it is known already"),
        ('[[parameter.value]]\nvalue = 0.04\nstart = "2026"', "0.04 lies outside the range [0, 0.03]"),
        ("", "no [[parameter.value]]"),
    ],
)
def test_an_overlay_keeps_to_the_bounds_of_the_law(tmp_path, more, holds):
    told = faults(tmp_path, KNOWN + more)
    assert len(told) == 1, told
    assert holds in told[0]


def test_an_overlay_may_not_set_what_follows_from_others(tmp_path):
    told = faults(tmp_path, KNOWN.replace("employer_rate", "contribution_rate") + '[[parameter.value]]\nvalue = 0.02\nstart = "2026"')
    assert len(told) == 1
    assert "follows from employer_rate, employee_rate" in told[0]


def test_parts_must_be_parameters_of_the_fund(tmp_path):
    head = "\n".join(f"{k} = {v}" for k, v in HEAD.items())
    told = faults(tmp_path, f'[[parameter]]\n{head}\nsum = ["employer_rat", "contribution_rate"]')
    assert len(told) == 2
    assert "'employer_rat' is no parameter of the fund; did you mean 'employer_rate'" in told[0]
    assert "'contribution_rate' must be a number with values of its own" in told[1]


def test_all_faults_of_all_files_at_once(tmp_path):
    first = written({"tittle": '"x"', "source": None}, {"value": "0.2"}, {"start": '"never"'})
    second = written({"id": '"other"', "programme": '["unemployment", "work_injury"]', "status": '"certain"'})
    told = faults(tmp_path, first, second, "not toml at all")
    text = "\n".join(told)
    for words in ("unknown key 'tittle'", "0.2 lies outside", "the source is missing", "start: not a date",
                  "law1.toml, other, value 2026-01-01: status", "law2.toml: not a TOML file"):  # fmt: skip
        assert words in text
    assert sum("certain" in line for line in told) == 1  # once, not for each fund


def test_a_missing_file_is_wrong_usage(tmp_path):
    with pytest.raises(NoSuchFileError, match="no law file"):
        sib.current_law(tmp_path / "nowhere.toml")
