"""The table of all operators that kernels/README.md shows: what is taken of each, and what not.

``python -m rtlgen.frontend.catalog`` prints it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields
from functools import cached_property, partial
from types import CodeType, FunctionType
from typing import Any

import onnx

from kernels.base import Operator
from kernels.catalog import operators
from rtlgen.frontend.expansion import Expansion
from rtlgen.frontend.expansions import EXPANSIONS
from rtlgen.frontend.reading import NEWEST, OLDEST

_HEAD = (
    "| ONNX | opsets | attributes and constant inputs | refused | what it is here |",
    "|---|---|---|---|---|",
)
_OLD_NAMES = {"Scatter": "ScatterElements", "Upsample": "Resize"}


def table() -> str:
    """In Markdown: a row for each operator that a model may have, by domain and name."""
    rows = {**dict(_kernels()), **dict(_expansions())}
    rows |= {("", old): _old(old, new) for old, new in _OLD_NAMES.items() if ("", new) in rows}
    rows = dict(sorted(rows.items()))
    return "\n".join([*_HEAD, *rows.values()])


def internal() -> str:
    """In Markdown: the operators that only quantization puts into a network."""
    own = [op for op in operators() if not op.onnx]
    rows = [f"| `{op.__name__}` | `{_file(op)}` | {_listed(_names(op))} |" for op in own]
    return "\n".join(["| class | file | fields |", "|---|---|---|", *rows])


# -- rows --------------------------------------------------------------------------------------


def _kernels() -> Iterator[tuple[tuple[str, str], str]]:
    """Operators that have a class, each under all its names."""
    for op in operators():
        for name in op.onnx:
            known = onnx.defs.get_schema(name, NEWEST, "").attributes
            taken = [f"`{n}`" for n in _names(op)]
            taken += [_without_effect(n, v) for n, v in op.without_effect.items() if n in known]
            refused = [n for n in known if n not in {*_names(op), *op.without_effect}]
            where = f"`{op.__name__}` of `{_file(op)}`"
            yield (
                ("", name),
                _row(
                    name,
                    _opsets(name),
                    ", ".join(taken) or "-",
                    _listed(refused),
                    f"{where}: {op.limits}" if op.limits else where,
                ),
            )


def _expansions() -> Iterator[tuple[tuple[str, str], str]]:
    """Operators that are written out in others."""
    for domain, expansions in EXPANSIONS.items():
        for name, expand in expansions.items():
            standard = not domain and onnx.defs.has(name, "")
            known = onnx.defs.get_schema(name, NEWEST, "").attributes if standard else ()
            own = name if not domain else ""
            made = _listed([n for n in _made_of(expand) if n != own])
            yield (
                (domain, name),
                _row(
                    f"{domain}::{name}" if domain else name,
                    _opsets(name) if standard else "-",
                    _listed(list(known)),
                    "-",
                    _told(made, _words(expand)),
                ),
            )


def _told(made: str, words: str) -> str:
    written = "written out" if made == "-" else f"written out in {made}"
    return f"{written}: {words}" if words else written if made != "-" else "refused, with advice"


def _old(name: str, new: str) -> str:
    """An operator that ONNX has given another name."""
    known = onnx.defs.get_schema(name, NEWEST, "").attributes
    return _row(name, _opsets(name), _listed(list(known)), "-", f"the old name of `{new}`")


def _row(*cells: str) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _opsets(name: str) -> str:
    """From the first to the last that the operator is in and that are read."""
    schemas = [
        schema
        for schema in onnx.defs.get_all_schemas_with_history()
        if (schema.name, schema.domain) == (name, "") and schema.since_version <= NEWEST
    ]
    first = max(OLDEST, min(schema.since_version for schema in schemas))
    newest = max(schemas, key=lambda schema: schema.since_version)
    return f"{first}-{newest.since_version - 1 if newest.deprecated else NEWEST}"


def _without_effect(name: str, values: tuple[Any, ...]) -> str:
    """An attribute that may have some values only, or any."""
    return f"`{name}`={' or '.join(map(str, values))}" if values else f"`{name}` (any)"


def _names(op: type[Operator]) -> list[str]:
    return [f.name for f in fields(op)]  # type: ignore[arg-type]  # every operator is a dataclass


def _file(op: type[Operator]) -> str:
    return f"{op.__module__.rpartition('.')[2]}.py"


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "-"


# -- what an expansion writes ------------------------------------------------------------------


def _words(expand: Callable[..., Any]) -> str:
    """What its docstring says first, without the full stop."""
    text = (_function(expand).__doc__ or "").strip().partition("\n\n")[0]
    return " ".join(text.split()).rstrip(".")


def _made_of(expand: Callable[..., Any]) -> list[str]:
    """The operators that are named in a function, and in what it uses of the expansions."""
    found: set[str] = set()
    seen: set[int] = set()
    waiting: list[Any] = [expand]
    while waiting:
        value = waiting.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        match value:
            case str():
                if value in Operator.registry or value in EXPANSIONS[""]:
                    found.add(value)
            case tuple():
                waiting += value
            case partial():
                waiting += [value.func, *value.args]
            case property() | cached_property():
                waiting.append(value.fget if isinstance(value, property) else value.func)
            case type() if _is_ours(value):
                waiting += vars(value).values()
            case FunctionType() if _is_ours(value):
                waiting += _mentioned(value)
    return sorted(found)


def _is_ours(value: Any) -> bool:
    return bool(value.__module__.startswith(Expansion.__module__))


def _function(expand: Callable[..., Any]) -> Callable[..., Any]:
    return _function(expand.func) if isinstance(expand, partial) else expand


def _mentioned(function: FunctionType) -> Iterator[Any]:
    """Constants of its code, what its names stand for, and what it encloses."""
    yield from (cell.cell_contents for cell in function.__closure__ or ())
    codes = [function.__code__]
    while codes:
        code = codes.pop()
        codes += [constant for constant in code.co_consts if isinstance(constant, CodeType)]
        documented = code is function.__code__ and function.__doc__
        yield from (c for c in code.co_consts if not (documented and c == function.__doc__))
        yield from (function.__globals__.get(name) for name in code.co_names)


if __name__ == "__main__":
    print(table(), "", internal(), sep="\n")  # noqa: T201
