"""Results that took long, kept in a folder under a hash of all that they depend on."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

Make: TypeAlias = Callable[[Path], Mapping[str, Any]]

RECORD = "record.json"


@dataclass(frozen=True)
class Entry:
    """A result: files in a folder, and a record."""

    folder: Path
    record: dict[str, Any]


@dataclass(frozen=True)
class Store:
    """A folder of results, complete or not there, so that a broken run can be continued."""

    folder: Path

    def entry(self, kind: str, key: object, make: Make) -> Entry:
        """What is kept under a key; else ``make`` puts files into a folder and returns a record."""
        place = self.folder / kind / digest(key)
        if not (place / RECORD).is_file():
            self._make(place, key, make)
        return Entry(place, json.loads((place / RECORD).read_text())["record"])

    def _make(self, place: Path, key: object, make: Make) -> None:
        place.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=".", dir=place.parent))
        try:
            record = {"key": key, "record": dict(make(folder))}
            (folder / RECORD).write_text(json.dumps(record, indent=1) + "\n")
            if not place.exists():
                folder.rename(place)
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def digest(key: object) -> str:
    """A name for anything that JSON can write."""
    return hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()[:20]


def digest_of(files: Iterable[Path]) -> str:
    """A name for the contents of files, whatever folder they are in."""
    parts = hashlib.sha256()
    for file in sorted(files, key=lambda f: f.name):
        parts.update(f"{file.name} {file.stat().st_size} ".encode() + file.read_bytes())
    return parts.hexdigest()[:20]
