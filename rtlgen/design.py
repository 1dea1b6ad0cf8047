"""The whole way in one function: from a trained model to a pipeline and all its files."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from rtlgen import folder, interface, network, report, verilog
from rtlgen.dataflow import Dataflow
from rtlgen.encoding import Floats
from rtlgen.frontend import Given
from rtlgen.lowering import lower
from rtlgen.network import Network, Samples
from rtlgen.optimize import optimize
from rtlgen.options import Options
from rtlgen.progress import Progress, Silent
from rtlgen.report import Report
from rtlgen.schedule import Schedule, schedule
from rtlgen.targets import Target, find
from sim.cosim import Replay
from sim.errors import RtlgenError
from sim.integers import IntArray
from sim.manifest import Manifest


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


def build(
    source: Network, options: Options, target: Target, progress: Progress | None = None
) -> Design:
    """Make a design of a network that was read already."""
    progress = progress or Silent()
    progress.begin("lower", len(source.graph.nodes))
    flow = lower(source.graph, progress)
    progress.begin("optimize")
    flow = optimize(flow)
    progress.begin("schedule")
    plan = schedule(flow, target, clock_hz=options.wanted_clock_hz, stages=options.stages)
    return Design(source, options, target, flow, plan)
