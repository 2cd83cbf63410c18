"""Data sets that many tests read; loaded once."""

import os

import pytest

import sibforecast as sib

os.environ["LC_ALL"] = "C.UTF-8"  # what the command line says without being asked for a language, on any machine


@pytest.fixture(scope="session")
def nmg():
    return sib.load(sib.sample("nmg"))


@pytest.fixture(scope="session")
def nmg_draft(nmg):
    return sib.draft_budget(nmg, 2027)


@pytest.fixture(scope="session")
def china():
    return sib.load(sib.sample("china"))
