"""Run a program that takes long and says how far it is."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

GRACE_SECONDS = 5
"""For a program to end by itself before it is killed."""


def run(
    words: Sequence[str],
    folder: Path,
    environ: Mapping[str, str],
    log: Path,
    tell: Callable[[str], None],
) -> int:
    """Run a program to its end, and give its exit code.

    Each line that it prints is added to a log, and told. If anything is raised meanwhile, as by
    Ctrl-C, then the program and what it has started end, too.
    """
    with log.open("a") as file, _start(words, folder, environ) as running:
        try:
            for line in running.stdout or ():
                file.write(line)
                tell(line.rstrip("\n"))
            return running.wait()
        except BaseException:
            _end(running)
            raise


def _start(words: Sequence[str], folder: Path, environ: Mapping[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603  # a program that we looked up, on a project of ours
        words,
        cwd=folder,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,  # a group of its own, which is ended as a whole
    )


def _end(running: subprocess.Popen[str]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(running.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            running.wait(GRACE_SECONDS)
        os.killpg(running.pid, signal.SIGKILL)
