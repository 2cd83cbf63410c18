"""The wheel carries the sample data and works outside the repository."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    place = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(place), str(ROOT)],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    wheel = next(place.glob("*.whl"))
    with zipfile.ZipFile(wheel) as file:
        file.extractall(place / "site")
    return wheel, place / "site"


def test_the_wheel_is_small_and_whole(installed):
    wheel, _ = installed
    names = zipfile.ZipFile(wheel).namelist()
    assert wheel.stat().st_size < 6_000_000
    for wanted in ("py.typed", "sample/nmg/history.csv.gz", "sample/china/history.csv", "sample/oasdi/programmes.csv",
                   "analysis/rules/nmg_2016.toml", "assumptions/presets/demo_nmg.toml", "tables/aliases.toml",
                   "assumptions/current_law/unemployment.toml", "assumptions/current_law/several_funds.toml"):  # fmt: skip
        assert f"sibforecast/{wanted}" in names


def test_demo_runs_from_the_wheel_alone(installed, tmp_path):
    _, site = installed
    environment = {**os.environ, "PYTHONPATH": str(site)}
    where = subprocess.run([sys.executable, "-c", "import sibforecast; print(sibforecast.__file__)"], cwd=tmp_path,
                           env=environment, capture_output=True, text=True, check=True)  # fmt: skip
    assert where.stdout.strip().startswith(str(site))
    done = subprocess.run([sys.executable, "-m", "sibforecast", "demo", "--out", "shown"], cwd=tmp_path, env=environment,
                          capture_output=True, text=True, check=False, timeout=600)  # fmt: skip
    assert done.returncode == 0, done.stderr
    charts = {f.name for f in (tmp_path / "shown" / "nmg").glob("*.png")}
    names = ("fan", "balance", "execution", "tornado", "heat", "reserves", "multiples", "waterfall", "scenarios", "sharing")
    assert charts == {f"{name}.png" for name in names}
    for name in ("nmg", "oasdi", "china"):
        assert (tmp_path / "shown" / name / "draft.xlsx").stat().st_size > 5_000
        assert (tmp_path / "shown" / name / "draft.csv").exists()
    assert not [f for f in tmp_path.iterdir() if f.name.startswith(".")]
