"""All operators that there are, and the table of them that the README shows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from inspect import isabstract
from typing import Any

import kernels
from kernels.base import Operator


def operators() -> list[type[Operator]]:
    """Every class of these families that can be instantiated, by file and name."""
    found = {op for op in _below(Operator) if op.__module__.startswith(f"{kernels.__name__}.")}
    return sorted(found, key=lambda op: (op.__module__, op.__name__))


def table() -> str:
    """In Markdown."""
    rows = [
        f"| {', '.join(op.onnx) or '-'} | `{op.__name__}` | `{_file(op)}` | {_fields(op)} | "
        f"{op.scales.name.lower()} |"
        for op in operators()
    ]
    head = "| ONNX | class | file | attributes and constant inputs | scales |"
    return "\n".join([head, "|---|---|---|---|---|", *rows])


def _below(base: Any) -> Iterator[type[Operator]]:
    for op in base.__subclasses__():
        yield from _below(op)
        if "__dataclass_fields__" in vars(op) and not isabstract(op):
            yield op


def _file(op: type[Operator]) -> str:
    return f"{op.__module__.rpartition('.')[2]}.py"


def _fields(op: type[Operator]) -> str:
    names = [f.name for f in fields(op)]  # type: ignore[arg-type]  # every operator is a dataclass
    return ", ".join(f"`{name}`" for name in names) or "-"


if __name__ == "__main__":
    print(table())  # noqa: T201
