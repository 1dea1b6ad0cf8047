"""Formats that the user gives, by tensor, layer, type of operators or pattern.

A configuration is TOML::

    [defaults]                       # for what nothing else names
    inputs = "16 per tensor"         # one step for all elements of an input
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

    [types.Conv]                     # by the ONNX operator of a node, or a pattern of them
    weights = "6"

    [constants]                      # numbers that take the place of the model's
    "fc1.bias" = [0.25, -1.5]

A format is ``[s|u]WIDTH [eEXP] [ROUNDING] [OVERFLOW] [per element|channel|tensor]``. Without a sign
or a step, both follow from what calibration saw, or from the constant itself:
:class:`rtlgen.notation.Fit` says how. Weights then have a step for each output channel, vectors
that :func:`rtlgen.wanted.apart` names one for each element, all else one for the tensor, unless the
format says ``per`` what. Unless said, values are rounded to the nearest, ties to even, and
saturate. [formats] go before [layers], those before [types], those before [defaults]; within each,
names before patterns, and the first pattern before the others. A default that lacks a sign or step
where there are no samples is left alone.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from rtlgen import entries, sections
from rtlgen.frontend import Model
from rtlgen.moments import Moments
from rtlgen.notation import SHOWN, Choice, Chosen, Fit, Floats, Format, choice, choose
from rtlgen.rationals import broadcasts
from rtlgen.wanted import apart
from sim.errors import ConfigError, nearest
from sim.intervals import Intervals
from sim.rounding import Interval

Ranges = Mapping[str, tuple[Floats, Floats]]
"""The least and largest number of every element of a value, by its name."""

_TABLES = ("defaults", "formats", "layers", "types", "constants", "hls")
"""[hls] is for hlsgen alone, which reads it from the same file."""
_DEFAULTS = ("activations", "inputs", "weights")


@dataclass(frozen=True)
class Formats:
    """Every format of a configuration, and the ranges that its gaps are filled from."""

    defaults: Mapping[str, Format] = field(default_factory=dict)
    values: Mapping[str, Choice] = field(default_factory=dict)
    layers: Mapping[str, Mapping[str, Choice]] = field(default_factory=dict)
    types: Mapping[str, Mapping[str, Choice]] = field(default_factory=dict)
    ranges: Ranges = field(default_factory=dict)
    rms: Mapping[str, Floats] = field(default_factory=dict)
    """The root of the mean square of every element, as calibration saw it."""
    numbers: Mapping[str, Floats] = field(default_factory=dict)
    """Some numbers of each value, as calibration saw them; of one that is apart, whole samples."""
    moments: Mapping[str, Moments] = field(default_factory=dict)
    """Of what weights are multiplied with, as calibration saw it."""
    apart: frozenset[str] = frozenset()
    """Vectors whose elements have a step each, unless their format says otherwise."""
    fit: Fit = Fit.ERROR
    constants: Mapping[str, Floats] = field(default_factory=dict)
    """What takes the place of the model's, once normalizations are folded into them."""
    origins: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The values that each entry of the configuration was found to stand for."""

    @classmethod
    def of(cls, config: str | Path | Mapping[str, Any] | None) -> Formats:
        """Those of a file or of a mapping; none of neither."""
        match config:
            case None:
                return cls()
            case Mapping():
                return cls.parse(config, "config")
            case _:
                return cls.read(config)

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
        sections.known(tables, _TABLES, f"{config} table")
        defaults = sections.table(tables.get("defaults", {}), f"{config} [defaults]")
        sections.known(defaults, _DEFAULTS, f"{config} [defaults] key")
        values = sections.table(tables.get("formats", {}), f"{config} [formats]")
        return cls(
            {k: Format.parse(v, f"{config} [defaults] {k!r}") for k, v in defaults.items()},
            {k: choice(v, f"{config} [formats] {k!r}") for k, v in values.items()},
            sections.nested(tables, "layers", config),
            sections.nested(tables, "types", config),
            constants=sections.constants(tables, config),
        )

    def bound(self, model: Model) -> Formats:
        """The same with a format for each name that is meant; patterns, layers and types gone.

        Refused are names, patterns and keys of layers and types that nothing in the model has.
        """
        names = [*model.inputs, *model.constants, *model.producers()]
        named = entries.matches(self.values, names, "value")
        origins = {key: tuple(n for n, k in named.items() if k == key) for key in self.values}
        given = entries.of_types(self.types, model, origins)
        given |= entries.of_layers(self.layers, model, origins)
        given |= {name: self.values[key] for name, key in named.items()}
        own = frozenset(apart(model))
        return replace(self, values=given, layers={}, types={}, origins=origins, apart=own)

    def with_widths(self, widths: Mapping[str, int], single: Mapping[str, int]) -> Formats:
        """The same with so many bits for these defaults, and for single values that follow them."""
        defaults = {
            kind: replace(given, width=widths.get(kind, given.width))
            for kind, given in self.defaults.items()
        }
        own = {
            name: np.array(
                replace(defaults["activations" if name in self.ranges else "weights"], width=width),
                object,
            )
            for name, width in single.items()
        }
        return replace(self, defaults=defaults, values={**self.values, **own})

    def check_used(self, used: Iterable[str]) -> None:
        """Refuse entries that have changed nothing."""
        known = set(used)
        for entry, names in self.origins.items():
            if names and not known.intersection(names):
                raise ConfigError(
                    f"config: the format of {entry!r} has no effect; formats are for inputs, "
                    f"results of nodes, weights and biases"
                )

    def replaced(self, model: Model) -> dict[str, Floats]:
        """The constants of a model, with those of the configuration among them."""
        for name, numbers in self.constants.items():
            if name not in model.constants:
                raise ConfigError(
                    f"config: [constants] {name!r}: the model has no such constant"
                    f"{nearest(name, model.constants)}"
                )
            own = model.constants[name].shape
            if not broadcasts(own, numbers.shape):
                raise ConfigError(
                    f"config: [constants] {name!r} has the shape {list(numbers.shape)}, but that "
                    f"of the model has {list(own)}; give as many numbers"
                )
        return {**model.constants, **self.constants}

    def input(self, name: str, shape: tuple[int, ...]) -> Chosen | None:
        """The formats of an input."""
        return self._chosen(name, shape) or self._default("inputs", name, shape)

    def value(self, name: str, shape: tuple[int, ...]) -> Chosen | None:
        """The formats that are given for what a node computes."""
        return self._chosen(name, shape, alike=True)

    def activation(self, name: str, shape: tuple[int, ...]) -> Chosen | None:
        """The formats of what goes into a product, if nothing has given it any."""
        return self._default("activations", name, shape, alike=True)

    def gives(self, name: str, kind: str) -> bool:
        """Whether a constant of this kind will be given a format."""
        return name in self.values or kind in self.defaults

    def constant(
        self, name: str, values: Floats, kind: str = "", magnitude: Any = 0, axis: int | None = None
    ) -> Chosen | None:
        """The formats of a constant, by default those of this kind.

        ``magnitude`` broadcasts to the values: what each is multiplied with lies below two to
        this power. Where the step is left to the data, it is finer in proportion, so that the
        errors of all products are alike. ``axis`` counts the channels of the product.
        """
        if not self.gives(name, kind):
            return None
        given = self.values.get(name)
        if given is None:
            given = np.array(self.defaults[kind], object)
        first = given.flat[0]
        if first.per == "channel" and axis is None:
            raise _not_of_weights(name)
        by_channel = axis is not None and first.per != "tensor"
        if given.size > 1 or first.exp is not None or first.per == "element":
            return choose(given, (values, values), values.shape, name)
        by = np.broadcast_to(magnitude, values.shape)
        scaled = np.ldexp(values, by)
        whole = first.interval(float(scaled.min(initial=0)), float(scaled.max(initial=0)))
        plain = replace(first, signed=whole.signed)
        parts = np.moveaxis(scaled, axis or 0, 0) if by_channel else scaled[None]
        exps = np.array([self._closest(plain, part.reshape(-1)).exp for part in parts], np.int64)
        exp = np.moveaxis(np.broadcast_to(exps, (*parts.shape[1:], len(exps))), -1, axis or 0)
        steps = (exp if by_channel else exps[0]) - by
        full = Intervals.full(values.shape, whole)
        return Chosen(Intervals(full.lo, full.hi, steps), first.rounding, first.overflow)

    def magnitude(self, name: str) -> Any:
        """How large calibration saw each element, as a power of two that is above.

        Above its root mean square, for what counts are mean squared errors; by the range, above
        every number.
        """
        if name not in self.ranges:
            return None
        lo, hi = self.ranges[name]
        largest = np.maximum(np.abs(lo), np.abs(hi))
        exponents = np.frexp(self.rms[name] if self.fit is Fit.ERROR else largest)[1]
        seen = largest > 0
        return np.where(seen, exponents, exponents[seen].min() if seen.any() else 0)

    def _closest(self, given: Format, numbers: Floats) -> Interval:
        """The range and step for all of these numbers."""
        interval = given.interval(float(numbers.min(initial=0)), float(numbers.max(initial=0)))
        return given.closest(numbers, interval) if self.fit is Fit.ERROR else interval

    def _default(
        self, kind: str, name: str, shape: tuple[int, ...], *, alike: bool = False
    ) -> Chosen | None:
        given = self.defaults.get(kind)
        if given is None or not (given.complete or name in self.ranges):
            return None
        return self._choose(np.array(given, object), name, shape, alike=alike)

    def _chosen(self, name: str, shape: tuple[int, ...], *, alike: bool = False) -> Chosen | None:
        given = self.values.get(name)
        if given is None:
            return None
        if name not in self.ranges and not all(f.complete for f in given.flat):
            raise ConfigError(
                f"config: the format of {name!r} leaves its sign or step to the data, but there "
                f"are none; write it {SHOWN.split(' or ')[0]}, or give --calibrate DATA.npz"
            )
        return self._choose(given, name, shape, alike=alike)

    def _choose(self, given: Choice, name: str, shape: tuple[int, ...], *, alike: bool) -> Chosen:
        if given.flat[0].per == "channel":
            raise _not_of_weights(name)
        numbers = self.numbers.get(name) if self.fit is Fit.ERROR else None
        if name in self.apart and given.size == 1 and not given.flat[0].per:
            given = np.array(replace(given.flat[0], per="element"), object)
        return choose(given, self.ranges.get(name), shape, name, numbers, alike=alike)


def _not_of_weights(name: str) -> ConfigError:
    return ConfigError(
        f"config: the format of {name!r} is per channel, which only those of weights may be; "
        f"write it per element, or leave that out"
    )
