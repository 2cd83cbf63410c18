"""Rules files as people write them: what no rule can mean is refused, all of it at once, and never as a traceback."""

import pytest

import sibforecast as sib
from sibforecast.errors import RulesError

HEAD = 'ruleset = "t"\n'
CLASSES = '[[classes]]\nid = "S"\ntreat = "shared"\n'
RATIO = "[ratio]\ndefault = { region = 0.6, league = 0.4 }\n"


def read(tmp_path, text):
    path = tmp_path / "t.toml"
    path.write_text(text, encoding="utf-8")
    return sib.read_rules(path)


@pytest.mark.parametrize(("text", "told"), [
    (HEAD + CLASSES + RATIO + "rows = 5\n", "rows must be a list"), (HEAD + "classes = [1, 2]\n" + RATIO, "class 2: must be a table"), (HEAD + 'gap = "x"\n' + CLASSES + RATIO, "[gap] must be a table"),
    (HEAD + 'linkage = "x"\n' + CLASSES + RATIO, "[linkage] must be a table"), (HEAD + "linkage = [1]\n" + CLASSES + RATIO, "[linkage] must be a table"), (HEAD + 'rounding = "x"\n' + CLASSES + RATIO, "[rounding] must be a table"),
    (HEAD + CLASSES + RATIO + "[linkage]\nassessment = 5\n", "assessment must be a table"), (HEAD + CLASSES + 'cause = [["x"]]\n' + RATIO, "class S: cause must be a text"),
    (HEAD + CLASSES + RATIO + '[base]\npayer = "region"\nyear = 2022\ngrowth = inf\n', "base.growth must be a finite number"), (HEAD + CLASSES + RATIO + '[base]\npayer = "region"\nyear = 2022\ngrowth = 1e9\n', "growth must be a share a year"),
    (HEAD + CLASSES + RATIO + '[base]\npayer = "region"\nyear = 1\n', "year must be a year"), (HEAD + CLASSES + RATIO + "[local_input]\nat_least = inf\n", "local_input.at_least must be"), (HEAD + CLASSES + RATIO + "[caps]\nmultiple_of_remitted = inf\n", "caps.multiple_of_remitted must be"),
    (HEAD + CLASSES + RATIO + "rows = [{ months_from = nan, region = 1.0 }]\n", "months_from must be a finite number"), (HEAD + CLASSES + RATIO + f"[gap]\nkeep_months = 1{'0' * 400}\n", "a number of 401 digits"),
    (HEAD + CLASSES.replace('"S"', '"N0"') + RATIO, "class N0: the id is kept"), (HEAD + CLASSES + RATIO + '[scope]\nlevel = "moon"\n', "[scope]: level must be one of"), (HEAD + CLASSES + RATIO + "[scope]\nprogrammes = [1]\n", "[scope]: programmes must be"),
    (HEAD + CLASSES + 'known_at_budget = "no"\n' + RATIO, "known_at_budget must be true or false"), (HEAD + "effective = { a = 1 }\n" + CLASSES + RATIO, "effective must be the first and last day"), (HEAD + "effective = [5]\n" + CLASSES + RATIO, "effective must be"),
    (HEAD + CLASSES + RATIO + 'rows = [{ econ_tier = 1, region = 1.0 }, { econ_tier = "1", region = 0.5, league = 0.5 }]\n', "econ_tier 1 stands twice"), (HEAD + CLASSES + RATIO + "rows = [{ econ_tier = [1], region = 1.0 }]\n", "econ_tier must be a text"),
    (HEAD + CLASSES + RATIO + 'rows = [{ econ_tier = "1", region = 0.6, league = 0.4 }, { econ_tier = "2", nation = 0.1, region = 0.5, league = 0.4 }]\n', "[ratio] row 2: nation stands above region, which grants by the default; found nation = 0.1: give the share to region"),
    (HEAD + CLASSES + "[ratio]\ndefault = { league = 0.6, county = 0.4 }\nrows = [{ months_to = 3, region = 1.0 }]\n", "row 1: region stands above league"),
    (HEAD + 'scope = 1\ncaps = 2\nconditions = 3\nnational = 4\nreserve = 5\nproportional = 6\n' + CLASSES + RATIO, "[proportional] must be a table"), (HEAD + CLASSES + "ratio = 5\n", "ratio"), (HEAD + CLASSES, "default: shares are missing"),
])  # fmt: skip
def test_faulty_rules_files_are_refused(tmp_path, text, told):
    with pytest.raises(RulesError) as fault:
        read(tmp_path, text)
    assert told in str(fault.value)


def test_a_row_may_name_the_levels_of_the_default(tmp_path):
    rules = read(tmp_path, HEAD + CLASSES + '[ratio]\ndefault = { nation = 0, region = 0.6, league = 0.4 }\nrows = [{ econ_tier = "2", nation = 0.1, region = 0.5, league = 0.4 }]\n')
    assert (rules.grantor, rules.ratio_for("a", "b", "2", 1.0).shares["nation"]) == ("region", 0.1)


def test_faults_are_told_together(tmp_path):
    with pytest.raises(RulesError) as fault:
        read(tmp_path, HEAD + 'gap = "x"\nlinkage = [1]\neffective = 5\nclasses = [1]\n[ratio]\nrows = 5\n[scope]\nlevel = "moon"\n[base]\npayer = "x"\n')
    assert str(fault.value).count("\n  - ") == 8


@pytest.mark.parametrize("days", ['"2016-01-01"', '["2016-01-01", ""]', "2016-01-01", "[2016-01-01, 2020-12-31]"])
def test_days_in_force_may_be_texts_or_days(tmp_path, days):
    assert read(tmp_path, f"{HEAD}effective = {days}\n{CLASSES}{RATIO}").effective[0] == "2016-01-01"
