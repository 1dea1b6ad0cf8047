"""One node, while it is written out in others."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, field, replace
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
    copies: dict[str, int] = field(default_factory=dict)
    """How many of them have been called after one."""

    def made(
        self, op_type: str, *inputs: str, output: str = "", called: str = "", **attributes: Any
    ) -> str:
        """Add a node of one output, and return its name, which is new unless it is given.

        A new name is ``<node>.<called>``. Attributes of which nothing is said have ONNX's defaults.
        """
        output = output or self._named(called or op_type)
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

    def given(self, position: int) -> Array | None:
        """The input at this position, which must be a constant; None if it is absent."""
        return replace(self.node, constants=self.model.constants).constant(position)

    def required(self, position: int) -> Array:
        """The same, of an input that ONNX requires."""
        value = self.given(position)
        assert value is not None, f"{self.node.op_type} has an input {position}"
        return value

    def dtype(self, position: int = 0) -> np.dtype[Any]:
        """The element type of an input, as far as it is known; single precision else."""
        return self.model.dtypes.get(self.node.inputs[position], np.dtype(np.float32))

    def split(
        self, name: str, sizes: Sequence[int], axis: int, called: str = "Split"
    ) -> tuple[str, ...]:
        """Parts of these sizes along an axis; a single part is the value itself."""
        if len(sizes) == 1:
            return (name,)
        outputs = tuple(self._named(called) for _ in sizes)
        given = self.constant(sizes, "sizes", np.int64)
        return self.several("Split", name, given, outputs=outputs, axis=axis)

    def attributes(self, **defaults: Any) -> dict[str, Any]:
        """Those of a node that ONNX does not know; one that has no default here is refused."""
        for name, value in self.node.attributes.items():
            if name not in defaults:
                known = ", ".join(sorted(defaults)) or "no attribute"
                raise self.node.unsupported(f"attribute {name}={value!r}", known)
        return {**defaults, **self.node.attributes}

    def shape(self, position: int = 0) -> Shape:
        """The shape of an input of the node; :class:`NotYetKnown` until it is."""
        name = self.node.inputs[position]
        if name not in self.model.shapes:
            raise NotYetKnown(
                f"node {self.node.name!r}: the shape of its input {name!r} is not known, on which "
                f"{self.node.op_type} depends; export the network with static shapes"
            )
        return self.model.shapes[name]

    def _named(self, what: str) -> str:
        """A name for a value that no other has."""
        stem = name = f"{self.node.name}.{what}"
        while name in self.taken or name in self.names:
            self.copies[stem] = self.copies.get(stem, 1) + 1
            name = f"{stem}.{self.copies[stem]}"
        self.names.add(name)
        return name


class NotYetKnown(ShapeError):
    """A node waits for those before it to be written out, or the shape of its input is missing."""


Expand = Callable[[Expansion], None]
"""Writes a node out."""
