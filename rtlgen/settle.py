"""Turn pending steps into nodes, as far as they are exact and cheap on a dyadic grid.

What remains afterwards is at most one affine step: the real scale and offset that a value
carries beside its codes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import assert_never

import numpy as np

from kernels.base import OnnxNode, Operator
from kernels.elementwise import Abs, Add, LeakyRelu, Mul, PRelu, Relu
from kernels.quant import Integral, Quantize
from rtlgen.draft import Draft
from rtlgen.pending import Affine, Apply, Count, Join, Transcend, regrouped
from rtlgen.rationals import Values, fixed, fractions
from rtlgen.scaled import Line, Scaled, finest
from sim.errors import NotQuantized
from sim.fixed import Fixed
from sim.intervals import Intervals
from sim.rounding import Overflow


@dataclass(frozen=True)
class Effort:
    """How much hardware an exact result may cost before another way is tried."""

    factor_bits: int
    """Of a constant that codes are multiplied with."""
    finer: int
    """Bits that an offset may be finer than the codes it is added to."""


CHEAP = Effort(12, 12)
ANY = Effort(64, 160)


def lined(draft: Draft, value: Scaled, node: OnnxNode) -> tuple[Scaled, Line]:
    """The same value with at most one affine step, whatever it costs; NotQuantized if none is."""
    settled = settle(draft, value)
    if settled is None:
        name = value.steps[-1].source.outputs[0] if value.steps else value.name
        raise NotQuantized(
            f"node {node.name!r}: its input {name!r} has no fixed-point format; put a Quant node "
            f"before it, or give it a format: --config FILE or --calibrate DATA.npz"
        )
    line = settled.line
    assert line is not None
    return settled, line


def settle(draft: Draft, value: Scaled, *efforts: Effort) -> Scaled | None:
    """The same value with at most one affine step, for the first effort that suffices; or None."""
    if value.port:
        return None
    if value.line is not None:
        return value
    for effort in efforts or (CHEAP, ANY):
        before = draft.snapshot()
        if settled := _carried_out(draft, value, effort):
            return settled
        draft.restore(before)
    return None


def on_grid(
    draft: Draft,
    value: Scaled,
    node: OnnxNode,
    line: Line | None = None,
    effort: Effort = CHEAP,
) -> Scaled | None:
    """Multiply and add until the codes are the value; None if that is not exact and cheap.

    With ``line``, they become ``scale * x + offset`` for the codes ``x``, instead of what the
    value's own affine step says; that step is gone in either case.
    """
    a, b = line or value.line or _neither()
    if not _cheap(value, a, b, effort):
        return None
    bias, name = node, value.name
    if isinstance(step := value.steps[-1] if value.steps else None, Affine):
        node, bias, name = step.source, step.bias or step.source, step.source.outputs[0]
    out = replace(value, steps=())
    if (a != 1).any():
        factor = _constant(draft, value, a, _name(node, "scale"))
        out = _combined(draft, out, Mul(), factor, f"{name}.scaled" if b.any() else name, node)
    if not b.any():
        return out
    return _combined(
        draft, out, Add(), _constant(draft, value, b, _name(bias, "offset")), name, node
    )


def per_element(value: Scaled, per_group: Fixed) -> Fixed:
    """One number per group as a constant that broadcasts to the value, on few axes."""
    full = per_group.take(value.group)
    for axis in range(len(full.shape)):
        codes = full.codes.take([0], axis + 1)
        if (full.codes == codes).all():
            full = Fixed(codes, full.exp)
    return full


def _carried_out(draft: Draft, value: Scaled, effort: Effort) -> Scaled | None:
    out: Scaled | None = replace(value, steps=())
    for i, step in enumerate(value.steps):
        assert out is not None
        match step:
            case Affine():
                out = out.then(step)
            case Apply():
                out = _ready(draft, out, step, effort)
                if out is None:
                    return None
                out = _applied(draft, out, step)
            case Count() | Transcend():
                return None
            case Join():
                met = _met(draft, out, step, effort)
                rest = replace(value, steps=value.steps[i + 1 :])
                return met and _carried_out(draft, _followed(met, rest), effort)
            case _:
                assert_never(step)
    return out


def _met(draft: Draft, value: Scaled, step: Join, effort: Effort) -> Scaled | None:
    """What operators make of the branches, if each is exact by itself."""
    if step.exact is None:
        return None
    values = []
    for branch in step.branches:
        settled = _carried_out(draft, value.then(*branch), effort)
        if settled is None:
            return None
        values.append(settled)
    try:
        met: Scaled = step.exact(draft, step.op, step.source, values)
    except NotQuantized:
        return None
    return met


def _followed(value: Scaled, rest: Scaled) -> Scaled:
    """A value, and then the steps of another, each on groups of its own."""
    group, (own, others) = finest(value.group, rest.group)
    first = replace(value, group=group, steps=regrouped(value.steps, own))
    return first.then(*regrouped(rest.steps, others))


def _ready(draft: Draft, value: Scaled, step: Apply, effort: Effort) -> Scaled | None:
    """The value as the operator can take its codes; None if that costs too much."""
    if not _narrow(step, effort):
        return None
    if isinstance(step.op, Relu | LeakyRelu | PRelu | Abs):
        return _positive(draft, value, step.source, effort)
    return on_grid(draft, value, step.source, effort=effort)


def _positive(draft: Draft, value: Scaled, source: OnnxNode, effort: Effort) -> Scaled | None:
    """The same value with a positive scale and no offset, which an operator can pass on."""
    a, b = value.line or _neither()
    if (a > 0).all() and not b.any():
        return value
    if (a == 0).any():
        return on_grid(draft, value, source, effort=effort)
    size = np.abs(a)
    out = on_grid(draft, value, source, (a / size, b / size), effort)
    source = value.steps[-1].source
    return out.then(Affine(size, 0 * size, source)) if out and (size != 1).any() else out


def _applied(draft: Draft, value: Scaled, step: Apply) -> Scaled:
    node = step.source
    names = [value.name]
    for i, argument in enumerate(step.arguments):
        names.append(_constant(draft, value, argument, _name(node, f"argument{i}")))
    output = draft.unused(node.outputs[0])
    (array,) = draft.emit(_in_graph(step.op, value), tuple(names), (output,), node.name)
    return replace(value, name=output, array=array)


def _in_graph(op: Operator, value: Scaled) -> Operator:
    """The operator that does the same to these codes, of those that graphs are made of."""
    if not isinstance(op, Integral):
        return op
    return Quantize(Intervals.of(op.forward(value.type)), op.rounding, Overflow.SATURATE)


def _combined(
    draft: Draft, value: Scaled, op: Mul | Add, other: str, name: str, node: OnnxNode
) -> Scaled:
    output = draft.unused(name)
    (array,) = draft.emit(op, (value.name, other), (output,), node.name)
    return replace(value, name=output, array=array)


def _constant(draft: Draft, value: Scaled, per_group: Values, name: str) -> str:
    constant = fixed(per_group)
    assert constant is not None, "only dyadic numbers become constants"
    return draft.constant(name, per_element(value, constant))


def _name(node: OnnxNode, kind: str) -> str:
    """The model's own name of the constant that a node brings in, or one made from its name."""
    positions = {
        ("Gemm", "offset"): (2,),
        ("Conv", "offset"): (2,),
        ("BatchNormalization", "scale"): (1,),
        ("BatchNormalization", "offset"): (2,),
        ("Add", "offset"): (0, 1),
        ("Sub", "offset"): (0, 1),
        ("Mul", "scale"): (0, 1),
        ("PRelu", "argument0"): (1,),
        ("Max", "argument0"): (0, 1),
        ("Min", "argument0"): (0, 1),
    }.get((node.op_type, kind), ())
    names = [node.inputs[i] for i in positions if node.has(i) and node.inputs[i] in node.constants]
    return names[0] if names else f"{node.name}.{kind}"


def _narrow(step: Apply, effort: Effort) -> bool:
    """Whether the factors in an operator have few enough bits."""
    match step.op:
        case LeakyRelu(alpha):
            slopes = fractions(alpha)
        case PRelu():
            slopes = step.arguments[0]
        case _:
            return all(fixed(argument) is not None for argument in step.arguments)
    constant = fixed(slopes)
    return constant is not None and _odd(constant).bit_length() <= effort.factor_bits


def _odd(constant: Fixed) -> int:
    """The largest odd part of the codes."""
    codes = [abs(int(c)) for c in constant.codes.flat]
    return max((c // (c & -c) for c in codes if c), default=1)


def _cheap(value: Scaled, a: Values, b: Values, effort: Effort) -> bool:
    scale, offset = fixed(a), fixed(b)
    if scale is None or offset is None:
        return False
    finest = int(value.type.exp.min(initial=0)) + scale.exp
    fine_enough = offset.exp >= finest - effort.finer or not b.any()
    return fine_enough and _odd(scale).bit_length() <= effort.factor_bits


def _neither() -> Line:
    raise AssertionError("a value that is not affine has no grid")
