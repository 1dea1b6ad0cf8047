"""What becomes of a node test: it passes, or is refused by name. Everything else is a failure."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from onnx.reference import ReferenceEvaluator

from kernels.quant import Quantize, Threshold
from kernels.table import Table
from rtlgen.dataflow import evaluate
from rtlgen.lowering import lower
from rtlgen.plans import Plans
from rtlgen.search import Search
from rtlgen.size import operations
from sim.errors import RtlgenError, ShapeError
from tests.onnx_backend.backend import Answer, FixedPoint
from tests.onnx_backend.bounds import error_bounds, unit_of
from tests.onnx_backend.suite import NodeTest
from tests.onnx_backend.variants import is_array

PASSED = "passed"
UNROLLED = 2000
"""Operations, up to which a network is computed one by one, too."""
COARSE = 5
"""Bits of numbers whose products and sums single precision does not round."""
DIGITS = {
    "test_averagepool_2d_ceil_last_window_starts_on_pad": 3,
    "test_gridsample_bicubic": 4,
    "test_resize_downsample_sizes_cubic": 4,
}
"""Where ONNX's numbers were written by hand: how many digits behind the point are right."""


class Wrong(AssertionError):
    """A number that is neither what ONNX expects nor within the bound."""


def judged(test: NodeTest) -> str:
    """:data:`PASSED`, or the class of the error that refuses it; :class:`Wrong`, or any crash."""
    model = FixedPoint.prepare(test.proto)
    try:
        answer = model.answer(test.inputs)
    except RtlgenError as error:
        check_words(error)
        return type(error).__name__
    check_numbers(test, answer)
    check_operations(answer)
    if rounds_only_inputs(answer):
        inputs = [coarse(x) for x in test.inputs]
        if is_dyadic(again := model.answer(inputs)):
            check_exactly(test, inputs, again)
    return PASSED


def check_words(error: RtlgenError) -> None:
    """An error says where and what, in one line without a full stop."""
    words = str(error)
    if isinstance(error, ShapeError) and isinstance(error.__cause__, ValueError | IndexError):
        raise Wrong(f"the shapes of the model are sound, so this is a crash: {words}")
    if "\n" in words or words.endswith(".") or ": " not in words:
        raise Wrong(f"this is no message of ours: {words}")


def check_numbers(test: NodeTest, answer: Answer) -> None:
    """All outputs: shapes, integers exactly, floats within what formats and floats imply."""
    written = 0.5 * 10.0 ** -DIGITS[test.name] if test.name in DIGITS else 0
    bounds: list[Any] = []
    for i, (expected, got) in enumerate(zip(test.outputs, answer.outputs, strict=True)):
        wanted = numbers(expected, got, i)
        if np.array_equal(wanted, got):
            continue
        if np.asarray(expected).dtype.kind in "biu":
            _check_equal(wanted, got, f"output {i}")
        bounds = bounds or error_bounds(answer, unit_of(expected.dtype))
        error, bound = np.abs(got - wanted), bounds[i] + written
        if not (np.isfinite(bound) & (error <= bound)).all():
            at = np.unravel_index(int(np.nan_to_num(error - bound, nan=np.inf).argmax()), got.shape)
            raise Wrong(
                f"output {i} at {list(map(int, at))} is {got[at]}, not {wanted[at]}: off by "
                f"{error[at]:.3g}, of which {bound[at]:.3g} is explained"
            )


def check_exactly(test: NodeTest, inputs: Sequence[Any], answer: Answer) -> None:
    """On numbers of few bits: what ONNX's reference does not round, it is exactly."""
    names = [value.name for value in test.proto.graph.input]
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # the reference pads integers with what is not a number
        reference = ReferenceEvaluator(test.proto)
        expected = reference.run(None, dict(zip(names, inputs, strict=True)))
    for i, (y, got) in enumerate(zip(map(np.asarray, expected), answer.outputs, strict=True)):
        wanted = numbers(y, got, i)
        exact = y.dtype.kind in "biu" or (y.dtype.itemsize >= 4 and has_few_bits(wanted))
        _check_equal(wanted, np.where(exact, got, wanted), f"on a grid, output {i}")


def check_operations(answer: Answer) -> None:
    """The unrolled network, if it is small, computes the same codes."""
    graph = answer.network.graph
    values = graph.evaluate(graph.inputs)
    if sum(operations(node, values, graph) for node in graph.nodes) > UNROLLED:
        return
    flow = lower(graph, plans=Plans(Search(effort=1)))
    codes = [
        code
        for name, type_ in graph.inputs.items()
        for code in answer.codes[name].in_steps(type_.exp).reshape(-1).tolist()
    ]
    got = [
        code * Fraction(2) ** flow.interval(wire).exp
        for code, wire in zip(evaluate(flow, codes), flow.outputs, strict=True)
    ]
    results = [answer.results[name] for name in graph.outputs]
    wanted = [int(c) * Fraction(2) ** y.exp for y in results for c in y.codes[:1].reshape(-1)]
    if got != wanted:
        raise Wrong("the operations of the network compute other codes than its reference")


def _check_equal(wanted: Any, got: Any, what: str) -> None:
    for at in np.argwhere(wanted != got)[:1].tolist():
        raise Wrong(f"{what} at {at} is {got[tuple(at)]}, not {wanted[tuple(at)]}")


def numbers(expected: Any, got: Any, i: int) -> Any:
    """What is expected of an output, which must have the same shape."""
    wanted = np.asarray(expected)
    if wanted.shape != got.shape:
        raise Wrong(f"output {i} has the shape {list(got.shape)}, not {list(wanted.shape)}")
    return wanted.astype(np.float64)


def rounds_only_inputs(answer: Answer) -> bool:
    network = answer.network
    return set(network.codings.formats) <= set(network.codings.inputs) and not any(
        isinstance(node.op, Quantize | Table | Threshold) for node in network.graph.nodes
    )


def is_dyadic(answer: Answer) -> bool:
    """Whether there are only numbers of few bits, so that single precision need not round."""
    network = answer.network
    few = all(c.magnitude < 1 << 12 for c in network.graph.constants.values())
    fields = [value for node in network.graph.nodes for value in vars(node.op).values()]
    few = few and all(value * 2.0**12 % 1 == 0 for value in fields if isinstance(value, float))
    return few and all(coding.identical for coding in network.codings.outputs.values())


def has_few_bits(x: Any) -> Any:
    """Where a number was not rounded: one that single precision rounds has all of its 24 bits."""
    mantissas = np.frexp(x)[0] * 2.0**20
    return mantissas == np.rint(mantissas)


def coarse(x: Any) -> Any:
    """Floats rounded to a few bits of the largest; all else as it is."""
    if not is_array(x) or x.dtype.kind in "biu":
        return x
    values = x.astype(np.float64)
    step = 2.0 ** (np.frexp(np.abs(values).max(initial=0))[1] - COARSE)
    return (np.rint(values / step) * step).astype(x.dtype)
