"""What is asked of each node: strategies and reuse factors of a configuration.

They stand in the same TOML file as the formats::

    [hls]                            # for the whole model
    strategy = "resource"
    reuse = 4

    [hls.operators.Conv]             # by operator
    reuse = 8

    [hls.layers."fc*"]               # by the name of a node, or a pattern of names
    strategy = "latency"

Names go before patterns, layers before operators, these before the whole model. A reuse factor
above one implies the strategy ``resource``, and the strategy ``latency`` a reuse factor of one.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import reduce
from math import prod
from pathlib import Path
from typing import Any

from hlsgen.expand import on_the_left
from hlsgen.style import Directive, Strategy
from kernels.conv import Conv
from kernels.dense import Gemm, MatMul
from rtlgen.graph import Graph, Node
from sim.errors import ConfigError, nearest

Table = Mapping[str, Any]
_PRODUCTS = (Conv, Gemm, MatMul)
_KEYS = ("strategy", "reuse")
_TABLES = ("operators", "layers")


@dataclass(frozen=True)
class Directives:
    """The tables of a configuration, checked as far as they can be without a model."""

    model: Table = field(default_factory=dict)
    operators: Mapping[str, Table] = field(default_factory=dict)
    layers: Mapping[str, Table] = field(default_factory=dict)

    @classmethod
    def read(cls, config: str | Path | Table | None) -> Directives:
        """From a TOML file, or from its tables; a file that cannot be read is said by others."""
        if config is None:
            return cls()
        where = "config" if isinstance(config, Mapping) else str(config)
        tables = config if isinstance(config, Mapping) else tomllib.loads(Path(config).read_text())
        return cls.parse(tables.get("hls", {}), f"config {where!r}:")

    @classmethod
    def parse(cls, hls: Any, where: str) -> Directives:
        table = _table(hls, f"{where} [hls]", (*_KEYS, *_TABLES))
        return cls(
            _settings({k: v for k, v in table.items() if k in _KEYS}, f"{where} [hls]"),
            *(
                {
                    name: _settings(own, f"{where} [hls.{key}.{name!r}]")
                    for name, own in _table(table.get(key, {}), f"{where} [hls.{key}]").items()
                }
                for key in _TABLES
            ),
        )

    def overridden(self, strategy: Strategy | None, reuse: int | None) -> Directives:
        """With other settings for the whole model, where these are given."""
        given = {"strategy": strategy, "reuse": reuse}
        model = _over(self.model, {k: v for k, v in given.items() if v is not None})
        return Directives(model, self.operators, self.layers)

    def of(self, graph: Graph) -> dict[str, Directive]:
        """The directive of every node of a graph, by its name.

        Raises :class:`ConfigError` for names that the graph does not have, and for reuse factors
        that do not divide a node's work.
        """
        for kind, table in self.operators.items():
            _check_operator(kind, table, graph)
        for pattern, table in self.layers.items():
            _check_layer(pattern, table, graph)
        named: dict[str, list[Node]] = {}
        for node in graph.nodes:
            named.setdefault(node.name, []).append(node)
        products = work(graph)
        return {
            name: self._directive(name, nodes, products.get(name)) for name, nodes in named.items()
        }

    def _directive(self, name: str, nodes: list[Node], products: int | None) -> Directive:
        kinds = map(_kind, sorted(nodes, key=_multiplies))  # a product goes before what follows it
        below: list[Table] = [{}, self.model, *(self.operators.get(kind, {}) for kind in kinds)]
        own = reduce(_over, [*below, self._layer(name)])
        factor = int(own.get("reuse", 1))
        strategy = Strategy(own.get("strategy", Strategy.LATENCY))
        if products is None:
            return Directive(strategy)
        if strategy is Strategy.LATENCY and factor > 1:
            raise ConfigError(
                f"node {name!r}: reuse {factor} with the strategy 'latency', which has a "
                f"multiplier for every product; choose the strategy 'resource', or reuse 1"
            )
        if products % factor:
            raise ConfigError(
                f"node {name!r}: reuse {factor} does not divide its {products:,} products; "
                f"{_nearest_divisors(products, factor)}"
            )
        return Directive(strategy, factor)

    def _layer(self, name: str) -> Table:
        if name in self.layers:
            return self.layers[name]
        return next((t for pattern, t in self.layers.items() if fnmatchcase(name, pattern)), {})


def work(graph: Graph) -> dict[str, int]:
    """The products of each node that multiplies matrices: for one position, if it has several."""
    types, products = graph.types(), {}
    for node in filter(_multiplies, graph.nodes):
        a, b = node.inputs[:2]
        left = on_the_left(graph.constants.get(a), graph.constants.get(b))
        shape = types[a if left else b].shape
        products[node.name] = prod(shape if isinstance(node.op, Conv) else shape[-2:])
    return products


def _over(below: Table, table: Table) -> Table:
    """Settings, with those of a table that goes before them; and what that implies, if it does."""
    implied: dict[str, Any] = {}
    if table.get("reuse", 1) > 1:
        implied["strategy"] = Strategy.RESOURCE
    if table.get("strategy") == Strategy.LATENCY:
        implied["reuse"] = 1
    return {**below, **implied, **table}


def _kind(node: Node) -> str:
    return type(node.op).__name__


def _multiplies(node: Node) -> bool:
    return isinstance(node.op, _PRODUCTS)


def _check_operator(kind: str, table: Table, graph: Graph) -> None:
    kinds = {_kind(node) for node in graph.nodes}
    if kind not in kinds:
        raise ConfigError(f"config: the model has no operator {kind!r}{nearest(kind, kinds)}")
    _check_reuse(table, f"operator {kind!r}", [n for n in graph.nodes if _kind(n) == kind])


def _check_layer(pattern: str, table: Table, graph: Graph) -> None:
    names = {node.name for node in graph.nodes}
    fitting = [n for n in graph.nodes if n.name == pattern or fnmatchcase(n.name, pattern)]
    if not fitting:
        raise ConfigError(f"config: the model has no layer {pattern!r}{nearest(pattern, names)}")
    _check_reuse(table, f"layer {pattern!r}", fitting)


def _check_reuse(table: Table, what: str, nodes: list[Node]) -> None:
    if "reuse" in table and not any(map(_multiplies, nodes)):
        raise ConfigError(f"config: reuse for the {what}, which multiplies no matrix; leave it out")


def _nearest_divisors(work: int, factor: int) -> str:
    """The next legal factors on both sides."""
    below = max(d for d in range(1, factor) if work % d == 0)
    above = next((d for d in range(factor + 1, work + 1) if work % d == 0), None)
    if above is None:
        return f"the nearest that does is {below}"
    return f"the nearest that do are {below} and {above}"


def _settings(table: Any, where: str) -> Table:
    """A table with a strategy, a reuse factor, or both."""
    given = _table(table, where, _KEYS)
    strategy = given.get("strategy", Strategy.LATENCY)
    if strategy not in list(Strategy):
        known = nearest(str(strategy), map(str, Strategy))
        raise ConfigError(f"{where} strategy {strategy!r} is unknown{known}")
    factor = given.get("reuse", 1)
    if type(factor) is not int or factor < 1:
        raise ConfigError(f"{where} reuse {factor!r}: give a whole number of 1 or more")
    return given


def _table(table: Any, where: str, keys: tuple[str, ...] = ()) -> Table:
    if not isinstance(table, Mapping):
        raise ConfigError(f"{where}: {table!r} is not a table")
    for key in table:
        if keys and key not in keys:
            raise ConfigError(f"{where} key {key!r} is unknown{nearest(key, keys)}")
    return table
