"""Simulate a generated design, and hold it against its recorded vectors.

Knows files only, never how they were made: ``top.v`` or a compiled kernel, ``manifest.json`` and
``vectors.npz``.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from sim import dpi, testbench, toolchain, vectors
from sim.errors import DataError, Mismatch, ToolFailed, ToolNotFound
from sim.manifest import Manifest

if TYPE_CHECKING:
    from cocotb_tools.runner import Runner


@dataclass(frozen=True)
class Replay:
    """What was simulated, and how long that took; `latency` is None for an elastic design."""

    samples: int
    latency: int | None
    cycles: int
    build_seconds: float
    simulation_seconds: float


def replay(folder: Path, seed: int = 0) -> Replay:
    """Replay the vectors of a folder on its design; `seed` chooses the gaps between the samples.

    Works in ``build`` inside of the folder, and leaves its logs there. Not for threads: it changes
    the environment of the process, and puts it back.
    """
    manifest = _manifest(folder)
    design = _present(folder / "top.v", "generate the design again")
    return _replay(_Simulation(design, folder / "build", manifest, (design,)), seed)


def replay_cpp(folder: Path, library: Path, seed: int = 0) -> Replay:
    """Replay the vectors of a folder on the ``kernel`` of a compiled library, through `dpi`.

    The manifest is that of an elastic design; `seed` chooses the stalls, too. Else as `replay`.
    """
    manifest = _manifest(folder)
    if manifest.latency is not None:
        raise DataError(
            f"{folder / 'manifest.json'}: latency: C++ promises none, so it should be null, is "
            f"{manifest.latency}; mend the file or generate the design again"
        )
    _present(library, "compile the kernel again")
    build = folder / "build"
    build.mkdir(exist_ok=True)
    dpi.write(build, manifest)
    args = (f"{(build / dpi.GLUE).resolve()}", "-LDFLAGS", _link(library, build, manifest.top))
    sources = tuple(build / name for name in dpi.MODULES)
    return _replay(_Simulation(library, build, manifest, sources, args), seed)


@dataclass(frozen=True)
class _Simulation:
    """What is simulated, and told of in errors; where; and what Verilator makes it of."""

    subject: Path
    build: Path
    manifest: Manifest
    sources: tuple[Path, ...]
    build_args: tuple[str, ...] = ()


def _manifest(folder: Path) -> Manifest:
    manifest = Manifest.read(folder / "manifest.json")
    vectors.check(folder / "vectors.npz", manifest)
    return manifest


def _present(file: Path, advice: str) -> Path:
    if not file.is_file():
        raise DataError(f"{file}: is missing; {advice}")
    return file


def _link(library: Path, build: Path, program: str) -> str:
    """How to link any library: always the same, since else everything is compiled again."""
    link = build.resolve() / "libkernel.so"
    link.unlink(missing_ok=True)
    link.symlink_to(library.resolve())
    (build / program).unlink(missing_ok=True)  # make does not see that the library is another
    return f"{link} -Wl,-rpath,{link.parent}"


def _replay(simulation: _Simulation, seed: int) -> Replay:
    _check_cocotb()
    tools = toolchain.find()
    build = simulation.build
    build.mkdir(exist_ok=True)
    testbench.place_bench(build, simulation.manifest)
    names = {"MANIFEST": build.parent / "manifest.json", "RESULT": build / "result.json"}
    files = {name: f"{path.resolve()}" for name, path in names.items()}  # it works in `build`
    with _environment({**tools.environment, **files, "SEED": f"{seed}"}):
        from cocotb_tools.runner import get_runner  # optional: designs are made without it

        runner = get_runner("verilator")
        start = perf_counter()
        _build(runner, simulation)
        built = perf_counter()
        counts = _simulate(runner, simulation)
        end = perf_counter()
    return Replay(
        counts["samples"], counts["latency"], counts["cycles"], built - start, end - built
    )


def _check_cocotb() -> None:
    if find_spec("cocotb_tools") is None:
        raise ToolNotFound(
            "cocotb is needed to simulate: it is not installed here; try: pip install 'rtlgen[sim]'"
        )


def _build(runner: Runner, simulation: _Simulation) -> None:
    log = simulation.build / "build.log"
    with _told_by_log(runner, log, f"{simulation.subject}: cannot be built"):
        runner.build(
            hdl_toplevel=simulation.manifest.top,
            sources=[simulation.build / "top.vlt", *simulation.sources],
            build_args=[*testbench.BUILD_ARGS, *simulation.build_args],
            build_dir=simulation.build,
            log_file=log,
        )


def _simulate(runner: Runner, simulation: _Simulation) -> dict[str, Any]:
    build, top = simulation.build, simulation.manifest.top
    log, result = build / "simulation.log", build / "result.json"
    result.unlink(missing_ok=True)
    with _told_by_log(runner, log, f"{simulation.subject}: cannot be simulated"):
        # The working directory, `build_dir`, is where Python finds the copy of the bench.
        xml = runner.test("bench", top, build_dir=build, log_file=log)
        from cocotb_tools.check_results import get_results  # optional, too

        tests, failures = get_results(xml)
        outcome: dict[str, Any] = json.loads(result.read_text()) if result.exists() else {}
        if mismatches := outcome.get("mismatches"):
            raise Mismatch(_report(build.parent, mismatches))
        if failures or not tests:
            raise RuntimeError("the bench failed")
    return outcome


def _report(folder: Path, mismatches: list[dict[str, Any]]) -> str:
    texts = [mismatch["text"] for mismatch in mismatches]
    return "\n".join([*texts, f"{folder}: generate it again; if it still differs, report it whole"])


@contextmanager
def _told_by_log(runner: Runner, log: Path, what: str) -> Iterator[None]:
    """Turn the ways in which the runner fails into a ToolFailed that shows the command and log."""
    commands = _Commands()
    runner.log.addHandler(commands)
    runner.log.propagate = False
    try:
        yield
    except (RuntimeError, SystemExit) as error:
        tail = log.read_text(errors="replace").splitlines()[-15:] if log.exists() else []
        text = [f"{what}: {error}", *commands.told[-1:], f"the end of {log}:", *tail]
        raise ToolFailed("\n".join(text)) from error
    finally:
        runner.log.removeHandler(commands)
        runner.log.propagate = True


class _Commands(logging.Handler):
    """The commands that the runner tells its log, and leaves out of its exceptions."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.msg.startswith("Running command"):
            self.told.append(record.getMessage())


@contextmanager
def _environment(environment: Mapping[str, str]) -> Iterator[None]:
    """Be in another environment: the runner takes the one of the process, and no other.

    Settings of other benches stay out of it, and so does pytest: under it the runner exits at a
    failure before anybody can look at the result.
    """
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(
        {
            name: value
            for name, value in environment.items()
            if not name.startswith(("COCOTB_", "PYTEST_", "SIM_CMD_")) and name not in _SWITCHES
        }
    )
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


_SWITCHES = {"WAVES", "GUI"}
