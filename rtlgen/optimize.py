"""Passes on the scalar dataflow graph: the same outputs and ports from less hardware.

A pass takes a graph and returns a new one. Most of the algebra is that of the builder methods,
which every operation goes through again; the passes add what only the whole graph shows.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from rtlgen.covering import Table, tabulate
from rtlgen.dataflow import Dataflow
from rtlgen.demand import crop, trim
from rtlgen.fusion import fuse
from rtlgen.operations import Op, Wire, operands, with_operands
from rtlgen.rewrite import build, rewrite
from rtlgen.targets import Target
from rtlgen.trees import regroup
from sim.rounding import Interval


def optimize(
    flow: Dataflow,
    target: Target | None = None,
    *,
    hurried: bool = False,
    tables: bool = True,
    effort: int = 2,
) -> Dataflow:
    """Run all passes; the ports stay what they are. Without a target, those that need none.

    ``hurried`` sums are there as early as they can be; with ``tables``, what few bits decide is
    looked up where that is smaller. ``effort`` is that of the search for cheap sums, 1 to 5.
    """
    return finish(prepare(flow), target, hurried=hurried, tables=tables, effort=effort)


def prepare(flow: Dataflow) -> Dataflow:
    """The first half, in which neither target nor adders matter."""
    for run in PASSES:
        flow = run(flow)
    return flow


def finish(
    flow: Dataflow,
    target: Target | None,
    *,
    hurried: bool = False,
    tables: bool = True,
    without: Collection[Table] = frozenset(),
    effort: int = 2,
) -> Dataflow:
    """The second half, as ``optimize`` is told; some tables may be left out."""
    if target is not None:
        flow = regroup(flow, target, hurried=hurried, effort=effort)
    for run in CUTTING:
        flow = run(flow)
    return tabulate(flow, target, without) if target is not None and tables else flow


def simplify(flow: Dataflow) -> Dataflow:
    """Fold constants, drop what does nothing, and compute equal things once."""
    best = _tightest(flow)
    return rewrite(flow, lambda new, i, op, _: build(new, op, best[i]))


def prune(flow: Dataflow) -> Dataflow:
    """Leave out what no output depends on."""
    return rewrite(flow, lambda new, _, op, interval: new.emit(op, interval))


Pass = Callable[[Dataflow], Dataflow]
PASSES: tuple[Pass, ...] = (prune, fuse, trim, simplify, prune)
CUTTING: tuple[Pass, ...] = (crop, simplify, prune)
"""These come between one sum and the next, so that trees of sums are built before."""


# -- what the passes know -------------------------------------------------------------------------


def _tightest(flow: Dataflow) -> list[Interval]:
    """For every operation, what all that are equal to it say of the value together."""
    first: dict[tuple[Op, int], int] = {}
    same: list[int] = []
    best: list[Interval] = []
    for i, (op, interval) in enumerate(zip(flow.ops, flow.intervals, strict=True)):
        wires = [Wire(same[wire.op], wire.shift) for wire in operands(op)]
        same.append(first.setdefault((with_operands(op, wires), interval.exp), i))
        best.append(interval)
        best[same[i]] = best[same[i]].narrowed(interval)
    return [best[i] for i in same]
