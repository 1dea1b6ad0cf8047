"""Running a vendor's compiler: programs that only look like it, and what they can do wrong."""

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from hlsgen import process
from hlsgen.build import LOG, build
from hlsgen.flows import FLOWS
from hlsgen.vendor import Vendor
from rtlgen.progress import Silent
from sim.errors import DataError, ToolFailed, ToolNotFound
from tests.hlsgen import fakes, report_files
from tests.hlsgen.scripts import project
from tests.hlsgen.test_synthesis import CATAPULT, ONEAPI
from tests.hlsgen.test_synthesis import VITIS as FIGURES

ROOT = Path(__file__).parents[2]


class Told(Silent):
    """Writes down what it is told; `until` a phase, where somebody presses Ctrl-C."""

    def __init__(self, until: str = "") -> None:
        self.lines: list[str] = []
        self.until = until

    def begin(self, phase: str, steps: int = 0) -> None:
        self.lines.append(phase)
        if phase == self.until:
            raise KeyboardInterrupt

    def step(self, name: str) -> None:
        self.lines.append(f"  {name}")


LINES = """
****** vitis-run v2024.2 (64-bit)
INFO: [HLS 200-1510] Running: csynth_design
INFO: [HLS 200-10] Analyzing design file 'top.cpp' ...
INFO: [HLS 200-10] Starting code transformations ...
INFO: [HLS 200-10] Starting hardware synthesis ...
INFO: [HLS 200-42] -- Implementing module 'dense'
INFO: [HLS 200-42] -- Implementing module 'top'
INFO: [HLS 200-10] -- Generating RTL for module 'dense'
INFO: [HLS 200-10] -- Generating RTL for module 'top'
"""
PHASES = [
    *("start", "analyze", "transform", "schedule", "  dense", "  top"),
    *("RTL", "  dense", "  top"),
]


def writes(report: str) -> str:
    """Python code that prints a log and writes a report of Vitis HLS."""
    return f"""
import sys
sys.path.insert(0, {f"{ROOT}"!r})
from pathlib import Path
from tests.hlsgen import report_files

print({LINES!r})
print(sys.argv[1:])
report_files.vitis(Path({report!r}))
"""


TCL = "top_prj/solution1/syn/report/top_csynth.xml"
CFG = "top_component/hls/syn/report/top_csynth.xml"


@pytest.mark.parametrize(
    ("program", "arguments", "report"),
    [
        ("vitis-run", ["--mode", "hls", "--tcl", "build.tcl"], TCL),
        ("vitis_hls", ["-f", "build.tcl"], TCL),
        (
            "v++",
            [
                *("-c", "--mode", "hls", "--config", "hls_config.cfg"),
                *("--work_dir", "top_component"),
            ],
            CFG,
        ),
    ],
)
def test_vitis(tmp_path, program, arguments, report):
    programs = fakes.program(tmp_path, program, writes(report))
    told = Told()
    assert build(tmp_path, Vendor.VITIS, "top", told, {"PATH": f"{programs}"}) == FIGURES
    assert told.lines == PHASES
    assert (tmp_path / LOG).read_text() == f"{LINES}\n{arguments}\n"


def test_a_program_is_found_by_the_variable_of_its_setup(tmp_path):
    installed = fakes.program(tmp_path, "vitis_hls", writes(TCL)).rename(tmp_path / "bin")
    environ = {"PATH": "/nowhere", "XILINX_HLS": f"{installed.parent}"}
    assert build(tmp_path, Vendor.VITIS, "top", environ=environ) == FIGURES


def test_the_newest_program_is_taken(tmp_path):
    fakes.program(tmp_path, "vitis_hls", "raise SystemExit(1)")
    programs = fakes.program(tmp_path, "vitis-run", writes(TCL))
    assert build(tmp_path, Vendor.VITIS, "top", environ={"PATH": f"{programs}"}) == FIGURES


def test_catapult(tmp_path):
    body = f"""
import sys
sys.path.insert(0, {f"{ROOT}"!r})
from pathlib import Path
from tests.hlsgen import report_files

for name in ("analyze", "compile", "schedule", "extract"):
    print(f"# Info: Starting transformation '{{name}}' on solution 'top.v1' (SOL-8)")
report_files.catapult(Path("top_prj/top.v1"))
"""
    programs = fakes.program(tmp_path, "catapult", body)
    told = Told()
    assert build(tmp_path, Vendor.CATAPULT, "top", told, {"PATH": f"{programs}"}) == CATAPULT
    assert told.lines == ["start", "analyze", "compile", "schedule", "extract"]


@pytest.mark.slow
def test_oneapi(tmp_path):
    """With CMake itself, on the project's own script."""
    folder = project(tmp_path, Vendor.ONEAPI, part="Agilex7")
    report_files.oneapi(folder / "report")
    cmake = Path(fakes.tool("cmake")).parent
    path = os.pathsep.join([f"{fakes.icpx(folder)}", f"{cmake}", os.environ["PATH"]])
    told = Told()
    assert build(folder, Vendor.ONEAPI, "top", told, {**os.environ, "PATH": path}) == ONEAPI
    assert told.lines == ["configure", "compile", "  top.cpp", "synthesize", "  top.report"]


ASKED = {
    Vendor.VITIS: (
        "Vitis HLS is needed: found no 'vitis-run' or 'vitis_hls' or 'v++' on PATH '/nowhere'; "
        "XILINX_VITIS is not set, XILINX_HLS is not set; source settings64.sh in the folder of "
        "Vitis (2022.2 or newer)"
    ),
    Vendor.ONEAPI: (
        "oneAPI for FPGAs is needed: found no 'icpx' and no 'cmake' on PATH '/nowhere'; "
        "ONEAPI_ROOT is not set; source setvars.sh in the folder of oneAPI (2025.0 at the latest: "
        "later ones have no FPGAs), and pip install cmake"
    ),
    Vendor.CATAPULT: (
        "Catapult is needed: found no 'catapult' on PATH '/nowhere'; MGC_HOME is not set, "
        "CATAPULT_HOME is not set; set MGC_HOME to the folder of Catapult, and LM_LICENSE_FILE "
        "to its licence"
    ),
}


@pytest.mark.parametrize("vendor", Vendor)
def test_a_tool_that_is_missing(tmp_path, vendor):
    with pytest.raises(ToolNotFound) as error:
        build(tmp_path, vendor, "top", environ={"PATH": "/nowhere"})
    assert str(error.value) == ASKED[vendor]
    assert list(tmp_path.iterdir()) == []


def test_a_tool_that_is_missing_where_a_variable_says(tmp_path):
    with pytest.raises(ToolNotFound) as error:
        build(tmp_path, Vendor.CATAPULT, "top", environ={"PATH": "/a", "MGC_HOME": "/b"})
    assert str(error.value) == (
        "Catapult is needed: found no 'catapult' on PATH '/a:/b/bin'; MGC_HOME is '/b', "
        "CATAPULT_HOME is not set; set MGC_HOME to the folder of Catapult, and LM_LICENSE_FILE "
        "to its licence"
    )


def test_a_tool_that_fails(tmp_path):
    body = "print(*range(30), sep='\\n')\nraise SystemExit('ERROR: no licence')"
    programs = fakes.program(tmp_path, "vitis_hls", body)
    with pytest.raises(ToolFailed) as error:
        build(tmp_path, Vendor.VITIS, "top", environ={"PATH": f"{programs}"})
    assert str(error.value).splitlines() == [
        f"{tmp_path}: Vitis HLS failed: exit code 1",
        "vitis_hls -f build.tcl",
        f"the end of {tmp_path / LOG}:",
        *(f"{i}" for i in range(16, 30)),
        "ERROR: no licence",
    ]


def test_a_tool_that_fails_before_its_last_command(tmp_path):
    programs = fakes.program(tmp_path, "cmake", "raise SystemExit(2)")
    fakes.program(tmp_path, "icpx", "")
    with pytest.raises(ToolFailed) as error:
        build(tmp_path, Vendor.ONEAPI, "top", environ={"PATH": f"{programs}"})
    assert str(error.value).splitlines() == [
        f"{tmp_path}: oneAPI for FPGAs failed: exit code 2",
        "cmake -S . -B build",
        f"the end of {tmp_path / LOG}:",
    ]


def test_a_tool_that_fails_and_says_nothing(tmp_path):
    """The report of an earlier run is not taken for one of this run."""
    report = report_files.vitis(tmp_path / TCL)
    programs = fakes.program(tmp_path, "vitis_hls", "print('ERROR: [HLS 200-70] failed')")
    with pytest.raises(ToolFailed) as error:
        build(tmp_path, Vendor.VITIS, "top", environ={"PATH": f"{programs}"})
    assert str(error.value).splitlines() == [
        f"{tmp_path}: Vitis HLS ended without an error, but wrote no {report}",
        "vitis_hls -f build.tcl",
        f"the end of {tmp_path / LOG}:",
        "ERROR: [HLS 200-70] failed",
    ]


def test_a_tool_that_writes_nonsense(tmp_path):
    body = f"{writes(TCL)}\nPath({TCL!r}).write_bytes(b'\\xff')\nsys.stdout.buffer.write(b'\\xff')"
    programs = fakes.program(tmp_path, "vitis_hls", body)
    with pytest.raises(DataError, match="is not XML"):
        build(tmp_path, Vendor.VITIS, "top", environ={"PATH": f"{programs}"})


HANGS = """
import os, subprocess, time
from pathlib import Path
{}
child = subprocess.Popen(["sleep", "60"])
Path("pids").write_text(f"{{os.getpid()}} {{child.pid}}")
print("Starting hardware synthesis", flush=True)
time.sleep(60)
"""


def runs(pid: str) -> bool:
    """Whether a process runs; one that has ended may still be listed."""
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] not in "ZX"


def all_end(folder: Path) -> bool:
    """Whether the tool and its child end, and soon."""
    end = time.monotonic() + 10
    pids = (folder / "pids").read_text().split()
    while any(map(runs, pids)) and time.monotonic() < end:
        time.sleep(0.05)
    return not any(map(runs, pids))


@pytest.mark.parametrize(
    "stubborn", ["", "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)"]
)
def test_an_interrupt_ends_the_tool_and_all_that_it_started(tmp_path, stubborn, monkeypatch):
    monkeypatch.setattr(process, "GRACE_SECONDS", 0.2)
    programs = fakes.program(tmp_path, "vitis_hls", HANGS.format(stubborn))
    path = os.pathsep.join([f"{programs}", os.environ["PATH"]])
    with pytest.raises(KeyboardInterrupt):
        build(tmp_path, Vendor.VITIS, "top", Told("schedule"), {"PATH": path})
    assert all_end(tmp_path)


def test_a_signal_interrupts_a_tool_that_is_silent(tmp_path):
    programs = fakes.program(tmp_path, "vitis_hls", HANGS.format(""))
    path = os.pathsep.join([f"{programs}", os.environ["PATH"]])

    def interrupt() -> None:
        while not (tmp_path / "pids").exists():
            time.sleep(0.05)
        time.sleep(0.2)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt):
        build(tmp_path, Vendor.VITIS, "top", environ={"PATH": path})
    assert all_end(tmp_path)


def test_what_is_printed_is_told_at_once(tmp_path):
    """A line at a time, and not at the end."""
    body = "import time\nfor i in (1, 2):\n    print(i, flush=True)\n    time.sleep(0.5)\n"
    times = []
    program = fakes.program(tmp_path, "slow", body) / "slow"
    log = tmp_path / "log"
    code = process.run(
        [f"{program}"], tmp_path, os.environ, log, lambda _: times.append(time.monotonic())
    )
    assert code == 0
    assert times[1] - times[0] > 0.3
    assert log.read_text() == "1\n2\n"


def test_every_vendor_has_a_flow():
    assert set(FLOWS) == set(Vendor)
