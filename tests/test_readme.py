"""What the README shows is what the package does."""

import re
import subprocess
import sys

import sibforecast as sib
from tests.documents import ROOT, python_blocks, read, run_blocks

README = read("README.md")


def test_the_reason_to_switch_is_what_is_printed():
    block = re.search(r"```console\n\$ sibforecast check (\S+)\n(.*?)```", README, re.S)
    assert block
    done = subprocess.run([sys.executable, "-m", "sibforecast", "check", block[1]], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 1
    assert done.stdout == block[2]


def test_the_five_lines_run():
    block = re.search(r"## Five lines\n\n```python\n(.*?)```", README, re.S)
    assert block
    names = run_blocks([block[1]])
    assert names["bill"].frame["payer"].nunique() >= 4


def test_every_python_block_runs_after_the_one_before(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # what is written is not left behind
    blocks = python_blocks(README)
    assert len(blocks) >= 3
    names = run_blocks(blocks)
    assert (names["test"].summary()["number"] > 0).all()


def test_the_scenario_shown_is_read(tmp_path):
    block = re.search(r"```toml\n(.*?)```", README, re.S)
    assert block
    (tmp_path / "s.toml").write_text(block[1], encoding="utf-8")
    assert sib.read_scenario(tmp_path / "s.toml").changes[0].multiply == 1.02


def test_the_samples_of_the_readme_exist():
    for name in ("nmg", "oasdi", "china", "blank_cell"):
        assert (sib.sample(name) / "README.md").exists()
    assert sib.load(sib.sample("nmg")).illustrative
    assert not sib.load(sib.sample("oasdi")).illustrative
