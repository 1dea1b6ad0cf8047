"""How a format is written: ``[s|u]WIDTH [eEXP] [ROUNDING] [OVERFLOW] [per GRAIN]``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from math import frexp, ldexp
from typing import Any

import numpy as np
import numpy.typing as npt

from rtlgen.rationals import broadcasts, objects, rounded
from sim.errors import ConfigError, nearest
from sim.integers import IntArray
from sim.intervals import Intervals
from sim.rounding import Interval, Overflow, Rounding

Floats = npt.NDArray[np.float64]
Choice = npt.NDArray[Any]
"""Of :class:`Format`; broadcasts to the value."""

_GRAMMAR = re.compile(
    r"([su]?)(\d+)(?: e(-?\d+))?((?: [a-z_]+)*?)(?: per (element|channel|tensor))?"
)
SHOWN = "such as 's8 e-4', 'u6 e-3 half_up wrap' or '16 per element'"
MAX_WIDTH, MAX_EXP = 62, 256
FINER, PLENTY = 8, 24
"""How many finer steps are tried, and from how many bits on none is: the error is nothing then."""


class Fit(StrEnum):
    """How a step that is left to the data follows from them, at a given width."""

    ERROR = "error"
    """That of the least mean squared error on the samples, between rounding and clipping; weights
    are rounded so that their products have the least.
    """
    RANGE = "range"
    """The finest in which every number lies in the range; weights are rounded to the nearest."""

    @classmethod
    def named(cls, name: str) -> Fit:
        """The one of this name."""
        if name not in list(cls):
            raise ConfigError(f"fit {name!r}: unknown{nearest(name, map(str, cls))}")
        return cls(name)


@dataclass(frozen=True)
class Format:
    """What a value is rounded to; sign and step may be left to the data."""

    width: int
    signed: bool | None = None
    exp: int | None = None
    rounding: Rounding = Rounding.HALF_EVEN
    overflow: Overflow = Overflow.SATURATE
    per: str = ""
    """What has a step of its own, if it is left to the data: an ``element``, a ``channel`` of what
    weights give, or the whole ``tensor``. Unless said: a channel for weights, an element of a
    vector that :func:`rtlgen.wanted.apart` names, else a tensor.
    """

    @classmethod
    def parse(cls, text: object, where: str) -> Format:
        """From the text form; ``where`` begins the message of an error."""
        match = _GRAMMAR.fullmatch(text) if isinstance(text, str) else None
        if not match:
            raise ConfigError(f"{where}: {text!r} is not a format; write one {SHOWN}")
        sign, width, exp, modes, per = match.groups()
        if not (2 if sign == "s" else 1) <= int(width) <= MAX_WIDTH:
            raise ConfigError(
                f"{where}: a format of {width} bits; widths go from 1 (s: 2) to {MAX_WIDTH}"
            )
        if exp and abs(int(exp)) > MAX_EXP:
            raise ConfigError(
                f"{where}: a step of 2**{exp}; exponents go from -{MAX_EXP} to {MAX_EXP}"
            )
        return cls(
            int(width),
            {"": None, "s": True, "u": False}[sign],
            None if exp is None else int(exp),
            *_modes(modes.split(), where),
            per or "",
        )

    @property
    def complete(self) -> bool:
        """Whether nothing is left to the data."""
        return self.signed is not None and self.exp is not None

    def interval(self, lo: float, hi: float) -> Interval:
        """The range and step for numbers from ``lo`` to ``hi``: the finest step that holds both.

        An unsigned format, and any of one bit, holds what is above zero.
        """
        signed = lo < 0 and self.width > 1 if self.signed is None else self.signed
        if self.exp is not None:
            return Interval.format(signed, self.width, self.exp)
        largest = max(hi, -lo if signed else 0)
        exp = frexp(largest)[1] - self.width if largest > 0 else -self.width
        while not _holds(found := Interval.format(signed, self.width, exp), lo, hi):
            exp += 1
        return found

    def closest(self, numbers: Floats, largest: Interval) -> Interval:
        """That of the least mean squared error on these numbers, of this and the finer steps.

        A coarser one is preferred where errors are equal. A step that is given stays.
        """
        columns = (np.array([end]) for end in largest)
        (exp,) = self.steps(numbers.reshape(-1, 1), *columns)
        return Interval(*largest[:2], int(exp))

    def steps(self, numbers: Floats, lo: IntArray, hi: IntArray, exp: IntArray) -> IntArray:
        """The same for each column of numbers: the exponents of its steps."""
        if self.exp is not None or self.width > PLENTY or not numbers.size:
            return exp
        tried = exp - np.arange(FINER)[:, None]
        errors = [self._errors(numbers, lo, hi, exps) for exps in tried]
        return np.asarray(tried[np.argmin(errors, 0), np.arange(len(exp))])

    def _errors(self, numbers: Floats, lo: IntArray, hi: IntArray, exp: IntArray) -> Floats:
        steps = np.ldexp(numbers, -exp)
        codes = self.overflow.limit(rounded(steps, self.rounding), lo, hi)
        return np.asarray(np.square(np.ldexp(codes - steps, exp)).mean(0))


@dataclass(frozen=True, eq=False)
class Chosen:
    """The formats that a value was given, element by element."""

    type: Intervals
    rounding: Rounding = Rounding.HALF_EVEN
    overflow: Overflow = Overflow.SATURATE

    def __str__(self) -> str:
        """The coarsest and the finest: ``s8 e-4``, or ``s8 e-6 .. s8 e-4 per element``."""
        names = [self._text(r) for r in sorted(set(self.type.elements()), key=lambda r: r.exp)]
        return names[0] if len(names) == 1 else f"{names[0]} .. {names[-1]} per element"

    def written(self) -> object:
        """As a configuration has it: a text, or nested lists of texts that broadcast."""
        texts = objects(map(self._text, self.type.elements())).reshape(self.type.shape)
        for axis in range(texts.ndim):
            first = texts.take([0], axis)
            if (texts == first).all():
                texts = first
        return texts.flat[0] if texts.size == 1 else texts.tolist()

    def _text(self, interval: Interval) -> str:
        defaults = (Rounding.HALF_EVEN, Overflow.SATURATE)
        modes = zip((self.rounding, self.overflow), defaults, strict=True)
        return " ".join([str(interval), *(m.name.lower() for m, usual in modes if m is not usual)])


def choice(given: object, where: str) -> Choice:
    """A format, or nested lists of them; all round and limit alike, and in a list are complete."""
    if not isinstance(given, list):
        return objects([Format.parse(given, where)]).reshape(())
    parts = [choice(part, where) for part in given]
    if not parts or len({part.shape for part in parts}) > 1:
        raise ConfigError(f"{where}: a list of formats must be a full array, not {given!r}")
    array = np.stack(parts)
    if len({(f.rounding, f.overflow) for f in array.flat}) > 1:
        raise ConfigError(f"{where}: the formats in a list must round and overflow alike")
    for f in array.flat:
        if not f.complete:
            raise ConfigError(f"{where}: in a list, every format needs a sign and a step")
    return array


def choose(
    given: Choice,
    ends: tuple[Floats, Floats] | None,
    shape: tuple[int, ...],
    name: str,
    numbers: Floats | None = None,
    *,
    alike: bool = False,
) -> Chosen:
    """The formats of each element, whose numbers lie between the ends.

    A step is the closest to ``numbers``, if they are given: one for all to all of them, one of an
    element to its own, if axis 0 counts samples. If they have to be alike, all have one sign and
    one width, and only steps differ.
    """
    if not broadcasts(given.shape, shape):
        raise ConfigError(
            f"config: formats of shape {list(given.shape)} for {name!r} do not broadcast to its "
            f"shape {list(shape)}"
        )
    lo, hi = (np.zeros(shape),) * 2 if ends is None else (end.reshape(shape) for end in ends)
    first = given.flat[0]
    if alike and first.signed is None:
        first = replace(first, signed=bool(first.width > 1 and lo.min(initial=0) < 0))
        given = np.array(first, object)
    if first.per != "element":
        lo, hi = np.full(shape, lo.min(initial=0)), np.full(shape, hi.max(initial=0))
    made = {key: key[0].interval(*key[1:]) for key in _keys(given, lo, hi, shape)}
    rows = [made[key] for key in _keys(given, lo, hi, shape)]
    columns = [np.array([r[i] for r in rows], np.int64) for i in range(3)]
    if numbers is not None and given.size == 1 and rows:
        if first.per != "element":
            (exp,) = first.steps(numbers.reshape(-1, 1), *(column[:1] for column in columns))
            columns[2] = np.full(len(rows), exp)
        elif numbers.ndim > 1:
            columns[2] = first.steps(numbers.reshape(len(numbers), -1), *columns)
    type_ = Intervals(*(column.reshape(shape) for column in columns))
    if alike and len({r[:2] for r in rows}) > 1:
        raise ConfigError(
            f"config: the formats of {name!r} differ in sign or width, which only those of inputs "
            f"and constants may"
        )
    return Chosen(type_, first.rounding, first.overflow)


def _keys(
    given: Choice, lo: Floats, hi: Floats, shape: tuple[int, ...]
) -> Iterator[tuple[Format, float, float]]:
    """What the format of each element follows from."""
    columns = np.broadcast_to(given, shape).flat, lo.flat, hi.flat
    return zip(*columns, strict=True)


def _holds(interval: Interval, lo: float, hi: float) -> bool:
    """Whether both ends, rounded to the step, lie in the range; the lower one if it can."""
    fits = round(ldexp(hi, -interval.exp)) <= interval.hi
    return fits and (interval.lo == 0 or round(ldexp(lo, -interval.exp)) >= interval.lo)


def _modes(words: list[str], where: str) -> tuple[Rounding, Overflow]:
    rounding, overflow = Rounding.HALF_EVEN, Overflow.SATURATE
    for word in words:
        if word.upper() in Rounding.__members__:
            rounding = Rounding[word.upper()]
        elif word.upper() in Overflow.__members__:
            overflow = Overflow[word.upper()]
        else:
            modes = [m.lower() for m in (*Rounding.__members__, *Overflow.__members__)]
            raise ConfigError(f"{where}: unknown mode {word!r}{nearest(word, modes)}")
    return rounding, overflow
