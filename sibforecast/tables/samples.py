"""The data sets that come with the package."""

from __future__ import annotations

from pathlib import Path

from sibforecast.errors import SibError

#: Bundled data sets: official figures, and one made up for illustration.
SAMPLES = {
    "nmg": "12 leagues and 103 banners, seven funds: illustrative",
    "china": "national figures, months and years: official",
    "oasdi": "US social security 1970-2005: official",
    "provinces": "heads in 31 Chinese provinces 2007-2016: official",
    "blank_cell": "a collection rate that was left blank: the first demonstration",
}


def sample(name: str) -> Path:
    """The folder of a bundled data set: ``nmg``, ``china``, ``oasdi``, ``provinces`` or ``blank_cell``.

    Raises
    ------
    SibError
        If there is no such data set.

    Examples
    --------
    >>> sample("oasdi").name
    'oasdi'
    """
    if name not in SAMPLES:
        raise SibError(f"no sample {name!r}; there are {', '.join(SAMPLES)}")
    package = Path(__file__).resolve().parents[1]
    for root in (package / "sample", package.parent / "data" / "sample"):
        if (root / name).is_dir():
            return root / name
    raise SibError(f"the sample {name!r} was not installed with the package")
