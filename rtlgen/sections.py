"""The tables of a configuration, as TOML has them: what each may hold, and what is refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from rtlgen.entries import PARTS
from rtlgen.notation import Choice, Floats, choice
from sim.errors import ConfigError, nearest


def nested(tables: Mapping[str, Any], kind: str, config: str) -> dict[str, dict[str, Choice]]:
    """The formats of a table of tables, such as ``[layers.fc1]``."""
    found: dict[str, dict[str, Choice]] = {}
    for name, part in table(tables.get(kind, {}), f"{config} [{kind}]").items():
        where = f"{config} [{kind}.{name!r}]"
        known(table(part, where), PARTS, f"{where} key")
        found[name] = {k: choice(v, f"{where} {k!r}") for k, v in part.items()}
    return found


def constants(tables: Mapping[str, Any], config: str) -> dict[str, Floats]:
    """The numbers of ``[constants]``."""
    given = table(tables.get("constants", {}), f"{config} [constants]")
    found = {}
    for name, numbers in given.items():
        try:
            array = np.array(numbers)
        except ValueError:  # of lists of different lengths
            array = np.array("")
        if array.dtype.kind not in "if" or not np.isfinite(array).all():
            raise ConfigError(
                f"{config} [constants] {name!r}: write finite numbers, in lists of equal lengths"
            )
        found[name] = array.astype(float)
    return found


def table(given: Any, where: str) -> dict[str, Any]:
    """What is given, if it is a table."""
    if not isinstance(given, dict):
        raise ConfigError(f"{where}: {given!r} is not a table of formats")
    return given


def known(names: Mapping[str, Any], allowed: tuple[str, ...], where: str) -> None:
    """Refuse a name that is none of these."""
    for name in names:
        if name not in allowed:
            raise ConfigError(f"{where} {name!r} is unknown{nearest(name, allowed)}")
