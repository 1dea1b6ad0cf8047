"""``Model``: an ONNX network as a value, which every pass of the front end takes and gives."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from kernels.base import OnnxNode

Array = npt.NDArray[Any]
Shape = tuple[int, ...]

QONNX = "qonnx.custom_op.general"
"""The one domain that all QONNX operators have here, whatever the model calls it."""


@dataclass(frozen=True)
class Subgraph:
    """The body of a Loop or Scan, a branch of an If: a graph that a node holds."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    nodes: tuple[OnnxNode, ...]
    constants: Mapping[str, Array]
    captured: tuple[str, ...]
    """What it reads of the graphs around it. The node has it among its inputs, after its own, in
    the order of its attributes' names: there, but not in here, it may be called otherwise."""


@dataclass(frozen=True)
class Model:
    """A network of ONNX nodes, in topological order.

    What ``load`` gives is in normal form: every node is in its newest ONNX form with all defaults
    filled in, its parameters are constant inputs, every shape is static, and nothing is left that
    is constant or without effect, except what a quantizer rounds.
    """

    name: str
    inputs: Mapping[str, Shape]
    """What carries data, with a batch of one; initializers never count."""
    outputs: tuple[str, ...]
    nodes: tuple[OnnxNode, ...]
    constants: Mapping[str, Array]
    """Floats as exact float64, integers and booleans in the dtype of the model."""
    shapes: Mapping[str, Shape] = field(default_factory=dict)
    """Of every value whose shape is known, constants included."""
    metadata: Mapping[str, str] = field(default_factory=dict)
    """The model's own, and the QONNX datatype of a value ``x`` as ``x.finn_datatype``."""
    dtypes: Mapping[str, np.dtype[Any]] = field(default_factory=dict)
    """The element type that the model gives to a value, wherever it is known."""

    def producers(self) -> dict[str, OnnxNode]:
        """The node that computes each value."""
        return {output: node for node in self.nodes for output in node.outputs if output}

    def is_constant(self, name: str) -> bool:
        return not name or name in self.constants

    def with_nodes(self, nodes: Iterable[OnnxNode]) -> Model:
        """Put other nodes in; constants that they bring along become the model's.

        One that several bring along, the very same array, stays one.
        """
        constants = dict(self.constants)
        taken = {*constants, *self.inputs, *self.producers()}
        adopted = []
        for node in nodes:
            names = {
                name: name if constants.get(name) is value else _free(name, taken)
                for name, value in node.constants.items()
            }
            constants |= {names[name]: value for name, value in node.constants.items()}
            taken.update(names.values())
            inputs = tuple(names.get(name, name) for name in node.inputs)
            adopted.append(replace(node, inputs=inputs, constants={}))
        return replace(self, nodes=tuple(adopted), constants=constants)

    def pruned(self) -> Model:
        """Leave out nodes, constants and inputs that no output depends on."""
        needed = set(self.outputs)
        nodes = []
        for node in reversed(self.nodes):
            if needed.intersection(node.outputs):
                needed.update(node.inputs)
                nodes.append(node)
        alive = needed.union(*(node.outputs for node in nodes)) - {""}
        return replace(
            self,
            inputs={name: shape for name, shape in self.inputs.items() if name in alive},
            nodes=tuple(reversed(nodes)),
            constants={name: value for name, value in self.constants.items() if name in alive},
            shapes={name: shape for name, shape in self.shapes.items() if name in alive},
            dtypes={name: dtype for name, dtype in self.dtypes.items() if name in alive},
        )


def holds_graphs(node: OnnxNode) -> bool:
    """Whether this is control flow."""
    return any(isinstance(value, Subgraph) for value in node.attributes.values())


def _free(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_"
    return name
