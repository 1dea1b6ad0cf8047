"""A dataflow graph on samples, to find one that shows what is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, assert_never

import numpy as np
import numpy.typing as npt

from rtlgen.dataflow import Dataflow
from rtlgen.operations import (
    Add,
    Compare,
    Const,
    Input,
    Limit,
    Lookup,
    Max,
    Min,
    Mul,
    Mux,
    Op,
    Round,
    Sub,
    Ternary,
    Wire,
)
from sim.rounding import Interval

Codes = npt.NDArray[Any]
"""Python integers, one for each sample."""


def samples(ports: Sequence[Interval], count: int, seed: int = 0) -> Codes:
    """Codes of each port, of shape (ports, samples): both ends, corners, and random ones."""
    random = np.random.default_rng(seed)
    lo, hi = (np.array([r[i] for r in ports], np.object_)[:, None] for i in (0, 1))
    where = random.random((len(ports), count))
    corners = np.where(where < 0.5, lo, hi)
    inside = lo + (where * (hi - lo + 1)).astype(np.object_) // 1
    inside = np.vectorize(int, otypes=[np.object_])(inside) if inside.size else inside
    mixed = np.where(np.arange(count) % 4 == 0, corners, np.minimum(inside, hi))
    return np.concatenate([lo, hi, mixed], axis=1)


def run(flow: Dataflow, inputs: Codes) -> list[Codes]:
    """The codes of every operation, whatever its interval says."""
    codes: list[Any] = []

    def read(wire: Wire, exp: int) -> Any:
        by = flow.intervals[wire.op].exp + wire.shift - exp
        return codes[wire.op] << by if by >= 0 else codes[wire.op] >> -by

    def one(op: Op, exp: int) -> Any:
        match op:
            case Input(port):
                return inputs[port]
            case Const(code):
                return np.full(inputs.shape[1], code, np.object_)
            case Add(a, b):
                return read(a, exp) + read(b, exp)
            case Sub(a, b):
                return read(a, exp) - read(b, exp)
            case Ternary(a, b, c, sign_b, sign_c):
                return read(a, exp) + sign_b * read(b, exp) + sign_c * read(c, exp)
            case Mul(a, b):
                return codes[a.op] * codes[b.op]
            case Max(a, b):
                return np.maximum(read(a, exp), read(b, exp))
            case Min(a, b):
                return np.minimum(read(a, exp), read(b, exp))
            case Compare(a, b):
                step = min(flow.intervals[w.op].exp + w.shift for w in (a, b))
                return (read(a, step) >= read(b, step)).astype(np.object_) * 1
            case Mux(condition, a, b):
                return np.where(codes[condition.op] != 0, read(a, exp), read(b, exp))
            case Round(a, rounding):
                by = exp - flow.intervals[a.op].exp - a.shift
                return np.asarray(rounding.shift(codes[a.op], by))
            case Limit(a, overflow, lo, hi):
                return np.asarray(overflow.limit(read(a, exp), lo, hi))
            case Lookup(a, lo, table):
                places = np.clip(codes[a.op] - lo, 0, len(table) - 1).astype(np.intp)
                return np.array(table, np.object_)[places]
            case _:
                assert_never(op)

    for op, r in zip(flow.ops, flow.intervals, strict=True):
        codes.append(one(op, r.exp))
    return codes
