"""What is being done, for people who wait."""

from __future__ import annotations

from time import perf_counter
from typing import Protocol, Self

from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text


class Progress(Protocol):
    """Whom a long run tells how far it is."""

    def begin(self, phase: str, steps: int = 0) -> None:
        """A phase begins, of so many steps if that is known; the one before it is done."""

    def step(self, name: str) -> None:
        """The next step of the phase begins."""


class Silent:
    """Nobody waits, or nobody wants to know."""

    def begin(self, phase: str, steps: int = 0) -> None:
        pass

    def step(self, name: str) -> None:
        pass


class Display:
    """Says in a line what phase has ended and how long it took, on standard error.

    On a terminal, a last line shows the phase that runs, its step and its time, and goes away.
    """

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True, highlight=False, soft_wrap=True)
        self._spinner = Spinner("dots")
        self._phase = self._step = ""
        self._steps = self._done = 0
        self._start = 0.0
        self._live = Live(
            console=self._console,
            get_renderable=self._line,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._end()
        self._live.stop()

    def begin(self, phase: str, steps: int = 0) -> None:
        self._end()
        self._phase, self._steps, self._start = phase, steps, perf_counter()
        self._step, self._done = "", 0

    def step(self, name: str) -> None:
        self._step, self._done = name, self._done + 1

    def _end(self) -> None:
        if self._phase:
            self._console.print(Text(f"{self._phase:<12}{self._seconds():8.2f} s", "dim"))
        self._phase = ""

    def _line(self) -> Text | Spinner:
        if not self._phase:
            return Text()
        step = f" {self._done}/{self._steps} {self._step}" if self._done else ""
        text = Text(f"{self._phase:<12}{self._seconds():8.1f} s{step}", no_wrap=True)
        text.truncate(max(1, self._console.width - 3), overflow="ellipsis")
        self._spinner.update(text=text)
        return self._spinner

    def _seconds(self) -> float:
        return perf_counter() - self._start
