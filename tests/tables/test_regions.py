"""The pooling tree: who lies in whom, on which level, and which words mean whom."""

import pytest

import sibforecast as sib
from sibforecast.errors import SibError
from sibforecast.tables.regions import Area, Regions

AREAS = (
    Area("150000", "内蒙古自治区", "", "region", "Inner Mongolia"),
    Area("150099", "自治区本级", "150000", "region"),
    Area("150100", "呼和浩特市", "150000", "league"),
    Area("150102", "新城区", "150100", "county"),
    Area("150199", "市本级", "150100", "league"),
    Area("150700", "呼伦贝尔市", "150000", "league"),
    Area("150781", "满洲里市", "150000", "county"),
)


@pytest.fixture(scope="module")
def tree():
    return Regions.of(AREAS)


def test_tree(tree):
    assert tree.order == tuple(a.code for a in AREAS)
    assert tree.children("150000") == ("150099", "150100", "150700", "150781")
    assert tree.children("150102") == ()
    assert tree.below("150000") == ("150099", "150100", "150102", "150199", "150700", "150781")
    assert tree.ancestors("150102") == ("150100", "150000")
    assert tree.ancestors("150000") == ()


@pytest.mark.parametrize("code", [a.code for a in AREAS])
def test_own_level(tree, code):
    assert tree.is_own_level(code) is (code in ("150099", "150199"))


@pytest.mark.parametrize(("code", "level", "expected"), [
    ("150102", "league", "150100"), ("150102", "region", "150000"), ("150102", "county", "150102"),
    ("150100", "county", "150100"), ("150100", "league", "150100"), ("150099", "league", "150099"),
    ("150099", "region", "150000"), ("150199", "league", "150100"), ("150781", "league", "150781"),
    ("150000", "nation", "150000"),
])  # fmt: skip
def test_at_level(tree, code, level, expected):
    assert tree.at_level(code, level) == expected


def test_every_area_of_the_sample_rolls_up_to_the_region():
    tree = sib.load(sib.sample("nmg")).regions
    assert {tree.at_level(code, "region") for code in tree.order} == {"150000"}
    leagues = {tree.at_level(code, "league") for code in tree.order} - {"150000", "150099"}
    assert len(leagues) == 12
    assert {tree.areas[c].level for c in leagues} == {"league"}
    assert sorted(c for league in leagues for c in tree.below(league)) == sorted(
        c for c in tree.order if tree.areas[c].level == "county"
    )


@pytest.mark.parametrize(("word", "code"), [
    ("150100", "150100"), ("呼市", "150100"), ("呼盟", "150700"), ("呼伦贝尔", "150700"), ("新城", "150102"),
    ("区本级", "150099"), ("inner mongolia", "150000"), ("内蒙古", "150000"), ("满洲里", "150781"),
])  # fmt: skip
def test_words(tree, word, code):
    assert tree.resolve(word) == code


def test_ambiguous_and_unknown(tree):
    with pytest.raises(SibError, match="呼伦贝尔市、呼和浩特市"):
        tree.resolve("呼")
    with pytest.raises(SibError, match="unknown area '北京'"):
        tree.resolve("北京")
    with pytest.raises(SibError, match="unknown area ''"):
        tree.resolve("")


@pytest.mark.parametrize(("word", "hint"), [
    ("薪城区", "did you mean '新城区'?"), ("新成区", "did you mean '新城区'?"), ("呼伦贝尓市", "did you mean '呼伦贝尔市'?"),
    ("150782", "did you mean '150781'"), ("Inner Mongolai", "did you mean 'Inner Mongolia'?"),
])  # fmt: skip
def test_the_nearest_area_is_named(tree, word, hint):
    """One sign of three is wrong: two thirds agree, which the general hint would not offer."""
    with pytest.raises(SibError) as caught:
        tree.resolve(word)
    assert hint in str(caught.value)


def test_no_hint_where_nothing_is_near(tree):
    with pytest.raises(SibError) as caught:
        tree.resolve("赤峰市")
    assert str(caught.value) == "unknown area '赤峰市'"


def test_labels(tree):
    assert tree.label("150000") == "内蒙古自治区"
    assert tree.label("150000", "en") == "Inner Mongolia"
    assert tree.label("150100", "en") == "呼和浩特市"
    assert tree.label("elsewhere") == "elsewhere"
