"""A virtual environment of its own for what ours is compared with, which never meets ours."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


class Failed(RuntimeError):
    """A program that did not end well; the text has its command, and the end of what it said."""


@dataclass(frozen=True)
class Environment:
    """The Python that has the packages, and how many seconds what it runs may take."""

    python: Path
    limit: float | None = None

    @classmethod
    def install(
        cls, folder: Path, packages: Sequence[str], limit: float | None = None
    ) -> Environment:
        """Make the environment in a folder, or take the one that is there."""
        python = folder.absolute() / "bin/python"
        if not python.is_file():
            run([sys.executable, "-m", "venv", f"{folder}"])
        run([f"{python}", "-m", "pip", "install", "--quiet", *packages])
        return cls(python, limit)

    def run(self, words: Sequence[str], **settings: str) -> str:
        """What Python prints when it runs a script or ``-c``, ``-m``."""
        return run([f"{self.python}", *words], self.limit, **settings)

    def program(self, name: str, words: Sequence[str]) -> str:
        """What a program prints that a package has put beside Python."""
        return run([f"{self.python.parent / name}", *words], self.limit)

    def versions(self, names: Sequence[str]) -> dict[str, str]:
        listed = self.run(["-m", "pip", "list", "--format=json"])
        found = {entry["name"]: entry["version"] for entry in json.loads(listed)}
        return {name: found[name] for name in names}


def run(words: Sequence[str], limit: float | None = None, **settings: str) -> str:
    """What a program prints; :class:`Failed` if it does not end well, or not in time."""
    shown = " ".join(words)
    with subprocess.Popen(  # noqa: S603  # programs that a benchmark needs, on files of ours
        words,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **settings},
        start_new_session=True,
    ) as process:
        try:
            out, err = process.communicate(timeout=limit)
        except BaseException as error:
            os.killpg(process.pid, signal.SIGKILL)  # with the programs that it runs in turn
            if isinstance(error, subprocess.TimeoutExpired):
                raise Failed(f"{shown}: not done after {limit:g} s") from error
            raise
    if process.returncode:
        raise Failed(f"{(out + err)[-2000:]}\nerror: {shown}: failed")
    return out
