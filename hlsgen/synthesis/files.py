"""Reading reports: files that may not be there, and numbers that may be none."""

from __future__ import annotations

from pathlib import Path

from sim.errors import DataError


def text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except FileNotFoundError as error:
        raise DataError(f"{path}: is missing; run the synthesis again") from error


def number(path: Path, name: str, value: str) -> float:
    try:
        return float(value)
    except ValueError as error:
        raise DataError(f"{path}: {name!r} is {value!r}, which is not a number") from error
