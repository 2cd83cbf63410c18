"""Units: what one of them is worth, and what it does not fit."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sibforecast import items
from sibforecast.errors import SibError
from sibforecast.tables.units import conversion, parse_unit

SCALES = {"": 1.0, "千": 1e3, "万": 1e4, "百万": 1e6, "亿": 1e8, "10k ": 1e4, "thousand ": 1e3, "100m ": 1e8, "bn ": 1e9}
NOUNS = {"元": "currency", "yuan": "currency", "人": "persons", "persons": "persons", "人月": "person-months"}


@given(st.sampled_from(sorted(SCALES)), st.sampled_from(sorted(NOUNS)), st.sampled_from(["", " ", "\u00a0"]))
def test_scale_and_noun(scale, noun, space):
    unit = parse_unit(space + scale + noun + space)
    assert (unit.family, unit.factor, unit.per_months) == (NOUNS[noun], SCALES[scale], None)


@given(st.sampled_from(["USD", "EUR", "JPY"]), st.sampled_from([("", 1.0), ("k", 1e3), ("m", 1e6), ("bn", 1e9)]))
def test_currencies(code, scale):
    for text in (f"{code} {scale[0]}".strip(), f"{scale[0]} {code}".strip()):
        assert (parse_unit(text).currency, parse_unit(text).factor) == (code, scale[1])


@given(st.floats(1, 1e9), st.sampled_from(["元", "万元", "亿元", "USD m"]))
def test_a_year_and_twelve_months_are_the_same_level(value, money):
    month, year = (conversion(parse_unit(f"{money}/{per}"), "currency/person-month")[0] for per in ("month", "year"))
    assert value * year * 12 == pytest.approx(value * month, rel=1e-12)
    month, year = (conversion(parse_unit(f"{money}/{per}"), "currency/person-year")[0] for per in ("月", "年"))
    assert value * month == pytest.approx(value * year * 12, rel=1e-12)


@pytest.mark.parametrize("base", items.UNITS)
@pytest.mark.parametrize("language", [0, 1])
def test_the_catalogues_own_words_are_understood(base, language):
    assert conversion(parse_unit(items.UNITS[base][language]), base) == (1.0, False)


#: A unit that fits each base unit; all others must not fit it.
FITS = {
    "currency": {"万元", "USD m"}, "currency/person-month": {"万元", "USD m", "元/月", "元/年", "元/人"},
    "currency/person-year": {"万元", "USD m", "元/月", "元/年", "元/人"}, "currency/case": {"万元", "USD m", "元/人"},
    "persons": {"人"}, "person-months": {"人月"}, "share": {"%", "share"}, "months": {"months"},
    "per person-year": {"次/人年", "%", "share", "人"},
}  # fmt: skip


@pytest.mark.parametrize("base", items.UNITS)
def test_misfits_are_refused(base):
    for word in set().union(*FITS.values()):
        unit = parse_unit(word)
        if word in FITS[base]:
            assert conversion(unit, base)[0] > 0
        else:
            with pytest.raises(SibError, match="does not fit"):
                conversion(unit, base)


def test_a_level_without_its_period_is_assumed_monthly_and_said():
    assert conversion(parse_unit("元"), "currency/person-month") == (1.0, True)


@pytest.mark.parametrize("word", ["", "亿", "箱", "元/周", "usdollar", "每人", "元/月/年", "m", "10k"])
def test_unknown(word):
    with pytest.raises(SibError, match="unknown unit"):
        parse_unit(word)


@given(st.text(max_size=12))
def test_any_text_is_a_unit_or_a_named_fault(text):
    try:
        assert parse_unit(text).factor > 0
    except SibError:
        with pytest.raises(SibError, match=re.escape(repr(text))):
            parse_unit(text)
