"""One node, while it is written out in others."""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import dataclass, field
from itertools import chain, count
from typing import Any

import numpy as np

from kernels.base import OnnxNode
from rtlgen.frontend.model import Array, Model, Shape
from rtlgen.frontend.opsets import with_defaults
from rtlgen.frontend.reading import NEWEST
from sim.errors import ShapeError


@dataclass
class Expansion:
    """The nodes that stand for one; all have its name, which errors and reports show.

    They are added in order. In the end, each output of the node must be one of theirs.
    """

    node: OnnxNode
    model: Model
    taken: Container[str]
    nodes: list[OnnxNode] = field(default_factory=list)
    constants: dict[str, Array] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    """Of values that are new."""

    def made(self, op_type: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        """Add a node of one output, and return its name, which is new unless it is given.

        Attributes of which nothing is said have ONNX's defaults.
        """
        output = output or self._named(op_type)
        return self.several(op_type, *inputs, outputs=(output,), **attributes)[0]

    def several(
        self, op_type: str, *inputs: str, outputs: tuple[str, ...], **attributes: Any
    ) -> tuple[str, ...]:
        """Add a node with these outputs, and return them."""
        own = {name: self.constants[name] for name in inputs if name in self.constants}
        node = OnnxNode(self.node.name, op_type, inputs, outputs, attributes, own, opset=NEWEST)
        self.nodes.append(with_defaults(node))
        return outputs

    def constant(self, value: Any, what: str, dtype: Any = np.float32) -> str:
        """A new constant, called ``<node>.<what>``; returns its name."""
        name = self._named(what)
        self.constants[name] = np.asarray(value, dtype)
        return name

    def shape(self, position: int = 0) -> Shape:
        """The shape of an input of the node; :class:`ShapeError` if it is not known."""
        name = self.node.inputs[position]
        if name not in self.model.shapes:
            raise ShapeError(
                f"node {self.node.name!r}: the shape of its input {name!r} is not known, on which "
                f"{self.node.op_type} depends; export the network with static shapes"
            )
        return self.model.shapes[name]

    def _named(self, what: str) -> str:
        """A name for a value that no other has."""
        stem = f"{self.node.name}.{what}"
        tries = chain([stem], (f"{stem}.{number}" for number in count(2)))
        name = next(n for n in tries if n not in self.taken and n not in self.names)
        self.names.add(name)
        return name


Expand = Callable[[Expansion], None]
"""Writes a node out."""
