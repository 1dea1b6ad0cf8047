"""The whole way in one function: from a trained model to a pipeline that is proved."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace

from rtlgen import network, partial, routed
from rtlgen.cost import luts
from rtlgen.covering import Table, contents
from rtlgen.dataflow import Dataflow
from rtlgen.design import Design
from rtlgen.devices import find
from rtlgen.frontend import Given
from rtlgen.lowering import constant_products, lower
from rtlgen.network import Network
from rtlgen.optimize import finish, prepare
from rtlgen.options import Options
from rtlgen.plans import Plans
from rtlgen.progress import Progress, Silent
from rtlgen.proof import strange_tables
from rtlgen.recovery import recover
from rtlgen.routed import Register
from rtlgen.schedule import Schedule, schedule
from rtlgen.search import Search
from rtlgen.targets import Target
from rtlgen.timing import Timing
from rtlgen.uncollected import uncollected
from sim.errors import TooSlow

LARGE = 20_000
"""Operations of a design for which nothing else is tried: that would take minutes."""
TRIED = 2
"""How often tables are left out that a proof does not understand, before all are."""


def generate(
    model: Given, options: Options | None = None, progress: Progress | None = None
) -> Design:
    """Make a design of an ONNX model: a path or a ``ModelProto``.

    Raises a :class:`RtlgenError` that says where, what, and what to do.
    """
    options, progress = options or Options(), progress or Silent()
    target = find(options.target)
    return build(network.read(model, options, progress), options, target, progress)


def build(
    source: Network, options: Options, target: Target, progress: Progress | None = None
) -> Design:
    """Make a design of a network that was read already.

    Where one with tables cannot be proved whole, one with fewer or without is made that can, if
    there is one.
    """
    with uncollected():
        return _built(source, options, target, progress or Silent())


def _built(source: Network, options: Options, target: Target, progress: Progress) -> Design:
    measured = None if options.timing is None else routed.read(options.timing)
    narrow = partial.within(source.graph, target, options.wanted_clock_hz)
    source = replace(source, graph=narrow)
    maker = _Maker(source, options, target)
    best = maker.fewest_stages(progress)
    progress.begin("prove")
    if len(best.flow.ops) <= LARGE and best.proof().unproved:
        best = next((d for d in _simpler(maker, best) if not d.proof().unproved), best)
    return best if measured is None else _measured(best, measured)


def _simpler(maker: _Maker, best: Design) -> Iterator[Design]:
    """The same without the tables that the network has nothing of, and at last without any."""
    without: set[Table] = set()
    for _ in range(TRIED):
        flow = best.flow
        tables = {contents(flow.ops[i]) for i in strange_tables(maker.source.graph, flow)}
        strange = {table for table in tables if table is not None}
        if strange <= without:
            break
        without |= strange
        best = maker.fewest_stages(Silent(), without=without)
        yield best
    yield maker.fewest_stages(Silent(), tables=False)


@dataclass(frozen=True)
class _Maker:
    """Makes designs of one network, from adders of several kinds; nothing is searched twice."""

    source: Network
    options: Options
    target: Target
    prepared: dict[int, Dataflow] = field(default_factory=dict)
    """The operations by how many numbers an adder takes, before any are added up."""

    def fewest_stages(
        self, progress: Progress, *, tables: bool = True, without: Collection[Table] = frozenset()
    ) -> Design:
        """Adders of three numbers take fewer LUTs than those of two, but are later.

        Where a clock is to be met, several mixtures of them are tried, each with adders of three
        wherever it has time for them, and that with the fewest stages is taken.
        """
        mixtures = [(self.target, False)]
        if self.target.arity > 2 and self.options.wanted_clock_hz is not None:
            mixtures += [(self.target, True), (self.target.binary(), False)]
        designs: list[Design] = []
        refusals: list[TooSlow] = []
        for target, hurried in mixtures:
            told = Silent() if designs or refusals else progress  # what is searched takes longest
            flow = self._prepared(target, progress, told)
            flow = finish(
                flow,
                target,
                hurried=hurried,
                tables=tables,
                without=without,
                effort=self.options.effort,
            )
            told.begin("schedule")
            try:
                designs.append(self._recovered(self._scheduled(flow)))
            except TooSlow as refusal:
                refusals.append(refusal)
            if len(flow.ops) > LARGE and designs:
                break
        if not designs:
            raise max(refusals, key=lambda refusal: refusal.reached_hz)
        return min(designs, key=lambda design: (design.latency, luts(design.flow, self.target)))

    def _prepared(self, target: Target, searching: Progress, progress: Progress) -> Dataflow:
        if target.arity not in self.prepared:
            graph = self.source.graph
            plans = Plans(self._search(target))
            problems = constant_products(graph)
            searching.begin("search", len(problems))
            plans.prepare(problems, searching)
            progress.begin("lower", len(graph.nodes))
            flow = lower(graph, progress, plans)
            progress.begin("optimize")
            self.prepared[target.arity] = prepare(flow)
        return self.prepared[target.arity]

    def _search(self, target: Target) -> Search:
        """Sums of two are there to be early, so none is deeper than it has to be."""
        return Search(
            target.arity,
            self.options.effort,
            slack=target.arity - 2,
            ends=target.chain_ends,
            exact=self.options.exact,
        )

    def _recovered(self, design: Design) -> Design:
        """No more stages, from fewer LUTs if the clock leaves time for that."""
        clock_hz = self.options.wanted_clock_hz
        if clock_hz is None or self.target.arity < 3:
            return design
        flow = recover(design.flow, self.target, design.schedule.stages, clock_hz)
        return design if flow is design.flow else self._scheduled(flow)

    def _scheduled(self, flow: Dataflow) -> Design:
        plan = _plan(flow, self.target, self.options)
        return Design(self.source, self.options, self.target, flow, plan)


def _plan(
    flow: Dataflow, target: Target, options: Options, percents: tuple[int, ...] = ()
) -> Schedule:
    """Stages, each operation as long as was measured if ``percents`` say so."""
    clock_hz, stages = options.wanted_clock_hz, options.stages
    return schedule(flow, target, clock_hz=clock_hz, stages=stages, percents=percents)


def _measured(design: Design, measured: Mapping[Register, int]) -> Design:
    """The same operations, in stages as a timing report says how long they take."""
    timing = Timing(design.flow, design.target)
    percents = routed.percents(measured, timing, design.schedule)
    return replace(design, schedule=_plan(design.flow, design.target, design.options, percents))
