"""What every operator has to show: that its definitions agree, element by element, exactly.

1. ``Fixed`` results lie in the ``Intervals`` and on their grid.
2. The interval of each wire is contained in that of the element.
3. ``evaluate(flow)`` equals ``Fixed``.
4. An oracle that nobody here wrote equals ``Fixed``; and the ONNX node that the oracle saw is
   read back as the same operator.
5. The Verilog, in Verilator, with random gaps between the samples, equals ``Fixed``.
6. The C++ of ``kernels/*.h``, compiled here, equals ``Fixed``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import prod
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from hlsgen.project import Project
from kernels.base import Operator
from rtlgen.dataflow import Dataflow, evaluate
from rtlgen.devices import find
from rtlgen.operations import Input
from rtlgen.optimize import optimize
from rtlgen.schedule import schedule
from rtlgen.verilog import element_names, emit
from rtlgen.wires import Wires
from sim import csim, integers, vectors
from sim.array import Array
from sim.cosim import replay
from sim.errors import NotStreamable
from sim.fixed import Fixed
from sim.intervals import Intervals
from sim.manifest import Manifest, Tensor
from sim.rounding import Interval
from tests import cpp
from tests.cpp import Style
from tests.oracles import Oracle, model, node_of, reference

EXHAUSTIVE = 1 << 12
"""If there are no more inputs than these, all are tried."""

Codes = list[tuple[int, ...]]
"""For each sample the code of each input, in the step of its own."""


class Disagreement(AssertionError):
    """Two definitions of an operator differ."""


@dataclass(frozen=True)
class Case:
    """An operator on inputs of certain types; ``Fixed`` inputs are constants of the model."""

    name: str
    op: Operator
    inputs: tuple[Intervals | Fixed, ...]
    oracle: Oracle | None = reference
    """None where the numbers are too wide for floats."""

    def __str__(self) -> str:
        return f"{type(self.op).__name__}-{self.name}"

    @property
    def types(self) -> list[Intervals]:
        """Those of the inputs that are data."""
        return [x for x in self.inputs if isinstance(x, Intervals)]

    def forward(self, data: Sequence[Array]) -> list[Any]:
        """All outputs for these data."""
        rest = iter(data)
        y = self.op.forward(*(next(rest) if isinstance(x, Intervals) else x for x in self.inputs))
        return list(y) if isinstance(y, tuple) else [y]

    def floats(self, data: Sequence[Fixed], k: int) -> list[Any]:
        """All inputs in sample ``k``."""
        rest = iter(data)
        filled = [next(rest) if isinstance(x, Intervals) else x for x in self.inputs]
        return [x.to_float()[k if x.samples > 1 else 0] for x in filled]


def agree(case: Case, seed: int = 0, samples: int = 24) -> None:
    """Check agreements 1 to 4; on all inputs that there are, if there are few."""
    codes = draw(case.types, seed, samples)
    data = numbers(case.types, codes)
    ys, types = case.forward(data), case.forward(case.types)
    flow = Dataflow()
    wires = case.forward([Wires.inputs(flow, t) for t in case.types])
    flow.outputs = [wire for w in wires for wire in w.wires.flat]
    for y, t, w in zip(ys, types, wires, strict=True):
        check_numbers(y, t)
        check_wires(w, t)
    check_flow(flow, codes, ys)
    if case.oracle is not None:
        check_oracle(case, data, ys)


def check_numbers(y: Fixed, t: Intervals) -> None:
    """Agreement 1."""
    expect(y.shape, t.shape, "shape of numbers and intervals")
    for i in range(t.size):
        lo, hi, exp = t.interval(i)
        for code in {int(c) for c in y.codes.reshape(y.samples, -1)[:, i]}:
            value, step = exactly(code, y.exp), exactly(1, exp)
            if not lo * step <= value <= hi * step or value % step:
                raise Disagreement(f"element {i} is {value}, which is not in {t.interval(i)!r}")


def check_wires(w: Wires, t: Intervals) -> None:
    """Agreement 2."""
    expect(w.shape, t.shape, "shape of wires and intervals")
    for i, wire in enumerate(w.wires.flat):
        narrow, wide = w.flow.interval(wire), t.interval(i)
        if not Intervals.full((), wide).contains(Intervals.full((), narrow)):
            raise Disagreement(f"the wire of element {i} may be {narrow!r}, its type is {wide!r}")


def check_flow(flow: Dataflow, codes: Codes, ys: Sequence[Fixed]) -> None:
    """Agreement 3, on as many samples as take a moment."""
    for k in range(min(len(codes), 8 + 200_000 // (1 + len(flow.ops)))):
        got = evaluate(flow, codes[k])
        exps = [flow.interval(wire).exp for wire in flow.outputs]
        for i, (code, exp, y) in enumerate(zip(got, exps, values(ys, k), strict=True)):
            expect(exactly(code, exp), y, f"element {i} of sample {k} in the graph and in numbers")


def check_oracle(case: Case, data: Sequence[Fixed], ys: Sequence[Fixed], samples: int = 6) -> None:
    """Agreement 4."""
    assert case.oracle is not None
    for k in range(min(samples, max(x.samples for x in data))):
        expected = case.oracle(case.op, case.floats(data, k))
        expect(len(expected), len(ys), "number of outputs of the oracle and in numbers")
        for e, y in zip(expected, ys, strict=True):
            assert y.magnitude < 1 << 53, "too wide for an oracle that computes in floats"
            got = y.to_float()[k if y.samples > 1 else 0]
            expect(np.shape(e), got.shape, "shape of the oracle and in numbers")
            expect(np.asarray(e).tolist(), got.tolist(), f"sample {k} of the oracle and in numbers")
    if case.op.onnx:
        node = node_of(model(case.op, case.floats(data, 0)))
        expect(Operator.named(node).from_onnx(node), case.op, "what is read back and the operator")


def expect(a: object, b: object, what: str) -> None:
    if a != b:
        raise Disagreement(f"{what} differ: {a} and {b}")


# -- hardware -----------------------------------------------------------------------------------


def agree_in_verilog(cases: Sequence[Case], folder: Path, seed: int = 0, samples: int = 48) -> None:
    """Check agreement 5 of many cases, side by side in one design."""
    flow = Dataflow()
    for case in cases:
        for w in case.forward([Wires.inputs(flow, t) for t in case.types]):
            flow.outputs += w.wires.flat
    flow = optimize(flow, find("xcvu13p"))
    x: list[list[int]] = [[] for _ in range(samples)]
    y: list[list[Fraction]] = [[] for _ in range(samples)]
    for case in cases:
        codes = draw(case.types, seed, samples)
        for k in range(samples):
            x[k] += codes[k % len(codes)]
            y[k] += answers(case, codes[k % len(codes)])
    write_design(flow, folder)
    steps = [exactly(1, flow.interval(wire).exp) for wire in flow.outputs]
    made = [[int(v / step) for v, step in zip(row, steps, strict=True)] for row in y]
    vectors.write(
        folder / "vectors.npz",
        {"x": np.array(x, np.object_)},
        {"y": np.array(made, np.object_)},
    )
    replay(folder, seed)


def write_design(flow: Dataflow, folder: Path) -> None:
    """The Verilog in two stages, and its manifest: one tensor ``x``, one tensor ``y``."""
    given = {
        op.port: r for op, r in zip(flow.ops, flow.intervals, strict=True) if isinstance(op, Input)
    }
    x = tensor("x", [given[port] for port in range(len(given))])
    y = tensor("y", [flow.interval(wire) for wire in flow.outputs])
    plan = schedule(flow, find("xcvu13p"), stages=2)
    names = element_names([(t.name, t.shape) for t in (x, y)])
    (folder / "top.v").write_text(emit(flow, plan, *names))
    Manifest(latency=plan.latency, inputs=(x,), outputs=(y,)).write(folder / "manifest.json")


def answers(case: Case, codes: tuple[int, ...]) -> list[Fraction]:
    """Every element of the results for one sample."""
    return list(values(case.forward(numbers(case.types, [codes])), 0))


def tensor(name: str, intervals: Sequence[Interval]) -> Tensor:
    return Tensor(
        name,
        (len(intervals),),
        tuple(r.signed for r in intervals),
        tuple(max(1, r.width) for r in intervals),
        tuple(r.exp for r in intervals),
    )


# -- C++ ----------------------------------------------------------------------------------------

CPP_FLAGS = ("-Wall", "-Wextra", "-Werror", "-Wno-unused-parameter")


def agree_in_cpp(
    cases: Sequence[Case], folder: Path, style: Style, seed: int = 0, samples: int = 48
) -> list[str]:
    """Check agreement 6 of many cases, all in one file; which of them cannot be streamed."""
    projects, refused = {}, []
    for i, case in enumerate(cases):
        if not any(t.size for t in case.forward(case.types)):
            continue  # there is nothing to compute
        try:
            projects[i] = cpp.project(case, style, i)
        except NotStreamable:
            refused.append(str(case))
    source = folder / "cases.cpp"
    source.write_text(cpp.source(list(projects.values())))
    functions = csim.build(source, (), CPP_FLAGS).functions
    for i, project in projects.items():
        check_cpp(cases[i], project, functions, draw(cases[i].types, seed, samples))
    return refused


def check_cpp(case: Case, project: Project, functions: Any, codes: Codes) -> None:
    """All samples through one function, which takes and gives what the manifest lists."""
    manifest, data = project.manifest, numbers(case.types, codes)
    whole = [y for y in case.forward(data) if y.size]
    x = in_steps([d for d in data if d.size], manifest.inputs, len(codes))
    y = in_steps(whole, manifest.outputs, len(codes))
    library = csim.Library(functions, manifest.words)
    got = library.run(f"{project.top}_kernel", x, y.shape[1])
    for k, e in np.argwhere(got != y):
        what = f"{case}: element {e} of sample {k} in C++ and in numbers"
        raise Disagreement(f"{what} differ: {got[k, e]} and {y[k, e]}")


def in_steps(arrays: Sequence[Fixed], tensors: Sequence[Tensor], samples: int) -> Any:
    """All codes of each sample in a row, each element in the step that the manifest says."""
    rows = []
    for a, t in zip(arrays, tensors, strict=True):
        codes = a.in_steps(np.array(t.exp).reshape(t.shape)).reshape(a.samples, -1)
        rows.append(np.broadcast_to(codes, (samples, codes.shape[1])))
    return integers.integers(np.concatenate(rows, 1))


# -- samples ------------------------------------------------------------------------------------


def draw(types: Sequence[Intervals], seed: int, samples: int) -> Codes:
    """Every input, or both corners and random ones."""
    ranges = [t.interval(i)[:2] for t in types for i in range(t.size)]
    random = Random(seed)
    if prod(hi - lo + 1 for lo, hi in ranges) <= EXHAUSTIVE:
        every = list(product(*(range(lo, hi + 1) for lo, hi in ranges)))
        return random.sample(every, len(every))
    corners = [tuple(random.choice(r) for r in ranges) for _ in range(samples // 4)]
    inside = [tuple(random.randint(*r) for r in ranges) for _ in range(samples - samples // 4)]
    return [tuple(lo for lo, _ in ranges), tuple(hi for _, hi in ranges), *corners, *inside]


def numbers(types: Sequence[Intervals], codes: Codes) -> list[Fixed]:
    """The samples as numbers, an array for each input."""
    table = np.array(codes, np.object_).reshape(len(codes), -1)
    ends = np.cumsum([0, *(t.size for t in types)])
    arrays = []
    for t, start in zip(types, ends, strict=False):
        own = table[:, start : start + t.size].reshape(len(codes), *t.shape)
        finest = int(t.exp.min(initial=0))
        shifted = own << (t.exp - finest).astype(np.object_)
        arrays.append(Fixed(integers.integers(shifted), finest))
    return arrays


def values(ys: Sequence[Fixed], k: int) -> Iterator[Any]:
    """Every element of sample ``k``, exactly."""
    for y in ys:
        for code in y.codes[k if y.samples > 1 else 0].reshape(-1):
            yield exactly(int(code), y.exp)


def exactly(code: int, exp: int) -> Fraction:
    return Fraction(code) * Fraction(2) ** exp


# -- types and constants ------------------------------------------------------------------------


def mixed(*shape: int, seed: int = 0, width: int = 6, exps: tuple[int, int] = (-3, 1)) -> Intervals:
    """A format of its own for every element: signed or not, some of a single value."""
    random = Random(seed)
    lo, hi, exp = np.empty((3, *shape), np.object_)
    for i in np.ndindex(*shape):
        ends = sorted(
            random.choices(
                range(-(1 << random.randrange(width)), 1 << random.randrange(width)), k=2
            )
        )
        lo[i], hi[i], exp[i] = *ends, random.randint(*exps)
    return Intervals(*(integers.integers(a) for a in (lo, hi, exp)))


def weights(*shape: int, seed: int = 0, limit: int = 7, exp: int = -2) -> Fixed:
    """A constant with zeros among its numbers."""
    random = Random(seed)
    codes = [random.randint(-limit, limit) for _ in range(prod(shape))]
    return Fixed.constant(np.array(codes, np.int64).reshape(shape), exp)


def zeros(*shape: int) -> Fixed:
    return Fixed.constant(np.zeros(shape, np.int64))


def alike(*shape: int, lo: int = -8, hi: int = 7, exp: int = -1) -> Intervals:
    """The same interval for every element."""
    return Intervals.full(shape, Interval(lo, hi, exp))
