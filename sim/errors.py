"""The tree of every error that a user can meet.

::

    RtlgenError                  where, what, what to do; exit code 1
    ├─ ModelError                the model cannot be taken as it is
    │  ├─ UnsupportedOperator    not among the operators; lists what is
    │  ├─ UnsupportedAttribute   the operator is known, this setting of it is not
    │  ├─ ShapeError             shapes are dynamic or do not fit
    │  └─ NotQuantized           a tensor has no format and none was given
    ├─ ConfigError               unknown key, layer or value; says the nearest known one
    ├─ DataError                 vectors or calibration data that do not fit the model
    ├─ NumberError
    │  ├─ NotRepresentable       a value is not on the grid of its format
    │  └─ OutOfInterval          a value left the interval that was promised
    ├─ OutputError               the output folder cannot be written
    ├─ ConstraintError           the hardware that was asked for does not exist
    │  ├─ TooLarge               too many operations to unroll
    │  ├─ TooSlow                no schedule meets the clock
    │  └─ NotStreamable          a kernel needs more than what comes next in a stream
    ├─ ToolError
    │  ├─ ToolNotFound           what is missing, where it was looked for, how to install it
    │  └─ ToolFailed             command, exit code and the end of its log
    ├─ Mismatch                  design and reference differ: sample, output, expected, got
    └─ Disproved                 a proof found that a design is not its network: where, and what

A message says *where* (the node and value by the model's names), *what* (with the values) and
*what to do*. Wrong behaviour of our own code is an ``assert``, and never one of these.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class RtlgenError(Exception):
    """Something that the user can mend: shown without a traceback."""

    exit_code = 1


class ModelError(RtlgenError):
    """The model cannot be taken as it is."""


class UnsupportedOperator(ModelError):
    """The model uses an operator that there is no kernel for."""


class UnsupportedAttribute(ModelError):
    """The operator is known, but not in this setting."""


class ShapeError(ModelError):
    """A shape is dynamic, or shapes do not fit."""


class NotQuantized(ModelError):
    """A tensor has no fixed-point format and none was given."""


class ConfigError(RtlgenError):
    """The configuration names something unknown or says something impossible."""


class DataError(RtlgenError):
    """Data that do not fit the model."""


class NumberError(RtlgenError):
    """A number is not what was promised."""


class NotRepresentable(NumberError):
    """A value is not on the grid of its format."""


class OutOfInterval(NumberError):
    """A value is outside of the interval that was promised."""


class OutputError(RtlgenError):
    """The output folder cannot be written, or holds files that are not ours."""


class ConstraintError(RtlgenError):
    """The hardware that was asked for does not exist."""


class TooLarge(ConstraintError):
    """The network has too many operations to be unrolled."""


class TooSlow(ConstraintError):
    """No schedule meets the clock; the fastest that is met is ``reached_hz``."""

    def __init__(self, message: str, reached_hz: float = 0.0) -> None:
        super().__init__(message)
        self.reached_hz = reached_hz


class NotStreamable(ConstraintError):
    """A kernel needs other elements than those that come next in a stream."""


class ToolError(RtlgenError):
    """A program that we need is missing or failed."""


class ToolNotFound(ToolError):
    """A program that we need is not installed."""


class ToolFailed(ToolError):
    """A program that we started failed."""


class Mismatch(RtlgenError):
    """The design and its reference differ."""


class Disproved(RtlgenError):
    """A design is not its network: a coefficient, a code, an interval or a stage is wrong."""


def nearest(name: str, known: Iterable[str]) -> str:
    """``; did you mean 'fc1'?``, or the list of what is known where nothing is close."""
    names = sorted(known)
    if close := get_close_matches(name, names, n=1):
        return f"; did you mean {close[0]!r}?"
    return f"; known are {', '.join(map(repr, names)) or 'none'}"
