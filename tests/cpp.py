"""The C++ that runs the cases of the harness: hlsgen's own, a namespace for each case."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hlsgen import library, numbers
from hlsgen.dialect import PLAIN
from hlsgen.options import Options
from hlsgen.project import Project, build
from hlsgen.style import Io, Strategy
from rtlgen.encoding import Decoding, Encoding
from rtlgen.graph import Graph, Node
from rtlgen.network import Network
from rtlgen.quantize import Codings
from sim.fixed import Fixed

if TYPE_CHECKING:
    from tests.harness import Case


@dataclass(frozen=True)
class Style:
    """How kernels are asked for: whole arrays, arrays position by position, or channels."""

    io: Io = Io.PARALLEL
    strategy: Strategy = Strategy.LATENCY

    def __str__(self) -> str:
        return f"{self.io}-{self.strategy}"


STYLES = (Style(), Style(strategy=Strategy.RESOURCE), Style(Io.STREAM))


def network(case: Case) -> Network:
    """A network of one node; what is empty is a constant, or no output."""
    names = [f"x{i}" for i in range(len(case.inputs))]
    given = dict(zip(names, case.inputs, strict=True))
    inputs = {n: x for n, x in given.items() if not isinstance(x, Fixed) and x.size}
    constants = {
        n: x if isinstance(x, Fixed) else empty(x) for n, x in given.items() if n not in inputs
    }
    types = case.forward(case.types)
    outputs = tuple(f"y{i}" for i in range(len(types)))
    node = Node(case.op, tuple(names), outputs, "node")
    kept = tuple(name for name, t in zip(outputs, types, strict=True) if t.size)
    graph = Graph(inputs, (node,), kept, constants)
    return coded(graph, str(case))


def coded(graph: Graph, name: str = "net") -> Network:
    """A graph whose inputs and outputs are the codes themselves."""
    encodings = {n: Encoding(t, (), np.zeros(t.shape, int)) for n, t in graph.inputs.items()}
    return Network(
        name, graph, Codings(graph, encodings, {n: Decoding() for n in graph.outputs}, {})
    )


def empty(x) -> Fixed:
    return Fixed.constant(np.zeros(x.shape, np.int64))


def project(case: Case, style: Style, number: int) -> Project:
    """The project of a case; :class:`NotStreamable` where it cannot be asked for like this."""
    asked = Options(io=style.io, strategy=style.strategy, top=f"case_{number}")
    return build(network(case), asked)


def source(projects: Sequence[Project]) -> str:
    """One file with a function ``case_0_kernel``, … for each project."""
    texts = [text for p in projects for text in section(p)]
    used = library.library("\n".join(texts), PLAIN)
    parts = [numbers.ours(), numbers.channel(), used.replace('#include "fixed.h"', "")]
    return re.sub(r"^#pragma (once|HLS .*)$", "", "\n".join([*parts, *texts]), flags=re.MULTILINE)


def section(p: Project) -> list[str]:
    """All that is a project's own, without the pragmas that are held against nothing here."""
    names = (f"{p.top}.h", "weights.h", f"{p.top}.cpp", "bridge.cpp")
    whole = "\n".join(p.files[name] for name in names)
    plain = re.sub(r"^#include .*$", "", whole, flags=re.MULTILINE)
    plain = plain.replace("void kernel(", f"void {p.top}_kernel(")
    return [f"namespace {p.top}_space {{", plain, "}"]
