"""The whole way in one function: from a trained model to a vendor's C++ project."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from hlsgen import folder, interface, library, report
from hlsgen.calls import Program
from hlsgen.depths import depths
from hlsgen.directives import Directives
from hlsgen.files import files
from hlsgen.naming import RESERVED, Names
from hlsgen.options import UNLIMITED, Options
from hlsgen.planner import plan
from hlsgen.report import Report
from hlsgen.style import Directive, Io
from hlsgen.targets import TARGETS, Target
from rtlgen import Options as FrontendOptions
from rtlgen import network
from rtlgen.encoding import Floats
from rtlgen.frontend import Given
from rtlgen.network import Network, Samples
from rtlgen.progress import Progress, Silent
from sim.errors import ConfigError
from sim.integers import IntArray
from sim.manifest import Manifest


@dataclass(frozen=True, eq=False)
class Project:
    """A network as C++ for a vendor's compiler."""

    network: Network
    options: Options
    program: Program
    top: str
    directives: Mapping[str, Directive]

    @property
    def target(self) -> Target:
        return TARGETS[self.options.vendor]

    @cached_property
    def manifest(self) -> Manifest:
        """What the function takes and gives."""
        return interface.manifest(self.network)

    @cached_property
    def depths(self) -> dict[str, int]:
        """How many positions each channel has room for, by the name of its variable."""
        return depths(self.program) if self.options.io is Io.STREAM else {}

    def predict(self, x: Samples) -> Floats | dict[str, Floats]:
        """What the hardware computes, bit for bit: real numbers in, real numbers out."""
        return self.network.predict(x)

    def vectors(self) -> tuple[dict[str, IntArray], dict[str, IntArray]]:
        """What the project is verified with: codes of samples, and of their results."""
        return self._vectors

    @cached_property
    def _vectors(self) -> tuple[dict[str, IntArray], dict[str, IntArray]]:
        options = self.options
        return self.network.recorded(options.samples, options.seed, self.manifest.outputs)

    def report(self) -> Report:
        """What the project costs, layer by layer; ``print`` shows it as tables."""
        return report.of(self)

    def write(self, path: str | Path) -> None:
        """Put the project into a folder: made beside it, then renamed, so never half there."""
        folder.write(self, path)

    @cached_property
    def files(self) -> dict[str, str]:
        """The text of every file, by its name."""
        return files(self)


def generate(
    model: Given, options: Options | None = None, progress: Progress | None = None
) -> Project:
    """Make a project of an ONNX model: a path or a ``ModelProto``.

    Raises a :class:`RtlgenError` that says where, what, and what to do.
    """
    options, progress = options or Options(), progress or Silent()
    return build(read(model, options, progress), options, progress)


def read(model: Given, options: Options, progress: Progress | None = None) -> Network:
    """Import a model and settle its formats, however large it is."""
    asked = FrontendOptions(
        logits=options.logits,
        outputs=options.outputs,
        config=options.config,
        calibrate=options.calibrate,
        fit=options.fit,
        accuracy_drop=options.accuracy_drop,
        labels=options.labels,
        compare=options.compare,
        data=options.data,
        limit=UNLIMITED,
    )
    return network.read(model, asked, progress)


def build(source: Network, options: Options, progress: Progress | None = None) -> Project:
    """Make a project of a network that was read already."""
    progress = progress or Silent()
    progress.begin("plan")
    asked = Directives.read(options.config).overridden(options.strategy, options.reuse)
    directives = asked.of(source.graph)
    names = Names(library.names() | RESERVED)
    top = _top(options.top, source.name, names)
    program = plan(source.graph, directives, options.io, names)
    return Project(source, options, program, top, directives)


def _top(asked: str | None, model: str, names: Names) -> str:
    """The name of the function, which nothing else may have."""
    top = names.give(asked or model)
    if asked not in (None, top):
        raise ConfigError(
            f"top {asked!r}: means something else in the project; give another, as {top!r}"
        )
    return top
