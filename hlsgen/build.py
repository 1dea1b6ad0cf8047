"""Run the vendor's compiler on a project, and read its report."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from shutil import which

from hlsgen import process, synthesis
from hlsgen.flows import FLOWS, Flow, Way
from hlsgen.synthesis.figures import Synthesis
from hlsgen.vendor import Vendor
from rtlgen.progress import Progress, Silent
from sim.errors import ToolFailed, ToolNotFound

LOG = "build/synthesis.log"
"""In the project's folder: all that the tool printed in its last run."""

_TAIL = 15


def build(
    folder: Path,
    vendor: Vendor,
    top: str,
    progress: Progress | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Synthesis:
    """Synthesize the project in a folder: minutes to hours.

    The report of an earlier run is removed first, as a tool that fails may exit with 0 all the
    same. If this is interrupted, the tool is, too.
    """
    flow = FLOWS[vendor]
    way, path = _find(flow, environ)
    report, log = folder / way.report.format(top=top), folder / LOG
    report.unlink(missing_ok=True)
    log.parent.mkdir(exist_ok=True)
    log.write_text("")
    watch = _Watch(flow, progress or Silent())
    words: Sequence[str] = ()
    for command in way.commands:
        words = [word.format(top=top) for word in command.words]
        watch.begin(command.phase)
        program = which(words[0], path=path) or words[0]
        environment = {**environ, "PATH": path}
        code = process.run([program, *words[1:]], folder, environment, log, watch.tell)
        if code:
            raise _failed(f"{folder}: {flow.tool} failed: exit code {code}", words, log)
    if not report.exists():
        what = f"{folder}: {flow.tool} ended without an error, but wrote no {report}"
        raise _failed(what, words, log)
    return synthesis.read(report, vendor)


def _failed(what: str, words: Sequence[str], log: Path) -> ToolFailed:
    tail = log.read_text(errors="replace").splitlines()[-_TAIL:]
    return ToolFailed("\n".join([what, shlex.join(words), f"the end of {log}:", *tail]))


def _find(flow: Flow, environ: Mapping[str, str]) -> tuple[Way, str]:
    """The first way whose programs are all there, and the PATH that they are on."""
    below = [f"{environ[v]}/{folder}" for v, folder in flow.variables.items() if environ.get(v)]
    path = os.pathsep.join([environ.get("PATH", os.defpath), *below])
    missing = [
        [program for program in way.programs if not which(program, path=path)] for way in flow.ways
    ]
    for way, programs in zip(flow.ways, missing, strict=True):
        if not programs:
            return way, path
    sought = " or ".join(" and no ".join(map(repr, programs)) for programs in missing)
    variables = ", ".join(
        f"{v} is {environ[v]!r}" if environ.get(v) else f"{v} is not set" for v in flow.variables
    )
    raise ToolNotFound(
        f"{flow.tool} is needed: found no {sought} on PATH {path!r}; {variables}; {flow.setup}"
    )


class _Watch:
    """Tells from the lines of a log how far the tool is."""

    def __init__(self, flow: Flow, progress: Progress) -> None:
        self._signs, self._progress = flow.signs, progress
        self._phase = ""

    def begin(self, phase: str) -> None:
        if phase != self._phase:
            self._phase = phase
            self._progress.begin(phase)

    def tell(self, line: str) -> None:
        for sign in self._signs:
            if match := sign.pattern.search(line):
                self.begin(match.expand(sign.phase))
                if sign.step:
                    self._progress.step(match.expand(sign.step))
