"""The folder of an emulator."""

from __future__ import annotations

import re
from pathlib import Path

from hlsgen.emulator.files import Files, names
from rtlgen import output

_STEM = re.compile(r"^ +(\w+)_\*;$", re.MULTILINE)


def check(path: str | Path) -> None:
    """Refuse a place that holds anything but an earlier emulator, or that cannot be written."""
    output.check(path, ours)


def write(path: str | Path, files: Files) -> None:
    """Put files into a new folder, or in place of an earlier emulator: all of them or none."""
    with output.replacing(path, ours) as folder:
        for name, content in files.items():
            data = content.encode() if isinstance(content, str) else content
            (folder / name).write_bytes(data)


def ours(folder: Path) -> frozenset[str]:
    """What belongs to the emulator in a folder; nothing does if there is none in it."""
    try:
        stem = _STEM.search((folder / "exports.map").read_text())
    except (OSError, ValueError):
        return frozenset()
    return names(stem[1]) | {"build"} if stem else frozenset()
