"""All operators that there are; ``rtlgen.frontend.catalog`` makes a table of them."""

from __future__ import annotations

from collections.abc import Iterator
from inspect import isabstract
from typing import Any

import kernels
from kernels.base import Operator


def operators() -> list[type[Operator]]:
    """Every class of these families that can be instantiated, by file and name."""
    found = {op for op in _below(Operator) if op.__module__.startswith(f"{kernels.__name__}.")}
    return sorted(found, key=lambda op: (op.__module__, op.__name__))


def _below(base: Any) -> Iterator[type[Operator]]:
    for op in base.__subclasses__():
        yield from _below(op)
        if "__dataclass_fields__" in vars(op) and not isabstract(op):
            yield op
