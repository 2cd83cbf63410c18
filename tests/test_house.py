"""The house stands: floors, public docstrings, light import, no dead words."""

import ast
import importlib
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import sibforecast as sib

ROOT = Path(__file__).parents[1]
FILES = sorted((ROOT / "sibforecast").rglob("*.py"))


def test_imports_go_down_the_floors_only():
    from importlinter.cli import lint_imports

    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert lint_imports is not None
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 kept, 0 broken" in done.stdout


@pytest.mark.parametrize("name", sorted(sib._PUBLIC))
def test_public_docstrings(name):
    thing = getattr(sib, name)
    text = inspect.getdoc(thing)
    assert text
    assert len(text) > 20
    if inspect.isfunction(thing):
        assert "Examples" in text, f"{name} has no runnable example"
        assert "Raises" in text or "never raises" in text, f"{name} does not say what it raises"


def test_import_is_light():
    """Only numpy and what Python brings: pandas, charts and workbooks come when used."""
    code = "import sys, sibforecast; print(*[m for m in ('pandas','scipy','matplotlib','statsmodels','xlsxwriter') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


@pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(ROOT)))
def test_rooms_keep_their_size(file):
    text = file.read_text("utf-8")
    assert text.count("\n") <= 420
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            body = (node.end_lineno or 0) - node.body[0].lineno  # docstrings are not counted against it
            if isinstance(node.body[0], ast.Expr):
                body -= (node.body[0].end_lineno or 0) - node.body[0].lineno
            assert body <= 62, f"{node.name} is {body} lines long"


def front_door(source: str, file: str = "") -> list[str]:
    """Uses of the package's front door: names that arrive there from floors above, which import-linter does not see."""
    found = []
    for node in ast.walk(ast.parse(source)):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [a.name for a in node.names if a.name == "sibforecast"]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module == "sibforecast":
            names = [a.name for a in node.names if a.name != "__version__" and not _is_room(a.name)]
        elif isinstance(node, ast.ImportFrom) and node.level:  # nobody here imports from where he stands
            names = ["." * node.level + (node.module or "")]
        found += [f"{file}:{node.lineno}: {name}" for name in names]
    return found


def _is_room(name: str) -> bool:
    """Whether a name is a file or folder of the package, whose import import-linter sees."""
    return (ROOT / "sibforecast" / f"{name}.py").exists() or (ROOT / "sibforecast" / name).is_dir()


def test_nobody_in_the_house_comes_in_by_the_front_door():
    inside = [f for f in FILES if f != ROOT / "sibforecast" / "__init__.py"]
    assert [use for f in inside for use in front_door(f.read_text("utf-8"), str(f.relative_to(ROOT)))] == []


@pytest.mark.parametrize(
    ("source", "uses"),
    [
        ("import sibforecast as sib", [":1: sibforecast"]),
        ("def late():\n    import sibforecast\n    sibforecast.roll_up", [":2: sibforecast"]),
        ("from sibforecast import items, roll_up", [":1: roll_up"]),
        ("from .. import share", [":1: .."]),
        ("from sibforecast import items, plots, __version__\nimport sibforecast.results\nfrom sibforecast.rollup.roll import roll_up", []),
    ],
)
def test_a_front_door_is_seen(source, uses):
    assert front_door(source) == uses


def test_public_names_are_found():
    for name in sib._PUBLIC:
        assert getattr(sib, name) is getattr(importlib.import_module(f"sibforecast.{sib._PUBLIC[name]}"), name)
    with pytest.raises(AttributeError):
        sib.no_such_name  # noqa: B018
    assert "draft_budget" in dir(sib)
