"""The whole way in one function: from a trained model to a pipeline and all its files."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Protocol, runtime_checkable

from rtlgen import folder, interface, network, partial, report, routed, verilog
from rtlgen.calibrate import Data
from rtlgen.comparison import Comparison
from rtlgen.cost import luts
from rtlgen.covering import Table, contents
from rtlgen.dataflow import Dataflow
from rtlgen.devices import find
from rtlgen.encoding import Floats
from rtlgen.frontend import Given
from rtlgen.lowering import constant_products, lower
from rtlgen.network import Network, Samples
from rtlgen.optimize import finish, prepare
from rtlgen.options import Options
from rtlgen.plans import Plans
from rtlgen.progress import Progress, Silent
from rtlgen.proof import Proof, prove, strange_tables
from rtlgen.report import Report
from rtlgen.schedule import Schedule, schedule
from rtlgen.search import Search
from rtlgen.targets import Target
from rtlgen.timing import Timing
from rtlgen.uncollected import uncollected
from sim.cosim import Replay
from sim.errors import RtlgenError, TooSlow
from sim.integers import IntArray
from sim.manifest import Manifest


@runtime_checkable
class HasNetwork(Protocol):
    """A design, of whatever it is made."""

    @property
    def network(self) -> Network: ...


@dataclass(frozen=True)
class Design:
    """A network as hardware: its reference, its operations, their stages and its Verilog."""

    network: Network
    options: Options
    target: Target
    flow: Dataflow
    schedule: Schedule

    @property
    def name(self) -> str:
        """The stem of the model's file, or the name of a graph in memory."""
        return self.network.name

    @property
    def latency(self) -> int:
        """Clock cycles from a sample at the inputs to its result at the outputs."""
        return self.schedule.latency

    @cached_property
    def verilog(self) -> str:
        """The text of ``top.v``."""
        names = interface.element_names(self.network)
        return verilog.emit(self.flow, self.schedule, *names, ports=self.options.ports)

    @cached_property
    def manifest(self) -> Manifest:
        """The ports, their formats, and what their codes stand for."""
        return interface.manifest(self.network, self.flow, self.latency, self.options.ports)

    def predict(self, x: Samples) -> Floats | dict[str, Floats]:
        """What the hardware computes, bit for bit: real numbers in, real numbers out.

        ``x`` is an array, or a dictionary of arrays by the names of the inputs. Axis 0 counts
        samples, and may be left out for one; the batch axis of one of the model may be there or
        not. The result is an array, or a dictionary if there are several outputs, without that
        axis. Numbers are float64. :class:`DataError` says where ``x`` does not fit the model.
        """
        return self.network.predict(x)

    def vectors(self) -> tuple[dict[str, IntArray], dict[str, IntArray]]:
        """What the design is verified with: codes of samples, and of their results."""
        options = self.options
        return self.network.recorded(options.samples, options.seed, self.manifest.outputs)

    def proof(self) -> Proof:
        """What is proved of the design, for every input; ``print`` shows it.

        Raises :class:`Disproved` if it is not the network's.
        """
        return self._proof

    @cached_property
    def _proof(self) -> Proof:
        plan = self.schedule
        return prove(self.network.graph, self.flow, plan.stages, plan.latency)

    def report(self) -> Report:
        """What the design costs, layer by layer; ``print`` shows it as tables."""
        return report.of(self)

    def write(self, path: str | Path) -> None:
        """Put the design into a folder: made beside it, then renamed, so never half there."""
        folder.write(self, path)

    def verify(self) -> Replay:
        """Replay the design in Verilator; :class:`Mismatch` if one bit of one sample differs.

        That is in a temporary folder, which stays only after an error, for inspection.
        """
        temporary = Path(tempfile.mkdtemp(prefix="rtlgen-"))
        keep = False
        try:
            self.write(temporary / "design")
            return folder.verify(temporary / "design")
        except RtlgenError:
            keep = True
            raise
        finally:
            if not keep:
                shutil.rmtree(temporary, ignore_errors=True)


def generate(
    model: Given, options: Options | None = None, progress: Progress | None = None
) -> Design:
    """Make a design of an ONNX model: a path or a ``ModelProto``.

    Raises a :class:`RtlgenError` that says where, what, and what to do.
    """
    options, progress = options or Options(), progress or Silent()
    target = find(options.target)
    return build(network.read(model, options, progress), options, target, progress)


def compare(
    model: Given | HasNetwork, data: str | Path | Data, options: Options | None = None
) -> Comparison:
    """Compare a network in fixed point with its float model on samples, value by value.

    A model (a path or a ``ModelProto``) is read by these options first, with formats from the
    samples if they say nothing else; a design, or a project for HLS, is compared as it is.
    ``print`` shows the table; ``svg()`` and ``to_json()`` give the rest.
    """
    asked = options or Options(calibrate=data, limit=sys.maxsize)
    found = model.network if isinstance(model, HasNetwork) else network.read(model, asked)
    return found.compared(data, asked.labels)


LARGE = 20_000
"""Operations of a design for which nothing else is tried: that would take minutes."""
TRIED = 2
"""How often tables are left out that a proof does not understand, before all are."""


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
    narrow = partial.within(source.graph, target, options.wanted_clock_hz)
    source = replace(source, graph=narrow)
    maker = _Maker(source, options, target)
    best = maker.fewest_stages(progress)
    progress.begin("prove")
    if len(best.flow.ops) <= LARGE and best.proof().unproved:
        best = next((d for d in _simpler(maker, best) if not d.proof().unproved), best)
    return best if options.timing is None else _measured(best, options.timing)


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

        Where a clock is to be met, several mixtures of them are tried, and that with the fewest
        stages is taken.
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
                designs.append(_scheduled(self._design(target, flow)))
            except TooSlow as refusal:
                refusals.append(refusal)
            if len(flow.ops) > LARGE and designs:
                break
        if not designs:
            raise max(refusals, key=lambda refusal: refusal.reached_hz)
        return min(designs, key=lambda design: (design.latency, luts(design.flow, design.target)))

    def _prepared(self, target: Target, searching: Progress, progress: Progress) -> Dataflow:
        if target.arity not in self.prepared:
            graph = self.source.graph
            effort, exact = self.options.effort, self.options.exact
            plans = Plans(Search(target.arity, effort, ends=target.chain_ends, exact=exact))
            problems = constant_products(graph)
            searching.begin("search", len(problems))
            plans.prepare(problems, searching)
            progress.begin("lower", len(graph.nodes))
            flow = lower(graph, progress, plans)
            progress.begin("optimize")
            self.prepared[target.arity] = prepare(flow)
        return self.prepared[target.arity]

    def _design(self, target: Target, flow: Dataflow) -> Design:
        """Without stages."""
        return Design(self.source, self.options, target, flow, Schedule((), 0))


def _scheduled(design: Design, percents: tuple[int, ...] = ()) -> Design:
    """The same operations in stages, each as long as was measured if ``percents`` say so."""
    clock_hz, stages = design.options.wanted_clock_hz, design.options.stages
    plan = schedule(design.flow, design.target, clock_hz=clock_hz, stages=stages, percents=percents)
    return replace(design, schedule=plan)


def _measured(design: Design, report: str | Path) -> Design:
    """The same operations, in stages as a timing report says how long they take."""
    timing = Timing(design.flow, design.target)
    return _scheduled(design, routed.percents(routed.read(report), timing, design.schedule))
