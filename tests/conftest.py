"""Data sets that many tests read; loaded once."""

import pytest

import sibforecast as sib


@pytest.fixture(scope="session")
def nmg():
    return sib.load(sib.sample("nmg"))


@pytest.fixture(scope="session")
def nmg_draft(nmg):
    return sib.draft_budget(nmg, 2027)


@pytest.fixture(scope="session")
def china():
    return sib.load(sib.sample("china"))
