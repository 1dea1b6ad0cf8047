"""What the entries of a configuration stand for: names, patterns, layers and types, in values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

import numpy as np

from kernels.base import OnnxNode
from rtlgen.frontend import Model
from rtlgen.notation import Choice
from rtlgen.wanted import PRODUCTS
from sim.errors import ConfigError, nearest

PARTS = ("bias", "output", "weights")
"""What a layer, or a type of operators, has formats for."""

Tables = Mapping[str, Mapping[str, Choice]]
Origins = dict[str, tuple[str, ...]]
"""The values that each entry was found to stand for."""


def matches(given: Mapping[str, Any], names: Iterable[str], kind: str) -> dict[str, str]:
    """The entry of each name: the name itself, or the first pattern that it fits."""
    known = set(names)
    patterns = [key for key in given if key not in known]
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in known):
            raise ConfigError(
                f"config: the model has no {kind} {pattern!r}{nearest(pattern, known)}"
            )
    return dict(_matches(given, patterns, names))


def of_layers(tables: Tables, model: Model, origins: Origins) -> dict[str, Choice]:
    """The formats of values that those of layers mean; their origins are noted."""
    keys = {node.name: node.name for node in model.nodes}
    return _of_nodes(tables, keys, "layer", model, origins)


def of_types(tables: Tables, model: Model, origins: Origins) -> dict[str, Choice]:
    """The formats of values that those of types of operators mean."""
    keys = {node.name: node.op_type for node in model.nodes}
    return _of_nodes(tables, keys, "type", model, origins)


def _of_nodes(
    tables: Tables, keys: Mapping[str, str], kind: str, model: Model, origins: Origins
) -> dict[str, Choice]:
    """``keys`` say what a table calls each node."""
    names = tuple(dict.fromkeys(keys.values()))
    matches(tables, names, _CALLED[kind])
    found: dict[str, Choice] = {}
    for part in PARTS:
        given = {key: table[part] for key, table in tables.items() if part in table}
        of_name = dict(_matches(given, [key for key in given if key not in names], names))
        meant = [
            (entry, value)
            for node in model.nodes
            if (entry := of_name.get(keys[node.name]))
            for value in _values(node, part, model)
        ]
        for entry, choice in given.items():
            own = origins[f"{entry}.{part}"] = tuple(value for key, value in meant if key == entry)
            if not own:
                raise ConfigError(
                    f"config: the {kind} {entry!r} has no {part} to be given a format"
                )
            for value in own:
                if not np.array_equal(found.setdefault(value, choice), choice):
                    raise ConfigError(
                        f"config: {kind}s give {value!r}, which they share, different formats; "
                        f"give it one in [formats]"
                    )
    return found


_CALLED = {"layer": "layer", "type": "operator of the type"}


def _matches(
    given: Mapping[str, Any], patterns: list[str], names: Iterable[str]
) -> Iterator[tuple[str, str]]:
    for name in names:
        fitting = [name] if name in given else [p for p in patterns if fnmatchcase(name, p)]
        if fitting:
            yield name, fitting[0]


def _values(node: OnnxNode, part: str, model: Model) -> list[str]:
    """The values that a key of a node's table means."""
    match part:
        case "output":
            return [name for name in node.outputs if name]
        case "weights":
            names = node.inputs[:2] if node.op_type in PRODUCTS else ()
        case _:
            sums = node.inputs if node.op_type in ("Add", "Sub") else ()
            names = node.inputs[2:] if node.op_type in PRODUCTS else sums
    return [name for name in names if name in model.constants]
