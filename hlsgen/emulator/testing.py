"""The emulator's own test, run as whoever has the folder would."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from hlsgen import process
from sim import toolchain
from sim.errors import ToolFailed

_TAIL = 15


def run(path: str | Path, environ: Mapping[str, str] = os.environ) -> list[str]:
    """Compile an emulator and run its recorded samples; what the test says of each kind.

    Raises :class:`ToolFailed` with the end of the log if anything fails or differs.
    """
    folder = Path(path)
    make, compiler = toolchain.make(environ), toolchain.compiler(environ)
    log = folder / "build/test.log"
    said: list[str] = []
    log.parent.mkdir(exist_ok=True)
    log.write_text("")
    words = [f"{make}", "test", f"CXX={compiler}"]
    if code := process.run(words, folder, environ, log, said.append):
        what = f"{folder}: the test of the emulator failed: exit code {code}"
        raise ToolFailed("\n".join([what, " ".join(words), f"the end of {log}:", *said[-_TAIL:]]))
    return [line for line in said if " samples of " in line]
