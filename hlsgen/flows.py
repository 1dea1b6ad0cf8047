"""How each vendor's compiler is started on a project: a table.

Each way to start it needs all of its programs; the first whose programs are there is taken. What
a tool prints was taken from logs that others published: of Vitis HLS 2021.2 to 2024.2 and of
Catapult 2024. Of oneAPI, only what CMake prints is looked at.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from hlsgen.vendor import Vendor


class Command(NamedTuple):
    phase: str
    words: tuple[str, ...]
    """The program and its arguments; ``{top}`` is the name of the top function."""


class Sign(NamedTuple):
    """A line of the log by which one sees how far the tool is."""

    pattern: re.Pattern[str]
    phase: str = ""
    """That begins there, if it has not begun yet; ``\\1`` is the pattern's first group."""
    step: str = ""


@dataclass(frozen=True)
class Way:
    programs: tuple[str, ...]
    commands: tuple[Command, ...]
    report: str
    """The main one, in the project's folder."""


@dataclass(frozen=True)
class Flow:
    tool: str
    ways: tuple[Way, ...]
    variables: Mapping[str, str]
    """Set by the tool's own script; the folders of programs below them."""
    setup: str
    """How they are set."""
    signs: tuple[Sign, ...]


def _vitis(program: str, *arguments: str) -> Way:
    command = Command("start", (program, *arguments))
    return Way((program,), (command,), "{top}_prj/solution1/syn/report/{top}_csynth.xml")


FLOWS: Mapping[Vendor, Flow] = {
    Vendor.VITIS: Flow(
        "Vitis HLS",
        (
            _vitis("vitis-run", "--mode", "hls", "--tcl", "build.tcl"),
            _vitis("vitis_hls", "-f", "build.tcl"),
            Way(
                ("v++",),
                (
                    Command(
                        "start",
                        (
                            *("v++", "-c", "--mode", "hls", "--config", "hls_config.cfg"),
                            *("--work_dir", "{top}_component"),
                        ),
                    ),
                ),
                "{top}_component/hls/syn/report/{top}_csynth.xml",
            ),
        ),
        {"XILINX_VITIS": "bin", "XILINX_HLS": "bin"},
        "source settings64.sh in the folder of Vitis (2022.2 or newer)",
        (
            Sign(re.compile(r"Analyzing design file"), "analyze"),
            Sign(re.compile(r"Starting code transformations"), "transform"),
            Sign(re.compile(r"Starting hardware synthesis"), "schedule"),
            Sign(re.compile(r"-- Implementing module '([^']+)'"), "schedule", r"\1"),
            Sign(re.compile(r"-- Generating RTL for module '([^']+)'"), "RTL", r"\1"),
        ),
    ),
    Vendor.ONEAPI: Flow(
        "oneAPI for FPGAs",
        (
            Way(
                ("icpx", "cmake"),
                (
                    Command("configure", ("cmake", "-S", ".", "-B", "build")),
                    Command("compile", ("cmake", "--build", "build", "--target", "report")),
                ),
                "build/{top}.report.prj/reports/resources/json/summary.ndjson",
            ),
        ),
        {"ONEAPI_ROOT": "compiler/latest/bin"},
        "source setvars.sh in the folder of oneAPI (2025.0 at the latest: later ones have no "
        "FPGAs), and pip install cmake",
        (
            Sign(re.compile(r"Building CXX object .*?([^/]+)\.o$"), "compile", r"\1"),
            Sign(re.compile(r"Linking CXX executable (\S+)"), "synthesize", r"\1"),
        ),
    ),
    Vendor.CATAPULT: Flow(
        "Catapult",
        (
            Way(
                ("catapult",),
                (Command("start", ("catapult", "-shell", "-file", "build.tcl")),),
                "{top}_prj/{top}.v1/cycle.rpt",
            ),
        ),
        {"MGC_HOME": "bin", "CATAPULT_HOME": "bin"},
        "set MGC_HOME to the folder of Catapult, and LM_LICENSE_FILE to its licence",
        (Sign(re.compile(r"Starting transformation '(\w+)'"), r"\1"),),
    ),
}
