"""Constants of the model: what they are as real numbers, and what a quantizer makes of them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kernels.base import OnnxNode
from kernels.real import BatchNormalization
from rtlgen.bounds import codes
from rtlgen.draft import Draft
from rtlgen.pending import evaluate
from rtlgen.quantizers import Quantizer
from rtlgen.rationals import Values, common, exact, fixed, fractions, objects, sqrt
from rtlgen.scaled import Scaled, before, meaning
from sim.fixed import Fixed

Numbers = npt.NDArray[np.float64]
"""A constant as the model has it."""


def real(value: Scaled) -> Values:
    """The model's numbers of a constant that has codes."""
    assert isinstance(value.array, Fixed)
    return evaluate(value.steps, np.atleast_1d(exact(value.array)), np.atleast_1d(value.group))


def affine(draft: Draft, value: Scaled) -> Scaled:
    """A constant with one affine step at most: any other is carried out now."""
    if value.line is not None:
        return value
    numbers = real(value).reshape(value.shape)
    unit = common(numbers)
    constant = fixed(np.asarray(numbers / unit, object))
    assert constant is not None, "ratios to a common unit are integers"
    plain = Scaled.plain(draft.constant(value.name, constant), constant)
    return plain.affine(fractions(unit), fractions(0), value.steps[-1].source)


def quantized_constant(draft: Draft, value: Scaled | Numbers, quantizer: Quantizer) -> Scaled:
    """The codes that a quantizer gives for a constant, and what they stand for."""
    fine = before(quantizer, Scaled("", None, np.zeros(value.shape, np.int64)))
    numbers = real(value).reshape(value.shape) if isinstance(value, Scaled) else value
    results = codes(fine.steps, numbers, fine.group)
    steps = np.broadcast_to(quantizer.exponents, value.shape or 1).reshape(value.shape)
    array = Fixed.in_own_steps(results[None], steps)
    plain = Scaled.plain(draft.constant(quantizer.node.outputs[0], array), array)
    return meaning(plain, quantizer)


def normalization(op: BatchNormalization, node: OnnxNode, rank: int) -> tuple[Values, Values]:
    """Scale and offset, one for each channel, of a batch normalization."""
    gamma, beta, mean, var = (_required(node, i) for i in (1, 2, 3, 4))
    variance = var + fractions(op.epsilon)
    if (variance <= 0).any():
        raise node.unsupported(
            f"a variance of {float(var.min()):g} and epsilon={op.epsilon:g}",
            "a sum of the two above zero",
        )
    scale = gamma / objects(map(sqrt, variance))
    shape = (-1, *(1,) * (rank - 2))
    return scale.reshape(shape), (beta - mean * scale).reshape(shape)


def _required(node: OnnxNode, position: int) -> Values:
    value = node.constant(position)
    if value is None:
        raise node.unsupported(f"no input {position}", "all five inputs")
    return fractions(value)
