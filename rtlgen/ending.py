"""The outputs of the network: on a grid where there is one, else codes with a scale and offset.

Whatever can be exact is done to make the codes of one output comparable: one scale and one offset
for all its elements, so that the largest code is the largest number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from kernels.base import OnnxNode
from kernels.shape import Identity
from rtlgen.draft import Draft
from rtlgen.encoding import Decoding
from rtlgen.graph import Graph
from rtlgen.pending import Affine
from rtlgen.rationals import Values, power_of_two
from rtlgen.scaled import Scaled
from rtlgen.settle import Effort, on_grid, settle
from sim.errors import NotQuantized

WORTH_IT = Effort(factor_bits=64, finer=32)
"""What comparable codes may cost: enough for every offset in single precision."""


def finished(draft: Draft, values: Mapping[str, Scaled]) -> tuple[Graph, dict[str, Decoding]]:
    """The graph, whose outputs have the model's names, and what their codes stand for."""
    ends = {name: _ended(draft, name, value) for name, value in values.items()}
    names = _named(draft, {name: value.name for name, (value, _) in ends.items()})
    graph = draft.graph(tuple(names.values()))
    decodings = {name: decoding for name, (_, decoding) in ends.items()}
    return _renamed(draft, graph, {own: name for name, own in names.items()}), decodings


def _ended(draft: Draft, name: str, value: Scaled) -> tuple[Scaled, Decoding]:
    settled = settle(draft, value)
    if settled is None:
        raise NotQuantized(
            f"output {name!r}: it has no fixed-point format; put a Quant node before it, or give "
            f"it a format: --config FILE or --calibrate DATA.npz"
        )
    node = OnnxNode(name, "output", (name,), (name,))
    assert settled.line is not None
    if all(not s or power_of_two(abs(s)) is not None for s in settled.line[0]):
        gridded = on_grid(draft, settled, node, effort=WORTH_IT)
        if gridded is not None:
            return gridded, Decoding()
    comparable = _comparable(draft, settled, node)
    assert comparable.line is not None
    scale, offset = (_few(comparable, part) for part in comparable.line)
    return replace(comparable, steps=()), Decoding(scale, offset)


def _comparable(draft: Draft, value: Scaled, node: OnnxNode) -> Scaled:
    """The value with one offset for all elements, if those of its codes differ by a dyadic."""
    assert value.line is not None
    scale, offset = value.line
    if not scale[0] or (scale != scale[0]).any() or (offset == offset[0]).all():
        return value
    steps = (offset - offset[0]) / scale
    gridded = on_grid(draft, value, node, (0 * scale + 1, steps), WORTH_IT)
    if gridded is None:
        return value
    return gridded.then(Affine(scale, 0 * offset + offset[0], node))


def _few(value: Scaled, per_group: Values) -> Values:
    """One number per element, or one for all."""
    if (per_group == per_group[0]).all():
        return per_group[:1]
    return np.asarray(per_group[value.group], object)


def _named(draft: Draft, names: Mapping[str, str]) -> dict[str, str]:
    """A value of the graph for each output; an input, or one taken twice, gets a copy."""
    own: dict[str, str] = {}
    for name, value in names.items():
        taken = value in draft.inputs or value in own.values()
        own[name] = _copy(draft, value, name) if taken else value
    return own


def _copy(draft: Draft, value: str, name: str) -> str:
    copy = draft.unused(f"{value}.copy")
    draft.emit(Identity(), (value,), (copy,), name)
    return copy


def _renamed(draft: Draft, graph: Graph, names: Mapping[str, str]) -> Graph:
    """Values under other names; one that has such a name already steps aside."""
    aside = {
        new: draft.unused(f"{new}.inner")
        for own, new in names.items()
        if new in draft.arrays and new not in names
    }
    known = {**aside, **names}
    nodes = tuple(
        replace(
            node,
            inputs=tuple(known.get(n, n) for n in node.inputs),
            outputs=tuple(known.get(n, n) for n in node.outputs),
        )
        for node in graph.nodes
    )
    constants = {known.get(name, name): value for name, value in graph.constants.items()}
    outputs = tuple(known.get(name, name) for name in graph.outputs)
    return replace(graph, nodes=nodes, outputs=outputs, constants=constants).check()
