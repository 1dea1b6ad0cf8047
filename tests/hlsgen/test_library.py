"""The kernels of a project: all that is used, and nothing else."""

from __future__ import annotations

import re
import subprocess

import pytest

from hlsgen import library, numbers
from hlsgen.dialect import PLAIN, VITIS
from hlsgen.library import FAMILIES, FOLDER, names

INCLUDE = re.compile(r'#include "(\w+)\.h"')
WORD = re.compile(r"[A-Za-z_]\w*")


def included(stem: str) -> set[str]:
    """A header, and what it includes in turn."""
    own = INCLUDE.findall((FOLDER / f"{stem}.h").read_text())
    return {stem}.union(*map(included, own))


def definitions(text: str) -> set[str]:
    """The names that a piece of the library defines."""
    return set(library._defined(text))


def kept(used: str) -> set[str]:
    """The names that are there for somebody who uses these words."""
    return {name for text in library._needed(used) for name in library._defined(text)}


def test_every_header_is_a_familys_or_the_numbers():
    headers = {path.stem for path in FOLDER.glob("*.h")}
    assert headers == {*FAMILIES} | included("fixed") | {"channel"}
    assert included("fixed").isdisjoint(FAMILIES)


def test_families_stand_behind_what_they_include():
    for i, family in enumerate(FAMILIES):
        assert included(family) <= {*FAMILIES[: i + 1]} | included("fixed")


@pytest.mark.slow
def test_the_compiler_finds_the_same_names():
    """Of all words that are there, those that the namespace has."""
    bodies = "\n\n".join(library._definitions())
    whole = f"{numbers.ours()}{numbers.channel()}namespace kernels {{\n{bodies}\n}}"
    whole = whole.replace("#pragma once", "")
    words = sorted(set(WORD.findall(re.sub(r"//.*", "", whole))))
    asked = [f"namespace asked_{i} {{ using kernels::{word}; }}" for i, word in enumerate(words)]
    source, first = "\n".join([whole, *asked]), whole.count("\n") + 2
    command = ["g++", "-std=c++17", "-fsyntax-only", "-fmax-errors=0", "-x", "c++", "-"]
    made = subprocess.run(command, input=source, capture_output=True, text=True, check=False)
    wrong = {int(line) - first for line in re.findall(r"<stdin>:(\d+):\d+: error", made.stderr)}
    found = {word for i, word in enumerate(words) if i not in wrong}
    macros = set(re.findall(r"#define (\w+)", whole))
    assert macros == {"FIXED_INLINE"}
    assert found | macros == names()


def reached(name: str) -> set[int]:
    """The definitions of a name, and all before them that they speak of, in turn."""
    texts = [re.sub(r"//.*", "", text) for text in library._definitions()]
    found = {i for i, text in enumerate(texts) if name in definitions(text)}
    for i in reversed(range(len(texts))):
        words = set(WORD.findall(texts[i])) if i in found else set()
        found |= {j for j in range(i) if words & definitions(texts[j])}
    return found


@pytest.mark.parametrize("name", sorted(set().union(*map(definitions, library._definitions()))))
def test_what_is_used_is_kept_with_all_that_it_uses(name):
    texts = library._definitions()
    assert [texts.index(text) for text in library._needed(name)] == sorted(reached(name))


def test_what_comments_speak_of_is_not_used():
    """A layer may be called as any kernel."""
    assert kept("// conv\ndense // pool") == kept("dense")


@pytest.mark.parametrize(
    ("used", "without"),
    [
        ("dense", {"conv", "Lines", "Add", "pool"}),
        ("conv", {"Lines", "conv_lines", "dense", "matmul", "Add"}),
        ("elementwise Add", {"Sub", "Cast", "product"}),
        ("", names()),
    ],
)
def test_what_is_not_used_is_not_there(used, without):
    assert kept(used).isdisjoint(without)


def test_what_is_used_far_behind_is_kept():
    """The windows of a convolution in a stream need beats, which stand at the very beginning."""
    assert {"Lines", "pixel", "product", "Beat", "get", "put", "lane"} <= kept("conv_lines")


def test_the_order_of_the_families_is_kept():
    text = library.library("dense elementwise Relu", PLAIN)
    places = [text.index(head) for head in ("struct Beat", "void elementwise(", "void dense(")]
    assert places == sorted(places)


def test_the_text_around():
    text = library.library("Copy", VITIS)
    assert text == (
        "// The kernels that the network uses.\n"
        "#pragma once\n"
        "\n"
        '#include "fixed.h"\n'
        "\n"
        "namespace kernels {\n"
        "\n"
        "// The same number.\n"
        "struct Copy {\n"
        "    template <class Y, class X>\n"
        "    static Y of(const X &x) {\n"
        "        return Y(x);\n"
        "    }\n"
        "};\n"
        "\n"
        "}  // namespace kernels\n"
    )
