"""Formats that the user gives, by tensor, layer or pattern.

A configuration is TOML::

    [defaults]                       # for what nothing else names
    inputs = "16 per element"        # one step for each element of an input
    weights = "s8"                   # the step follows from the largest weight
    activations = "10"               # what goes into a product; sign and step from the data

    [formats]                        # by the name of a value, or a pattern of names
    "pixels" = "u4 e-4"
    "relu*" = "u6 e-3 half_up wrap"
    "fc2.weight" = [["s8 e-6"], ["s8 e-5"]]     # broadcasts to the value's shape

    [layers."fc1"]                   # by the name of a node, or a pattern of names
    weights = "s6 e-5"
    bias = "s8 e-4"
    output = "s12 e-6"

A format is ``[s|u]WIDTH [eEXP] [ROUNDING] [OVERFLOW] [per element]``. Without a sign or a step,
both follow from the range that calibration found, or from the constant itself. Unless said,
values are rounded to the nearest, ties to even, and saturate. [formats] go before [layers], those
before [defaults], and names before patterns. A default that lacks a sign or step where there is no
range is left alone.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import numpy as np

from kernels.base import OnnxNode
from rtlgen.frontend import Model
from rtlgen.notation import SHOWN, Choice, Chosen, Floats, Format, choice, choose
from rtlgen.wanted import PRODUCTS
from sim.errors import ConfigError, nearest
from sim.intervals import Intervals

Ranges = Mapping[str, tuple[Floats, Floats]]
"""The least and largest number of every element of a value, by its name."""

_TABLES = ("defaults", "formats", "layers", "hls")
"""[hls] is for hlsgen alone, which reads it from the same file."""
_DEFAULTS = ("activations", "inputs", "weights")
_LAYER = ("bias", "output", "weights")


@dataclass(frozen=True)
class Formats:
    """Every format of a configuration, and the ranges that its gaps are filled from."""

    defaults: Mapping[str, Format] = field(default_factory=dict)
    values: Mapping[str, Choice] = field(default_factory=dict)
    layers: Mapping[str, Mapping[str, Choice]] = field(default_factory=dict)
    ranges: Ranges = field(default_factory=dict)
    origins: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The values that each entry of the configuration was found to stand for."""

    @classmethod
    def read(cls, path: str | Path) -> Formats:
        """From a TOML file."""
        try:
            return cls.parse(tomllib.loads(Path(path).read_text()), str(path))
        except OSError as error:
            reason = error.strerror
            raise ConfigError(f"config {str(path)!r}: {reason}; give a TOML file") from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ConfigError(f"config {str(path)!r}: not TOML: {error}") from error

    @classmethod
    def parse(cls, tables: Mapping[str, Any], where: str) -> Formats:
        """From TOML's tables; an unknown key is refused with the nearest known one."""
        config = f"config {where!r}:"
        _known(tables, _TABLES, f"{config} table")
        defaults = _table(tables.get("defaults", {}), f"{config} [defaults]")
        _known(defaults, _DEFAULTS, f"{config} [defaults] key")
        values = _table(tables.get("formats", {}), f"{config} [formats]")
        layers = _table(tables.get("layers", {}), f"{config} [layers]")
        for name, table in layers.items():
            _known(
                _table(table, f"{config} [layers.{name!r}]"),
                _LAYER,
                f"{config} [layers.{name!r}] key",
            )
        return cls(
            {k: Format.parse(v, f"{config} [defaults] {k!r}") for k, v in defaults.items()},
            {k: choice(v, f"{config} [formats] {k!r}") for k, v in values.items()},
            {
                name: {k: choice(v, f"{config} [layers.{name!r}] {k!r}") for k, v in table.items()}
                for name, table in layers.items()
            },
        )

    def bound(self, model: Model) -> Formats:
        """The same with a format for each name that is meant, and patterns and layers gone.

        Refused are names, patterns and keys of layers that nothing in the model has.
        """
        names = [*model.inputs, *model.constants, *model.producers()]
        entries = dict(_matches(self.values, names, "value"))
        origins = {key: tuple(n for n, k in entries.items() if k == key) for key in self.values}
        given = self._of_layers(model, origins)
        given |= {name: self.values[key] for name, key in entries.items()}
        return replace(self, values=given, layers={}, origins=origins)

    def check_used(self, used: Iterable[str]) -> None:
        """Refuse entries that have changed nothing."""
        known = set(used)
        for entry, names in self.origins.items():
            if names and not known.intersection(names):
                raise ConfigError(
                    f"config: the format of {entry!r} has no effect; formats are for inputs, "
                    f"results of nodes, weights and biases"
                )

    def input(self, name: str, shape: tuple[int, ...]) -> Chosen | None:
        """The formats of an input."""
        return self._chosen(name, shape) or self._default("inputs", name, shape)

    def value(self, name: str, shape: tuple[int, ...]) -> Chosen | None:
        """The formats that are given for what a node computes."""
        return self._chosen(name, shape, alike=True)

    def activation(self, name: str, shape: tuple[int, ...]) -> Chosen | None:
        """The formats of what goes into a product, if nothing has given it any."""
        return self._default("activations", name, shape, alike=True)

    def constant(
        self, name: str, values: Floats, kind: str = "", magnitude: Any = 0
    ) -> Chosen | None:
        """The formats of a constant, by default those of this kind.

        ``magnitude`` broadcasts to the values: what each is multiplied with lies below two to
        this power. Where the step is left to the data, it is finer in proportion, so that the
        errors of all products are alike.
        """
        given = self.values.get(name)
        if given is None and kind in self.defaults:
            given = np.array(self.defaults[kind], object)
        if given is None:
            return None
        first = given.flat[0]
        if given.size > 1 or first.exp is not None or first.per_element:
            return choose(given, (values, values), values.shape, name)
        by = np.broadcast_to(magnitude, values.shape)
        scaled = np.ldexp(values, by)
        interval = first.interval(float(scaled.min(initial=0)), float(scaled.max(initial=0)))
        full = Intervals.full(values.shape, interval)
        return Chosen(Intervals(full.lo, full.hi, full.exp - by), first.rounding, first.overflow)

    def magnitude(self, name: str) -> Any:
        """Two to this power is above every number that calibration saw, element by element."""
        if name not in self.ranges:
            return None
        lo, hi = self.ranges[name]
        largest = np.maximum(np.abs(lo), np.abs(hi))
        exponents, seen = np.frexp(largest)[1], largest > 0
        return np.where(seen, exponents, exponents[seen].min() if seen.any() else 0)

    def _of_layers(self, model: Model, origins: dict[str, tuple[str, ...]]) -> dict[str, Choice]:
        """The formats of values that those of layers mean; their origins are noted."""
        found: dict[str, Choice] = {}
        names = [node.name for node in model.nodes]
        dict(_matches(self.layers, names, "layer"))
        for part in _LAYER:
            tables = {key: table[part] for key, table in self.layers.items() if part in table}
            of_node = dict(_matches(tables, names, "layer"))
            meant = [
                (k, n)
                for node in model.nodes
                if (k := of_node.get(node.name))
                for n in _parts(node, part, model)
            ]
            for key, given in tables.items():
                own = origins[f"{key}.{part}"] = tuple(name for k, name in meant if k == key)
                if not own:
                    raise ConfigError(
                        f"config: the layer {key!r} has no {part} to be given a format"
                    )
                for name in own:
                    if not np.array_equal(found.setdefault(name, given), given):
                        raise ConfigError(
                            f"config: layers give {name!r}, which they share, different formats; "
                            f"give it one in [formats]"
                        )
        return found

    def _default(
        self, kind: str, name: str, shape: tuple[int, ...], *, alike: bool = False
    ) -> Chosen | None:
        given = self.defaults.get(kind)
        if given is None or not (given.complete or name in self.ranges):
            return None
        return choose(np.array(given, object), self.ranges.get(name), shape, name, alike=alike)

    def _chosen(self, name: str, shape: tuple[int, ...], *, alike: bool = False) -> Chosen | None:
        given = self.values.get(name)
        if given is None:
            return None
        if name not in self.ranges and not all(f.complete for f in given.flat):
            raise ConfigError(
                f"config: the format of {name!r} leaves its sign or step to the data, but there "
                f"are none; write it {SHOWN.split(' or ')[0]}, or give --calibrate DATA.npz"
            )
        return choose(given, self.ranges.get(name), shape, name, alike=alike)


def _matches(given: Mapping[str, Any], names: list[str], kind: str) -> Iterator[tuple[str, str]]:
    """Each name with its entry: the name itself, or the first pattern that it fits."""
    known = set(names)
    patterns = [key for key in given if key not in known]
    for name in names:
        fitting = [name] if name in given else [p for p in patterns if fnmatchcase(name, p)]
        if fitting:
            yield name, fitting[0]
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in names):
            raise ConfigError(
                f"config: the model has no {kind} {pattern!r}{nearest(pattern, known)}"
            )


def _parts(node: OnnxNode, part: str, model: Model) -> list[str]:
    """The values that a key of a layer's table means."""
    match part:
        case "output":
            return [name for name in node.outputs if name]
        case "weights":
            names = node.inputs[:2] if node.op_type in PRODUCTS else ()
        case _:
            sums = node.inputs if node.op_type in ("Add", "Sub") else ()
            names = node.inputs[2:] if node.op_type in PRODUCTS else sums
    return [name for name in names if name in model.constants]


def _table(table: Any, where: str) -> dict[str, Any]:
    if not isinstance(table, dict):
        raise ConfigError(f"{where}: {table!r} is not a table of formats")
    return table


def _known(names: Mapping[str, Any], known: tuple[str, ...], where: str) -> None:
    for name in names:
        if name not in known:
            raise ConfigError(f"{where} {name!r} is unknown{nearest(name, known)}")
