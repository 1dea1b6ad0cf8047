"""The kernels of a project: those that it uses, in one header, for one compiler."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import kernels
from hlsgen.dialect import Dialect

FOLDER = Path(kernels.__file__).parent
FAMILIES = (
    *(
        "beats",
        "elementwise",
        "logic",
        "quant",
        "table",
        "shift",
        "dense",
        "windows",
        "conv",
        "pool",
        "shape",
    ),
)
"""The headers of kernels, each behind those that it includes."""

_BODY = re.compile(r"namespace kernels \{\n(.*)\n\}  // namespace kernels", re.DOTALL)
_PARAGRAPH = re.compile(r"\n\n(?=\S)")
_COMMENT = re.compile(r"//.*")
_WORD = re.compile(r"[A-Za-z_]\w*")
_TYPE = re.compile(r"^(?:class|enum class|struct|using|#define) (\w+)", re.MULTILINE)
_FUNCTION = re.compile(r"\b(?!(?:decltype|sizeof|static_cast)\()(\w+)\(")
_TEMPLATE = re.compile(r"^template <.*?>\n", re.MULTILINE | re.DOTALL)


def library(used: str, dialect: Dialect) -> str:
    """The definitions that this C++ uses, and those that they use, as a header."""
    kept = "\n\n".join(_needed(used))
    return "\n".join(
        [
            "// The kernels that the network uses.",
            "#pragma once",
            "",
            '#include "fixed.h"',
            "",
            "namespace kernels {",
            "",
            dialect.render(kept),
            "}  // namespace kernels",
            "",
        ]
    )


@cache
def names() -> frozenset[str]:
    """What the kernels and their numbers define, and nothing else may be called."""
    numbers = "\n\n".join(
        path.read_text() for path in FOLDER.glob("*.h") if path.stem not in FAMILIES
    )
    every = [*_definitions(), *_PARAGRAPH.split(numbers)]
    return frozenset(name for text in every for name in _defined(text))


def _needed(used: str) -> list[str]:
    definitions = _definitions()
    words = _words(used)
    kept: set[int] = set()
    for i in reversed(range(len(definitions))):  # whatever uses something stands behind it
        if words.intersection(_defined(definitions[i])):
            kept.add(i)
            words |= _words(definitions[i])
    return [text for i, text in enumerate(definitions) if i in kept]


def _words(text: str) -> set[str]:
    """Those of C++, without its comments: a layer may be called as any kernel."""
    return set(_WORD.findall(_COMMENT.sub("", text)))


@cache
def _definitions() -> tuple[str, ...]:
    """Every paragraph of every family: a comment, and what it explains."""
    texts = [_BODY.search((FOLDER / f"{family}.h").read_text()) for family in FAMILIES]
    bodies = [match[1] for match in texts if match]
    assert len(bodies) == len(FAMILIES)
    return tuple(part for body in bodies for part in _PARAGRAPH.split(body.strip("\n")))


def _defined(text: str) -> list[str]:
    """The names of the types and functions of a paragraph, which are all at its left edge."""
    code = _TEMPLATE.sub("", "\n".join(t for t in text.split("\n") if not t.startswith("//")))
    heads = [line for line in code.split("\n") if line[:1].isalpha()]
    functions = (_FUNCTION.search(line) for line in heads if "(" in line)
    return [*_TYPE.findall(code), *(match[1] for match in functions if match)]
