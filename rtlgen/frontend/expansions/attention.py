"""Attention: two products of matrices with a Softmax between them, for each head.

Unlike in ONNX's own function, the scale is one factor behind the first product, not its root on
both sides of it, and what a constant mask hides is left out, not added minus infinity to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from math import sqrt

import numpy as np

from rtlgen.frontend.expansion import Expand, Expansion
from rtlgen.frontend.expansions.masks import chosen_softmax, masked_softmax
from rtlgen.frontend.model import Array, Shape
from sim.errors import ShapeError

_Q, _K, _V, _MASK, _PAST_KEY, _PAST_VALUE, _LENGTHS = range(7)
"""Positions of inputs."""


def attention(expansion: Expansion) -> None:
    """``softmax(scale * q @ k.T + mask) @ v``."""
    Attention(expansion).write()


@dataclass
class Attention:
    """The operator while it is written out; all axes are batch, head, sequence, element."""

    expansion: Expansion

    def write(self) -> None:
        made, outputs = self.expansion.made, (*self.expansion.node.outputs, "", "", "")
        scores = made(
            "MatMul", self.query, made("Transpose", self.repeated(self.key), perm=(0, 1, 3, 2))
        )
        stages = [made("Mul", scores, self.expansion.constant(self.scale, "scale"))]
        stages.append(self._capped(stages[0]))
        stages.append(self._biased(stages[1]))
        stages.append(self._weights(stages[2]))
        y = made("MatMul", stages[3], self.repeated(self.value))
        results = [self._as_given(y), self.key, self.value, stages[self.mode]]
        for value, output in zip(results, outputs, strict=False):
            if output:
                made("Identity", value, output=output)

    # -- what the node says --------------------------------------------------------------------

    @cached_property
    def mode(self) -> int:
        """After which step the scores are an output."""
        node = self.expansion.node
        mode = node.attributes["qk_matmul_output_mode"]
        if mode not in range(4):
            raise node.unsupported(f"qk_matmul_output_mode={mode}", "0, 1, 2 or 3")
        if mode == 2 and len(node.outputs) > 3 and (self.chosen or not self.seen.all()):
            raise node.unsupported(
                "qk_matmul_output_mode=2 and a mask, which is infinite",
                "another mode",
            )
        return int(mode)

    @cached_property
    def flat(self) -> bool:
        """Whether the heads are side by side in one axis, behind the sequence."""
        return len(self.expansion.shape(_Q)) == 3

    def heads(self, position: int) -> int:
        node, name = self.expansion.node, "q_num_heads" if position == _Q else "kv_num_heads"
        if not self.flat:
            return self.expansion.shape(position)[1]
        heads, size = node.attributes.get(name, 0), self.expansion.shape(position)[2]
        if heads < 1 or size % heads:
            raise node.unsupported(f"{name}={heads} and {size} numbers for all", "a divisor of it")
        return int(heads)

    @cached_property
    def scale(self) -> float:
        """One over the root of the size of a head, if nothing else is given."""
        size = self.expansion.shape(_Q)[-1] // (self.heads(_Q) if self.flat else 1)
        return float(self.expansion.node.attributes.get("scale", 1 / sqrt(size)))

    @cached_property
    def past(self) -> int:
        """How many keys were known before."""
        return self.expansion.shape(_PAST_KEY)[2] if self.expansion.node.has(_PAST_KEY) else 0

    @cached_property
    def shape(self) -> Shape:
        """That of the scores."""
        q, k = self.expansion.shape(_Q), self.expansion.shape(_K)
        return q[0], self.heads(_Q), q[-2], k[-2] + self.past

    # -- the data ------------------------------------------------------------------------------

    @cached_property
    def query(self) -> str:
        return self._by_head(_Q)

    @cached_property
    def key(self) -> str:
        return self._with_past(_K, _PAST_KEY)

    @cached_property
    def value(self) -> str:
        return self._with_past(_V, _PAST_VALUE)

    def repeated(self, name: str) -> str:
        """Keys or values, once for each of the queries' heads that share one."""
        heads, mine = self.heads(_Q), self.heads(_K)
        if heads == mine:
            return name
        if heads % mine:
            raise self.expansion.node.unsupported(
                f"{heads} heads of queries and {mine} of keys", "a multiple of the latter"
            )
        which = self.expansion.constant(
            np.repeat(np.arange(mine), heads // mine), "heads", np.int64
        )
        return self.expansion.made("Gather", name, which, axis=1)

    def _with_past(self, position: int, past: int) -> str:
        name = self._by_head(position)
        if not self.past:
            return name
        return self.expansion.made("Concat", self.expansion.node.inputs[past], name, axis=2)

    def _by_head(self, position: int) -> str:
        name, shape = self.expansion.node.inputs[position], self.expansion.shape(position)
        if not self.flat:
            return name
        heads = self.heads(position)
        parts = self.expansion.constant((*shape[:2], heads, shape[2] // heads), "shape", np.int64)
        rows = self.expansion.made("Reshape", name, parts)
        return self.expansion.made("Transpose", rows, perm=(0, 2, 1, 3))

    def _as_given(self, y: str) -> str:
        """The result with its heads where those of the query are."""
        if not self.flat:
            return y
        size = self.expansion.shape(_V)[2] // self.heads(_V) * self.heads(_Q)
        given = (*self.expansion.shape(_Q)[:2], size)
        rows = self.expansion.made("Transpose", y, perm=(0, 2, 1, 3))
        return self.expansion.made(
            "Reshape", rows, self.expansion.constant(given, "shape", np.int64)
        )

    # -- the scores ----------------------------------------------------------------------------

    def _capped(self, scores: str) -> str:
        cap = self.expansion.node.attributes["softcap"]
        if not cap:
            return scores
        by = self.expansion.constant(cap, "softcap")
        made = self.expansion.made
        return made("Mul", made("Tanh", made("Div", scores, by)), by)

    def _biased(self, scores: str) -> str:
        return self.expansion.made("Add", scores, self.bias) if self.bias else scores

    def _weights(self, scores: str) -> str:
        if not self.chosen:
            return masked_softmax(self.expansion, scores, self.shape, self.seen)
        seen = self.chosen
        if not self.seen.all():
            both = self.expansion.constant(self.seen, "seen", np.bool_)
            seen = self.expansion.made("And", seen, both)
        return chosen_softmax(self.expansion, scores, seen)

    @cached_property
    def given(self) -> Array | None:
        """The mask, if it is a constant, for all keys."""
        name = self.expansion.node.inputs[_MASK] if self.expansion.node.has(_MASK) else ""
        mask = self.expansion.model.constants.get(name)
        if mask is None:
            return None
        missing = self.shape[-1] - mask.shape[-1]
        hidden = False if mask.dtype == np.bool_ else -np.inf
        widths = [(0, 0)] * (mask.ndim - 1) + [(0, missing)]
        return np.pad(mask, widths, constant_values=hidden)

    @cached_property
    def computed(self) -> str:
        """The mask, if it is computed, for all keys."""
        if not self.expansion.node.has(_MASK) or self.given is not None:
            return ""
        name, shape = self.expansion.node.inputs[_MASK], self.expansion.shape(_MASK)
        if missing := self.shape[-1] - shape[-1]:
            pads = [0] * (2 * len(shape) - 1) + [missing]
            name = self.expansion.made("Pad", name, self.expansion.constant(pads, "pads", np.int64))
        return name

    @cached_property
    def chosen(self) -> str:
        """A computed mask that says which keys are seen."""
        dtype = (
            self.expansion.model.dtypes.get(self.expansion.node.inputs[_MASK])
            if self.computed
            else None
        )
        return self.computed if dtype == np.bool_ else ""

    @cached_property
    def bias(self) -> str:
        """What is added to the scores."""
        if self.computed:
            return "" if self.chosen else self.computed
        if self.given is None or self.given.dtype == np.bool_:
            return ""
        return self.expansion.constant(np.where(np.isneginf(self.given), 0, self.given), "mask")

    @cached_property
    def seen(self) -> Array:
        """Which keys each query sees, of what is known; four axes or less."""
        node, (batch, _, queries, keys) = self.expansion.node, self.shape
        lengths = self.expansion.given(_LENGTHS)
        if lengths is not None and lengths.shape != (batch,):
            raise ShapeError(
                f"node {node.name!r}: nonpad_kv_seqlen has the shape {list(lengths.shape)} instead "
                f"of [{batch}]; check the shapes in the model"
            )
        before = np.array(self.past) if lengths is None else lengths - queries
        position = np.arange(queries)[:, None] + before.reshape(-1, 1, 1, 1)
        column = np.arange(keys)
        seen = np.ones((1, 1, queries, keys), np.bool_)
        if node.attributes["is_causal"]:
            seen = seen & (column <= position)
        left, right = (node.attributes[f"{side}_window_size"] for side in ("left", "right"))
        if left >= 0:
            seen = seen & (column >= position - left)
        if right >= 0:
            seen = seen & (column <= position + right)
        if lengths is not None:
            seen = seen & (column < lengths.reshape(-1, 1, 1, 1))
        if self.computed:
            seen = seen & (column < self.expansion.shape(_MASK)[-1])
        if self.given is not None:
            seen = seen & (self.given if self.given.dtype == np.bool_ else ~np.isneginf(self.given))
        return seen


EXPANSIONS: Mapping[str, Expand] = {"Attention": attention}
