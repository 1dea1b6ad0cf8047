"""Functions that numba compiles when they are first called, and keeps on disk where it can."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
from numba import njit
from numba.core.options import DefaultOptions

F = TypeVar("F", bound=Callable[..., object])

config: Any = numba.config  # its attributes are made when it is loaded
HERE = Path(__file__).parent
SOURCES = (
    "annealing.py",
    "arrangement.py",
    "bill.py",
    "journal.py",
    "mincut.py",
    "overlap.py",
    "paths.py",
    "patterns.py",
    "pricing.py",
    "sharing.py",
    "undoing.py",
    "words.py",
)
"""Modules whose functions call each other."""


def _digest() -> str:
    """Of all of them: numba sees a change of a function, but none of what that function calls."""
    return sha256(b"".join((HERE / name).read_bytes() for name in SOURCES)).hexdigest()[:16]


FOLDER = f"rtlgen-{_digest()}"
UNCOUNTED = {"_nrt": False} if hasattr(DefaultOptions, "_nrt") else {}
"""An option that numba does not promise to keep; without it, the same functions are slower."""


def lean(function: F) -> F:
    """As ``compiled``, for functions that make no arrays.

    They do not count references to those that they are handed, which takes longer than a small
    function has to do.
    """
    return _njit(function, **UNCOUNTED)


def compiled(function: F) -> F:
    """The function as machine code; other threads run while it does."""
    return _njit(function)


def _njit(function: F, **options: Any) -> F:  # not all options are in numba's types
    given = config.CACHE_DIR
    config.CACHE_DIR = str(Path(given or HERE / "__pycache__") / FOLDER)
    try:
        return cast("F", njit(cache=True, nogil=True, **options)(function))
    except RuntimeError:  # no folder can be written: it is compiled again in each process
        return cast("F", njit(nogil=True, **options)(function))
    finally:
        config.CACHE_DIR = given
