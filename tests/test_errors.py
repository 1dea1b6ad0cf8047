"""The tree of errors: as drawn, as raised and as tested."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path

import pytest

from rtlgen import cli
from sim import errors
from sim.errors import RtlgenError, nearest

ROOT = Path(__file__).parents[1]
CLASSES = {
    name: error
    for name, error in vars(errors).items()
    if inspect.isclass(error) and issubclass(error, RtlgenError)
}
LEAVES = sorted(name for name, error in CLASSES.items() if not error.__subclasses__())


def drawn() -> dict[str, str]:
    """The parent of each error in the drawing at the top of ``sim/errors.py``."""
    parents, above = {}, {}
    for line in (errors.__doc__ or "").splitlines():
        if match := re.match(r"    ([│ ├└─]*)(\w+)", line):
            depth = len(match[1]) // 3
            above[depth] = match[2]
            parents[match[2]] = above.get(depth - 1, "Exception")
    return parents


def test_the_tree_is_as_drawn():
    bases = {name: error.__bases__ for name, error in CLASSES.items()}
    assert all(len(own) == 1 for own in bases.values())
    assert drawn() == {name: base.__name__ for name, (base,) in bases.items()}


@pytest.mark.parametrize("name", CLASSES)
def test_an_error_ends_the_command_with_1_and_its_text(name, monkeypatch, capsys):
    def fail(_: object) -> None:
        raise CLASSES[name]("node [3]: what 'is' wrong")

    monkeypatch.setattr(cli.folder, "check", fail)
    assert cli.main(["net.onnx", "-o", "out"]) == 1
    assert capsys.readouterr() == ("", "error: node [3]: what 'is' wrong\n")


def names(folder: str) -> set[str]:
    """Every name that the code below a folder uses."""
    return {
        node.id
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Name)
    }


def test_every_error_is_raised_somewhere_and_tested():
    raised = names("sim") | names("kernels") | names("rtlgen") | names("hlsgen")
    assert set(LEAVES) <= raised
    assert set(LEAVES) <= names("tests")


@pytest.mark.parametrize(
    ("name", "known", "text"),
    [
        ("fc2", ["fc1", "conv"], "; did you mean 'fc1'?"),
        ("x", ["fc1", "conv"], "; known are 'conv', 'fc1'"),
        ("x", [], "; known are none"),
    ],
)
def test_nearest(name, known, text):
    assert nearest(name, known) == text
