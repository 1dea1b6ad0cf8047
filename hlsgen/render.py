"""Text of a project: jinja2 templates, and the parts of C++ that need more than a template."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from textwrap import fill
from typing import Any

import jinja2

from hlsgen import formats
from hlsgen.calls import Call, Program

_FOLDER = Path(__file__).parent
_WIDTH = 100
_INDENT = " " * 8


def environment() -> jinja2.Environment:
    """Templates of ours and of the vendors; a name that is not given is an error."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader([_FOLDER / "templates", _FOLDER / "vendors"]),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701  # it is C++ that is written, not HTML
    )
    made.filters["nested"] = nested
    made.filters["comment"] = comment
    made.filters["number"] = formats.number
    made.filters["comment"] = comment
    made.filters["statement"] = statement
    return made


def nested(texts: Any) -> str:
    """Initializers as C++ nests them: a line for each row."""
    if texts.ndim == 1:
        return f"{{{', '.join(texts)}}}"
    rows = (nested(row) for row in texts)
    if texts.ndim > 2:
        return f"{{{', '.join(rows)}}}"
    return "\n".join(["{", *(f"    {row}," for row in rows), "}"])


def statements(program: Program) -> str:
    """A line for each call, behind the name of the node that it is for."""
    return "\n".join(_statements(program))


def _statements(program: Program) -> Iterator[str]:
    node = None
    for call in program.calls:
        if call.node != node:
            yield f"    // {comment(call.node)}"
            node = call.node
        yield statement(call)


def statement(call: Call) -> str:
    """As ``dense<fixed<8, 4, true>, 1, 1>(fc1, x, fc1_weights, fc1_bias);``, in lines that fit."""
    accumulator = [] if call.accumulator is None else [formats.number(call.accumulator)]
    template = ", ".join([*accumulator, *call.template])
    arguments = ", ".join(argument.name for argument in call.arguments)
    head = f"    {call.kernel}<{template}>(" if template else f"    {call.kernel}("
    if len(head) + len(arguments) + 2 <= _WIDTH:
        return f"{head}{arguments});"
    return f"{_filled(head, ' ' * 4)}\n{_filled(f'{arguments});', _INDENT)}"


def _filled(text: str, first: str) -> str:
    return fill(
        text.strip(),
        _WIDTH,
        initial_indent=first,
        subsequent_indent=_INDENT,
        break_long_words=False,
        break_on_hyphens=False,
    )


def comment(name: str) -> str:
    """A name of the model as a comment: in one line, which the next one does not go on with.

    That it would behind a backslash, or what older C++ takes for one: two question marks and a
    slash.
    """
    line = name.encode("unicode_escape").decode().replace("\\", "/")
    return re.sub(r"\?(?=\?)", "? ", line)
