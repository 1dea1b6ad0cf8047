"""The tables of an emulator: what C++ knows of each element of the inputs and outputs.

A table has a row of text for each element in C order, or a single one where all are alike.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import frexp, isfinite, ldexp, prod
from textwrap import fill

from hlsgen import interface
from hlsgen.calls import Program
from hlsgen.emulator.encoders import Encoder, Grid, Inexact, encoder
from hlsgen.emulator.stairs import Stairs
from hlsgen.interface import Port
from rtlgen.graph import describe
from rtlgen.network import Network
from sim.intervals import Intervals
from sim.manifest import Manifest, Tensor

_PLAIN = frozenset(string.ascii_letters + string.digits + " !#$%&'()*+,-./:;<=>@[]^_`{|}~")
"""What stands for itself in a string of C."""


@dataclass(frozen=True)
class Codes:
    """What a tensor's codes are, and where they stand."""

    name: str
    """That of its variable."""
    tensor: Tensor
    text: str
    """In words."""
    run: int
    """How many elements of one lane stand together."""
    start: int
    """Elements of the tensors before it."""

    def offset(self, words: int = 1) -> str:
        """What to add to a pointer to the codes of a sample."""
        return f" + {self.start * words}" if self.start else ""

    @property
    def span(self) -> str:
        """Its elements among those of a sample, as ``3..7``."""
        last = self.start + self.tensor.elements - 1
        return f"{self.start}..{last}" if last > self.start else f"{last}"


@dataclass(frozen=True)
class Input(Codes):
    """``ranges`` are the least and the largest code, and by how many bits steps are coarser."""

    ranges: tuple[str, ...]
    encoder: Encoder

    @property
    def steps(self) -> tuple[str, ...]:
        """Of a grid: how many there are in one."""
        assert isinstance(self.encoder, Grid)
        return alike(double(ldexp(1.0, -exp)) for exp in self.encoder.exp.reshape(-1).tolist())

    @property
    def stairs(self) -> tuple[str, ...]:
        """Of stairs: a row for each group."""
        assert isinstance(self.encoder, Stairs)
        first, step, levels = self.encoder.first, self.encoder.step, self.encoder.levels
        columns = zip(first.tolist(), step.tolist(), levels.tolist(), strict=True)
        return tuple(f"{{{a}, {s}, {{{', '.join(map(double, row))}}}}}" for a, s, row in columns)

    @property
    def groups(self) -> tuple[str, ...]:
        assert isinstance(self.encoder, Stairs)
        return alike(map(str, self.encoder.group.reshape(-1).tolist()))


@dataclass(frozen=True)
class Output(Codes):
    """``coarser`` says by how many bits steps are coarser than those of the variable."""

    coarser: tuple[str, ...]

    @property
    def scales(self) -> tuple[str, ...]:
        """Factor and offset of each code."""
        rows = zip(_factors(self.tensor), _each(self.tensor.offset, self.tensor), strict=True)
        return alike(f"{{{double(factor)}, {double(offset)}}}" for factor, offset in rows)


@dataclass(frozen=True)
class Tables:
    """All inputs and outputs."""

    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    inexact: str
    """Why doubles cannot stand for the codes; empty if they can."""


def tables(network: Network, program: Program, manifest: Manifest) -> Tables:
    """Those of a network whose program has whole arrays."""
    given, made = interface.ports(program, manifest)
    encoders = {name: encoder(encoding) for name, encoding in network.codings.inputs.items()}
    inputs = (
        Input(*codes, _ranges(port, network.graph.inputs[tensor.name]), encoders[tensor.name])
        for port, tensor, codes in _codes(network, given, manifest.inputs)
    )
    outputs = (
        Output(*codes, alike(map(str, port.shifts)))
        for port, _, codes in _codes(network, made, manifest.outputs)
    )
    return Tables(tuple(inputs), tuple(outputs), next(_reasons(encoders, manifest), ""))


def alike(rows: Iterable[str]) -> tuple[str, ...]:
    """One row if all are the same."""
    listed = tuple(rows)
    return listed[:1] if len(set(listed)) == 1 else listed


def double(x: float) -> str:
    """A number of C++ that is exactly this one."""
    return re.sub(r"\.?0*p", "p", x.hex()) if isfinite(x) else "__builtin_inf()"


def declared(rows: Sequence[str], declaration: str) -> str:
    """A table of C++, in lines that fit."""
    text = f"{declaration} = {{{', '.join(rows)}}};"
    return fill(text, 100, subsequent_indent=" " * 4, break_on_hyphens=False)


def quoted(name: str) -> str:
    """A name of the model as a string of C."""
    plain = (chr(c) if chr(c) in _PLAIN else f"\\{c:03o}" for c in name.encode())
    return f'"{"".join(plain)}"'


def _codes(
    network: Network, ports: Sequence[Port], tensors: Sequence[Tensor]
) -> Iterator[tuple[Port, Tensor, tuple[str, Tensor, str, int, int]]]:
    """Of each port its tensor, and the fields of its :class:`Codes`."""
    start = 0
    for port, tensor in zip(ports, tensors, strict=True):
        layout = port.variable.layout
        run = prod(layout.shape[layout.axis + 1 :])
        text = f"{describe(network.types[tensor.name])}{_scaled(tensor)}"
        yield port, tensor, (port.variable.name, tensor, text, run, start)
        start += tensor.elements


def _scaled(tensor: Tensor) -> str:
    if tensor.scale == (1.0,) and tensor.offset == (0.0,):
        return ""
    if len(tensor.scale) == len(tensor.offset) == 1:
        return f", times {tensor.scale[0]!r} plus {tensor.offset[0]!r}"
    return ", times scale plus offset of manifest.json"


def _ranges(port: Port, type_: Intervals) -> tuple[str, ...]:
    rows = zip(
        type_.lo.reshape(-1).tolist(), type_.hi.reshape(-1).tolist(), port.shifts, strict=True
    )
    return alike(f"{{{lo}, {hi}, {coarser}}}" for lo, hi, coarser in rows)


def _reasons(encoders: dict[str, Encoder], manifest: Manifest) -> Iterator[str]:
    for name, found in encoders.items():
        if isinstance(found, Inexact):
            yield f"of the input {name!r}, {found.reason}"
    for tensor in manifest.outputs:
        if any(w - s > 53 for w, s in zip(tensor.width, tensor.signed, strict=True)):
            yield f"the codes of the output {tensor.name!r} have more than 53 bits"
        elif not all(map(_exact, tensor.exp, _each(tensor.scale, tensor))):
            yield f"the scale of the output {tensor.name!r} is beyond the range of doubles"


def _each(values: tuple[float, ...], tensor: Tensor) -> tuple[float, ...]:
    return values * tensor.elements if len(values) == 1 else values


def _factors(tensor: Tensor) -> Iterator[float]:
    return map(ldexp, _each(tensor.scale, tensor), tensor.exp)


def _exact(exp: int, scale: float) -> bool:
    """Whether no product of the scale, the step and a code leaves the range of doubles."""
    return abs(frexp(scale)[1] + exp) < 900
