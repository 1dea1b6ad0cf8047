"""Control flow that constants decide: an If becomes one of its branches, a Loop or Scan its steps.

What they compute of constants alone is computed at once, for it may decide how they go on.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import count
from typing import Any

import numpy as np

from kernels.base import OnnxNode
from rtlgen.frontend.folding import folded, results_of
from rtlgen.frontend.model import Array, Model, Subgraph, holds_graphs
from rtlgen.frontend.nodes import check_finite
from rtlgen.frontend.opsets import with_defaults
from rtlgen.frontend.reading import NEWEST
from rtlgen.frontend.unrolling import check_unrolling
from sim.errors import ModelError, ShapeError, UnsupportedAttribute


def inlined(model: Model) -> Model:
    """Write out all control flow, the outer before the inner; shapes inferred, constants folded."""
    model = folded(model)
    while any(map(holds_graphs, model.nodes)):
        model = folded(_inlined_once(model))
    return model


def _inlined_once(model: Model) -> Model:
    """What is not decided waits for what comes before it; if all of it is, it is refused."""
    constants, nodes = dict(model.constants), list[OnnxNode]()
    taken = {*model.inputs, *constants, *model.producers()}
    refusals, waiting = list[ModelError](), 0
    for node in model.nodes:
        if not holds_graphs(node):
            nodes.append(node)
            continue
        waiting += 1
        inlining = Inlining(node, replace(model, constants=constants), set(taken))
        try:
            inlining.inline()
        except (UnsupportedAttribute, ShapeError) as refusal:
            refusals.append(refusal)
            nodes.append(node)
        else:
            nodes += inlining.nodes
            constants |= inlining.constants
            taken = inlining.taken
    if len(refusals) == waiting:
        raise refusals[0]
    return replace(model, constants=constants).with_nodes(nodes)


@dataclass
class Inlining:
    """One node of control flow, while it is written out."""

    node: OnnxNode
    model: Model
    taken: set[str]
    """Names of values."""
    nodes: list[OnnxNode] = field(default_factory=list)
    constants: dict[str, Array] = field(default_factory=dict)
    copies: dict[str, int] = field(default_factory=dict)
    """How many values have been called after one."""

    def inline(self) -> None:
        """Write the node out; each of its outputs is that of a new node."""
        kinds = {"If": self._branch, "Loop": self._loop, "Scan": self._scan}
        results = kinds[self.node.op_type]()
        for result, output in zip(results, self.node.outputs, strict=False):
            if output:
                self._add("Identity", result, output=output)

    @cached_property
    def outer(self) -> dict[str, Array]:
        """The constants of the model."""
        return dict(self.model.constants)

    # -- the three -----------------------------------------------------------------------------

    def _branch(self) -> list[str]:
        chosen = "then_branch" if self._scalar(0, "a condition") else "else_branch"
        captures = list(self.node.inputs[1:])
        for name in sorted(self.node.attributes):
            if name == chosen:
                break
            del captures[: len(self.node.attributes[name].captured)]
        branch = self.node.attributes[chosen]
        mine = captures[: len(branch.captured)]
        return self._paste(branch, (), mine, self._shared(branch))

    def _loop(self) -> list[str]:
        body = self.node.attributes["body"]
        own, shared = len(body.inputs), self._shared(body)
        most = self._scalar(0, "a trip count") if self.node.has(0) else None
        going = bool(self._scalar(1, "a condition")) if self.node.has(1) else True
        state, captures = list(self.node.inputs[2:own]), self.node.inputs[own:]
        collected: list[list[str]] = []
        for step in count():
            if not going or (most is not None and step >= most):
                break
            check_unrolling(self.node, step + 1, len(body.nodes))
            given = self._constant(step, np.int64), self._constant(True, np.bool_)
            condition, *results = self._paste(body, (*given, *state), captures, shared)
            going = bool(self._number(condition, "a condition"))
            state, rest = results[: own - 2], results[own - 2 :]
            collected.append(rest)
        return [*state, *self._stacked(collected, len(body.outputs) - own + 1)]

    def _scan(self) -> list[str]:
        body, scanned = self.node.attributes["body"], self.node.attributes["num_scan_inputs"]
        own, shared = len(body.inputs), self._shared(body)
        states, made = own - scanned, len(body.outputs) - own + scanned
        state, captures = list(self.node.inputs[:states]), self.node.inputs[own:]
        axes = self._each("scan_input_axes", scanned)
        backwards = self._each("scan_input_directions", scanned)
        steps = self._steps(self.node.inputs[states:own], axes)
        check_unrolling(self.node, steps, len(body.nodes))
        collected = []
        for step in range(steps):
            given = [
                self._add(
                    "Gather", name, self._constant(steps - 1 - step if back else step), axis=a
                )
                for name, a, back in zip(self.node.inputs[states:own], axes, backwards, strict=True)
            ]
            results = self._paste(body, (*state, *given), captures, shared)
            state, rest = results[:states], results[states:]
            collected.append(rest)
        axes = self._each("scan_output_axes", made)
        return [
            *state,
            *self._stacked(collected, made, axes, self._each("scan_output_directions", made)),
        ]

    # -- what they are made of -----------------------------------------------------------------

    def _paste(
        self,
        body: Subgraph,
        given: Sequence[str],
        captures: Sequence[str],
        shared: Mapping[str, str],
    ) -> list[str]:
        """The nodes of a subgraph once more, on these inputs; returns its outputs."""
        names = {**shared, **dict(zip(body.captured, captures, strict=True))}
        names |= dict(zip(body.inputs, given, strict=True))
        for node in body.nodes:
            names |= {name: self._fresh(name) for name in node.outputs if name}
            inputs, outputs = (
                tuple(names.get(n, n) for n in part) for part in (node.inputs, node.outputs)
            )
            self._take(replace(node, inputs=inputs, outputs=outputs))
        return [names[name] for name in body.outputs]

    def _take(self, node: OnnxNode) -> None:
        """Compute a node of constants, keep any other."""
        known: ChainMap[str, Array] = ChainMap(
            {**node.constants}, self.constants, dict(self.model.constants)
        )
        results = results_of(replace(self.model, constants=known), node)
        for name, value in (results or {}).items():
            check_finite(name, value, masks=True)
        if results is None:
            self.nodes.append(node)
        else:
            self.constants |= results

    def _add(self, op_type: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        output = output or self._fresh(f"{self.node.name}.{op_type}")
        node = OnnxNode(self.node.name, op_type, inputs, (output,), attributes, opset=NEWEST)
        self._take(with_defaults(node))
        return output

    def _stacked(
        self,
        collected: Sequence[Sequence[str]],
        count: int,
        axes: Sequence[int] = (),
        backwards: Sequence[int] = (),
    ) -> list[str]:
        """What each step gives, along new axes."""
        if count and not collected:
            raise self.node.unsupported("no step, but outputs of all of them", "a step at least")
        made = []
        for i, parts in enumerate(zip(*collected, strict=True)):
            axis = axes[i] if axes else 0
            ordered = parts[::-1] if backwards and backwards[i] else parts
            where = self._constant([axis])
            wide = [self._add("Unsqueeze", part, where) for part in ordered]
            made.append(self._add("Concat", *wide, axis=axis))
        return made

    def _steps(self, names: Sequence[str], axes: Sequence[int]) -> int:
        """How long the inputs of a Scan are."""
        lengths = set()
        for name, axis in zip(names, axes, strict=True):
            shape = self.model.shapes.get(name)
            if shape is None or not -len(shape) <= axis < len(shape):
                shown = "is not known" if shape is None else f"{list(shape)} has no axis {axis}"
                raise ShapeError(
                    f"node {self.node.name!r}: the shape of its input {name!r} {shown}, on which "
                    f"Scan depends; export the network with static shapes"
                )
            lengths.add(shape[axis])
        if len(lengths) != 1:
            shown = " and ".join(map(str, sorted(lengths))) or "no"
            raise ShapeError(
                f"node {self.node.name!r}: its scanned inputs have {shown} steps; check the shapes "
                f"in the model"
            )
        return lengths.pop()

    def _each(self, attribute: str, many: int) -> tuple[int, ...]:
        """An attribute that says something of each input or output; zero if it is not there."""
        given = tuple(self.node.attributes.get(attribute, ())) or (0,) * many
        if len(given) != many:
            raise self.node.unsupported(f"{attribute}={given}", f"{many} of them")
        return given

    def _shared(self, body: Subgraph) -> dict[str, str]:
        """The constants of a subgraph, once for all its steps."""
        names = {name: self._fresh(name) for name in body.constants}
        self.constants |= {names[name]: value for name, value in body.constants.items()}
        return names

    def _scalar(self, position: int, what: str) -> Any:
        return self._number(self.node.inputs[position], what)

    def _number(self, name: str, what: str) -> Any:
        """The one number that a constant holds."""
        value = self.constants.get(name, self.model.constants.get(name))
        if value is None or value.size != 1:
            shown = (
                f"{what} that the model computes"
                if value is None
                else f"{what} of {value.size} numbers"
            )
            raise self.node.unsupported(f"{shown}, {name!r}", "a constant one")
        return value.flat[0]

    def _constant(self, value: Any, dtype: Any = np.int64) -> str:
        name = self._fresh(f"{self.node.name}.constant")
        self.constants[name] = np.asarray(value, dtype)
        return name

    def _fresh(self, name: str) -> str:
        """A name like this that no value has."""
        free = name
        while free in self.taken:
            self.copies[name] = self.copies.get(name, 1) + 1
            free = f"{name}.{self.copies[name]}"
        self.taken.add(free)
        return free
