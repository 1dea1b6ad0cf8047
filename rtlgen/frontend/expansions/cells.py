"""The cells of RNN, GRU and LSTM: what one of their steps computes.

What an absent initial state would bring, products with zeros, is left out.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from rtlgen.frontend.expansion import Expansion
from rtlgen.frontend.expansions.gates import Function

State = tuple[str, ...]
"""The values that a step hands to the next, the output first; '' for zeros."""


@dataclass
class Cell(ABC):
    """A cell that walks over time in one direction."""

    expansion: Expansion
    prefix: str
    """Of the names of its values: of the direction."""
    hidden: int
    functions: tuple[Function, ...]
    r: str
    """The recurrent weights, transposed: from a row of states to one of gates."""
    rb: str = ""
    """Their bias, where it has to wait for their product."""
    peepholes: tuple[str, ...] = ("", "", "")
    """Weights of the inner state in the gates i, o and f."""

    gates: ClassVar[int]
    """How many parts the weights have."""
    states: ClassVar[int] = 1
    defaults: ClassVar[tuple[str, ...]]
    """The activations where the node names none."""

    @abstractmethod
    def step(self, x: str, state: State, t: int) -> State:
        """The state after one step, from the products of its input and the state before it."""

    def with_bias(self, products: str, rb: str) -> str:
        """The products of the input, with the bias of the recurrent weights where that may be."""
        return self.plus(products, rb)

    def made(self, op_type: str, *inputs: str, called: str = "") -> str:
        return self.expansion.made(op_type, *inputs, called=self.prefix + (called or op_type))

    def split(self, x: str, count: int) -> tuple[str, ...]:
        """The parts of the gates."""
        return self.expansion.split(x, (self.hidden,) * count, -1, f"{self.prefix}Split")

    def recurrent(self, h: str, r: str) -> str:
        """The product of a state and weights."""
        return self.made("MatMul", h, r) if h else ""

    def plus(self, *terms: str, called: str = "") -> str:
        """A sum without what is ''."""
        total, *others = list(filter(None, terms)) or [""]
        for term in others:
            total = self.made("Add", total, term, called=called)
        return total

    def times(self, a: str, b: str, called: str = "") -> str:
        """A product; '' if one of the two is."""
        return self.made("Mul", a, b, called=called) if a and b else ""

    def activated(self, which: int, x: str, called: str) -> str:
        """A function of the cell, of what is clipped if the node says so."""
        limit = self.expansion.node.attributes.get("clip")
        if limit is not None:
            ends = (self.expansion.constant(end, "clip") for end in (-limit, limit))
            x = self.made("Clip", x, *ends)
        return self.functions[which](x, self.prefix + called)


class Rnn(Cell):
    """``h = f(x W + h R + b)``."""

    gates = 1
    defaults = ("Tanh",)

    def step(self, x: str, state: State, t: int) -> State:
        (h,) = state
        return (self.activated(0, self.plus(x, self.recurrent(h, self.r)), f"h.{t}"),)


class Lstm(Cell):
    """``c = f c + i g`` and ``h = o tanh(c)``; the weights' parts are those of i, o, f and g."""

    gates = 4
    states = 2
    defaults = ("Sigmoid", "Tanh", "Tanh")

    def step(self, x: str, state: State, t: int) -> State:
        h, c = state
        i, o, f, g = self.split(self.plus(x, self.recurrent(h, self.r)), 4)
        pi, po, pf = self.peepholes
        i = self.activated(0, self.plus(i, self.times(c, pi)), f"i.{t}")
        g = self.activated(1, g, f"g.{t}")
        new = self.times(i, g, "" if c else f"c.{t}")
        if c:
            kept = self.times(self._forget(f, i, c, pf, t), c)
            new = self.plus(kept, new, called=f"c.{t}")
        o = self.activated(0, self.plus(o, self.times(new, po)), f"o.{t}")
        squashed = self.functions[2](new, f"{self.prefix}squashed.{t}")
        return self.times(o, squashed, f"h.{t}"), new

    def _forget(self, f: str, i: str, c: str, pf: str, t: int) -> str:
        if self.expansion.node.attributes["input_forget"]:
            return self.made("Sub", self.expansion.constant(1, "one"), i)
        return self.activated(0, self.plus(f, self.times(c, pf)), f"f.{t}")


class Gru(Cell):
    """``h = (1 - z) g + z h``, as ``g + z (h - g)``, which is one product; parts z, r and g.

    The new g is of ``(r h) R + b``, or with ``linear_before_reset`` of ``r (h R + b)``.
    """

    gates = 3
    defaults = ("Sigmoid", "Tanh")

    def step(self, x: str, state: State, t: int) -> State:
        (h,) = state
        xz, xr, xg = self.split(x, 3)
        if self.expansion.node.attributes["linear_before_reset"]:
            product = self.plus(self.recurrent(h, self.r), self.rb)
            hz, hr, hg = self.split(product, 3) if product else ("", "", "")
            z, r = self._gate(xz, hz, f"z.{t}"), self._gate(xr, hr, f"r.{t}")
            g = self.plus(xg, self.times(r, hg))
        else:
            product = self.recurrent(h, self._parts[0])
            hz, hr = self.split(product, 2) if product else ("", "")
            z, r = self._gate(xz, hz, f"z.{t}"), self._gate(xr, hr, f"r.{t}")
            g = self.plus(xg, self.recurrent(self.times(r, h), self._parts[1]))
        g = self.activated(1, g, f"g.{t}")
        if not h:
            rest = self.made("Sub", self.expansion.constant(1, "one"), z)
            return (self.times(rest, g, f"h.{t}"),)
        return (self.plus(g, self.times(z, self.made("Sub", h, g)), called=f"h.{t}"),)

    def with_bias(self, products: str, rb: str) -> str:
        if not self.expansion.node.attributes["linear_before_reset"]:
            return super().with_bias(products, rb)
        self.rb = rb
        return products

    def _gate(self, x: str, product: str, called: str) -> str:
        return self.activated(0, self.plus(x, product), called)

    @cached_property
    def _parts(self) -> tuple[str, str]:
        """The weights of z and r, and those of g."""
        sizes = 2 * self.hidden, self.hidden
        gates, new = self.expansion.split(self.r, sizes, 1, f"{self.prefix}R")
        return gates, new
