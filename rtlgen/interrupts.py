"""Interrupts (Ctrl-C) and terminations (``kill``): both let a run clean up behind itself."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

SIGNALS = (signal.SIGINT, signal.SIGTERM)

Handler = Callable[[int, FrameType | None], None]


class Interrupted(KeyboardInterrupt):
    """Somebody wants the run to end."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number
        self.exit_code = 128 + number


@contextmanager
def interruptible() -> Iterator[None]:
    """Raise :class:`Interrupted` for either signal, so that both clean up."""
    with _handling(_raise):
        yield


@contextmanager
def undisturbed() -> Iterator[None]:
    """Let signals wait until the end of what happens here."""
    came: list[int] = []
    try:
        with _handling(lambda number, _: came.append(number)):
            yield
    finally:
        for number in came[:1]:
            signal.raise_signal(number)


@contextmanager
def _handling(handler: Handler) -> Iterator[None]:
    """Handle the signals so; only the main thread gets any, and what is ignored stays so."""
    main = threading.current_thread() is threading.main_thread()
    numbers = [n for n in SIGNALS if main and signal.getsignal(n) is not signal.SIG_IGN]
    before = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)


def _raise(number: int, _: FrameType | None) -> NoReturn:
    raise Interrupted(number)
