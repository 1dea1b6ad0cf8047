"""The files of a design folder simulate it where there is nothing of ours."""

import ast
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sim import testbench
from sim.errors import DataError
from tests.sim.designs import combinational, queue, separate

COMMANDS = {
    "pytest": [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "{}/test_top.py"],
    "make": ["make", "-C", "{}"],
}


def run(how, folder, elsewhere):
    """Run in an environment of programs alone."""
    environ = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    return subprocess.run(
        [word.format(folder) for word in COMMANDS[how]],
        cwd=elsewhere,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("how", "design"), [("pytest", separate()), ("make", combinational()), ("make", queue())]
)
def test_simulates_elsewhere(how, design, tmp_path_factory):
    folder, elsewhere = (tmp_path_factory.mktemp(name) for name in ("design", "elsewhere"))
    testbench.write(design.write(folder))
    ran = run(how, folder, elsewhere)
    assert ran.returncode == 0, ran.stdout
    assert list(elsewhere.iterdir()) == []

    name, codes = next(iter(design.outputs.items()))
    wrong = codes.copy()
    wrong.flat[-1] ^= 1
    replace(design, outputs={name: wrong}).write(folder)
    ran = run(how, folder, elsewhere)
    assert ran.returncode != 0
    assert f"sample 49, output {name!r} element " in ran.stdout


def test_files(tmp_path):
    design = separate().write(tmp_path)
    before = {path.name for path in design.iterdir()}
    testbench.write(design)
    files = {path.name for path in design.iterdir()} - before
    assert files == {"Makefile", "bench.py", "test_top.py", "top.vlt"}
    assert not any("@" in (design / name).read_text() for name in ("Makefile", "top.vlt"))


@pytest.mark.parametrize("name", ["bench.py", "test_top.py"])
def test_imports_nothing_of_ours(name, tmp_path):
    testbench.write(separate().write(tmp_path))
    tree = ast.parse((tmp_path / name).read_text())
    imports = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import)
               for alias in node.names}  # fmt: skip
    imports |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    packages = {name.partition(".")[0] for name in imports} - sys.stdlib_module_names
    assert packages <= {"cocotb", "cocotb_tools", "numpy", "pytest"}


def test_names_the_top_module(tmp_path):
    design = separate()
    design = replace(design, manifest=replace(design.manifest, top="net"))
    testbench.write(design.write(tmp_path))
    assert 'hdl_toplevel="net"' in (tmp_path / "test_top.py").read_text()
    assert "COCOTB_TOPLEVEL     := net\n" in (tmp_path / "Makefile").read_text()
    assert 'public_flat_rw -module "net" -var "q_1"' in (tmp_path / "top.vlt").read_text()


def test_needs_a_manifest(tmp_path):
    with pytest.raises(DataError) as error:
        testbench.write(tmp_path)
    what = "cannot be read (No such file or directory)"
    advice = "mend the file or generate the design again"
    assert str(error.value) == f"{tmp_path / 'manifest.json'}: {what}; {advice}"


def test_vectors_are_the_same_bytes_again(tmp_path):
    one, two = (separate().write(tmp_path / name) for name in ("one", "two"))
    assert (one / "vectors.npz").read_bytes() == (two / "vectors.npz").read_bytes()
    assert np.load(one / "vectors.npz")["x/p"].shape == (50, 2)
