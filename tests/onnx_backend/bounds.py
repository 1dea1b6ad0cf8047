"""How far a result may be from what ONNX expects of it: what the formats imply, and floats.

Every number that a format has rounded is off by half of its step at most, and lies within the
format: what has no sign is not below zero, where a root or a logarithm would say nothing. How much
of that arrives at the outputs is measured: all these numbers are moved by their largest errors,
with random signs, in the float network. Where ``g`` are the derivatives of an output, ``e`` the
errors, and ``n`` how many there are, its error ``sum(g * e)`` is at most ``sqrt(n)`` times the root
mean square of the moves (Cauchy and Schwarz), of which a few samples give more than half. A root
has no slope at zero, but is concave: no move changes it by more than the same move from zero.

The expected numbers are rounded too: sums of ``m`` terms are off by about ``sqrt(m)`` units in the
last place (Higham and Mary, 2019), as if each of the terms were.

Operators that approximate say by how much (:data:`STATED`); to a format, they are within a step.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
from ml_dtypes import finfo

from kernels.base import OnnxNode
from rtlgen.frontend import Model, load
from rtlgen.frontend.evaluation import evaluate
from rtlgen.notation import Chosen
from tests.onnx_backend.backend import Answer

Floats = npt.NDArray[np.float64]

STATED = {
    "Div": (0, 2.0**-16),
    "LogSoftmax": (2.0**-15, 0),
    "Reciprocal": (0, 2.0**-16),
    "Softmax": (2.0**-16, 0),
}
"""What operators say that they are off by where no format is given: at most, and of themselves."""
DRAWS = 16
SAFETY = 2.0
"""Root mean squares of so many draws are less than half of the true one in no case of millions."""


def error_bounds(answer: Answer, unit: float, seed: int = 0) -> list[Floats]:
    """For every element of every output; ``unit`` is that of the expected numbers' rounding."""
    model = load(answer.variant.proto)
    formats = answer.network.codings.formats
    values = {name: np.asarray(x, np.float64) for name, x in answer.variant.data.items()}
    sizes = {name: int(np.prod(shape)) for name, shape in model.shapes.items()}
    relative = 4 * unit * max(sizes.values(), default=1) ** 0.5
    moves = {n: relative * np.abs(values[n]) for n in model.inputs}
    (batch,) = evaluate(model, {name: x[None] for name, x in values.items() if name in moves})
    exact = {name: x[0] for name, x in batch.items()}
    for name, chosen in formats.items():
        moves[name] = moves.get(name, 0) + _rounding(chosen, values.get(name))
    for node in model.nodes:
        if node.op_type in STATED and not model.is_constant(node.inputs[-1]):
            (name, *_), (absolute, of_itself) = node.outputs, STATED[node.op_type]
            own = absolute + of_itself * np.abs(exact[name].astype(np.float64))
            moves[name] = np.maximum(2 * moves.get(name, np.float64(0)), own)
    random = np.random.default_rng(seed)
    names = [name for name in moves if name not in model.inputs]
    moved, terms = _movable(model, {name: formats.get(name) for name in names})
    signs = {n: random.choice([-1.0, 1.0], (DRAWS, *np.shape(m))) for n, m in moves.items()}
    data = {n: values[n] + signs[n] * moves[n] for n in model.inputs}
    data |= {terms[n]: signs[n] * moves[n] for n in names}
    runs = list(evaluate(moved, data))
    count = sum(np.size(m) for m in moves.values()) ** 0.5
    bounds = []
    for name in answer.network.graph.outputs:
        results = np.concatenate([run[name] for run in runs]).astype(np.float64)
        spread = np.sqrt(((results - exact[name]) ** 2).mean(0))
        bounds.append(SAFETY * count * spread + relative * np.abs(exact[name]).max(initial=0))
    return bounds


def unit_of(dtype: np.dtype[Any]) -> float:
    """The relative error of a rounding to a type of floats, which is single precision at best."""
    return max(float(finfo(dtype).eps), 2.0**-23) / 2


def _rounding(chosen: Chosen, values: Any) -> Floats:
    """Half a step; what is exactly on the grid is not rounded."""
    steps = np.ldexp(1.0, chosen.type.exp)
    return steps / 2 if values is None else np.abs(values - np.rint(values / steps) * steps)


def _movable(model: Model, formats: Mapping[str, Chosen | None]) -> tuple[Model, dict[str, str]]:
    """The model with a term added to each of these values, and the inputs that these are.

    A value that has a format stays within it.
    """
    terms = {name: f"{name}.move" for name in formats}
    constants = dict(model.constants)
    nodes: list[OnnxNode] = []
    for name in constants.keys() & terms:
        constants[f"{name}.exact"] = constants.pop(name)
        nodes += _moved(name, terms[name], formats[name], constants)
    for node in model.nodes:
        outputs = tuple(f"{o}.exact" if o in terms else o for o in node.outputs)
        nodes.append(replace(node, outputs=outputs, constants={}))
        for name in filter(terms.__contains__, node.outputs):
            nodes += _moved(name, terms[name], formats[name], constants)
    inputs = {**model.inputs, **{terms[name]: model.shapes[name] for name in terms}}
    return replace(model, nodes=tuple(nodes), constants=constants, inputs=inputs), terms


def _moved(
    name: str, term: str, chosen: Chosen | None, constants: dict[str, Any]
) -> list[OnnxNode]:
    """The nodes that move a value, and keep it within its format."""
    if chosen is None:
        return [OnnxNode(term, "Add", (f"{name}.exact", term), (name,))]
    least, most, step = f"{name}.least", f"{name}.most", np.ldexp(1.0, chosen.type.exp)
    constants |= {least: chosen.type.lo * step, most: chosen.type.hi * step}
    return [
        OnnxNode(term, "Add", (f"{name}.exact", term), (f"{name}.sum",)),
        OnnxNode(term, "Max", (f"{name}.sum", least), (f"{name}.above",)),
        OnnxNode(term, "Min", (f"{name}.above", most), (name,)),
    ]
