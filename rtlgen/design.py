"""A design: a network as hardware, with all its files."""

from __future__ import annotations

import shutil
import sys
import tempfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol, runtime_checkable

from rtlgen import folder, interface, network, report, verilog
from rtlgen.calibrate import Data
from rtlgen.comparison import Comparison
from rtlgen.dataflow import Dataflow
from rtlgen.encoding import Floats
from rtlgen.frontend import Given
from rtlgen.network import Network, Samples
from rtlgen.options import Options
from rtlgen.proof import Proof, prove
from rtlgen.report import Report
from rtlgen.schedule import Schedule
from rtlgen.targets import Target
from sim.cosim import Replay
from sim.errors import RtlgenError
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
