"""An output folder: complete or not there, and never at the cost of somebody else's files."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from rtlgen.interrupts import undisturbed
from sim.errors import OutputError

Ours = Callable[[Path], frozenset[str]]
"""The names in a folder that may be replaced: none if it is not an earlier output."""
ATTEMPTS = 100
"""To remove a folder: more than compilers that nobody waits for have files to begin."""


def check(path: str | Path, ours: Ours) -> None:
    """Refuse a place that holds anything but an earlier output, or that cannot be written."""
    place, shown = Path(path).resolve(), f"output {str(path)!r}"
    if place.exists() and not place.is_dir():
        raise OutputError(f"{shown}: is not a folder; choose another name")
    if Path.cwd().is_relative_to(place):
        raise OutputError(f"{shown}: is where you are, and would be replaced; name a folder in it")
    if place.is_dir():
        _check_ours({entry.name for entry in place.iterdir()}, ours(place), shown)
    above = next(p for p in place.parents if p.exists())
    if not above.is_dir():
        raise OutputError(f"{shown}: {str(above)!r} is not a folder; choose another place")
    if not os.access(above, os.W_OK | os.X_OK):
        raise OutputError(f"{shown}: {str(above)!r} is not yours to write; choose another place")


@contextmanager
def replacing(path: str | Path, ours: Ours) -> Iterator[Path]:
    """A new folder beside ``path`` that takes its place if all goes well, and else vanishes."""
    check(path, ours)
    place = Path(path).resolve()
    missing = [p for p in place.parents if not p.exists()]
    folder = None
    try:
        with undisturbed():
            place.parent.mkdir(parents=True, exist_ok=True)
            folder = Path(tempfile.mkdtemp(prefix=f".{place.name}-", dir=place.parent))
        yield folder
        with undisturbed():
            folder.chmod(0o777 & ~_umask())
            _swap(folder, place)
            missing = []
    except OSError as error:
        reason = error.strerror or error
        raise OutputError(
            f"output {str(path)!r}: cannot be written ({reason}); choose another place"
        ) from error
    finally:
        with undisturbed(), suppress(OSError):
            if folder:
                shutil.rmtree(folder, ignore_errors=True)
            for parent in missing:
                parent.rmdir()


def discard(folder: Path) -> None:
    """Remove a folder that compilers may still write into; once it is gone, they cannot."""
    with undisturbed():
        for _ in range(ATTEMPTS):
            shutil.rmtree(folder, ignore_errors=True)
            if not folder.exists():
                return


def _check_ours(names: set[str], known: frozenset[str], shown: str) -> None:
    if foreign := sorted(names - known):
        listed = ", ".join(map(repr, foreign[:3])) + (", ..." if len(foreign) > 3 else "")
        raise OutputError(
            f"{shown}: holds files that are not ours: {listed}; choose another folder, or move "
            f"them away"
        )


def _swap(new: Path, path: Path) -> None:
    """Put the new folder where the old one is, if there is one; all or nothing."""
    old = Path(f"{new}.old")
    if path.exists():
        path.rename(old)
    try:
        new.rename(path)
    except OSError:
        if old.exists():
            old.rename(path)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
