"""Text: statements in lines that fit, comments that are nothing else, initializers in rows."""

from __future__ import annotations

import subprocess
from dataclasses import replace

import jinja2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hlsgen.naming import LONGEST
from hlsgen.render import comment, environment, nested, statement, statements
from sim.rounding import Interval
from tests.hlsgen.programs import call, constant, program, variable

X, Y = variable("x"), variable("y")
SUM = Interval(-8, 7, -1)
NAME = st.text("abcdefgh_", min_size=1, max_size=LONGEST + 4)
ARGUMENT = st.sampled_from(
    ["7", "Axis<28, 3, 1, 1, 1, 28>", "Cast<fixed<8, -4, true, Rounding::HALF_EVEN>>", "Relu"]
)


def test_a_statement():
    w = replace(constant("weights", [1]), name="fc1_weights")
    made = call("dense", [Y], [X, w], template=("1", "1"))
    assert statement(made) == "    dense<1, 1>(y, x, fc1_weights);"
    summed = replace(made, accumulator=SUM)
    assert statement(summed) == "    dense<fixed<4, 3, true>, 1, 1>(y, x, fc1_weights);"
    assert statement(call("copy", [Y], [X])) == "    copy(y, x);"


def test_what_a_fork_reads_stands_first():
    assert statement(call("fork", [Y], [X], template=("1",))) == "    fork<1>(x, y);"


def test_a_line_has_100_columns():
    fits, does_not = "y" * 86, "y" * 87
    assert statement(call("copy", [variable(fits)], [X])) == f"    copy({fits}, x);"
    assert statement(call("copy", [variable(does_not)], [X])) == (
        f"    copy(\n        {does_not}, x);"
    )


@given(st.lists(ARGUMENT, max_size=12), st.lists(NAME, min_size=1, max_size=12))
def test_statements_fit_and_say_the_same(template, names):
    made = call("conv_lines", [Y], [variable(name) for name in names], template=template)
    text = statement(replace(made, accumulator=SUM))
    assert max(map(len, text.split("\n"))) <= 100
    arguments = ", ".join(["fixed<4, 3, true>", *template])
    expected = f"conv_lines<{arguments}>(y, {', '.join(names)});"
    assert " ".join(text.split()).replace("( ", "(") == expected


def test_a_word_that_is_too_long_stays_in_one_piece():
    long = f"Table<{'fixed<8,-4,true>-' * 9}>".replace(" ", "")
    text = statement(call("elementwise", [Y], [X], template=(long,)))
    assert text == f"    elementwise<{long}>(\n        y, x);"


def test_a_node_is_named_above_its_calls():
    calls = [call(k, [Y], [X], node=n) for k, n in (("f", "a"), ("g", "a"), ("h", "b"), ("f", "a"))]
    assert statements(program([X], [Y], *calls)).split("\n") == [
        "    // a",
        "    f(y, x);",
        "    g(y, x);",
        "    // b",
        "    h(y, x);",
        "    // a",
        "    f(y, x);",
    ]


# -- comments --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("/fc1/Gemm", "/fc1/Gemm"),
        ("a\nint b;", "a/nint b;"),
        ("a\\", "a//"),
        ("what??/", "what? ?/"),
        ("???/", "? ? ?/"),
        ("??\\", "? ?//"),
        ("größe", "gr/xf6/xdfe"),
        ("\u202eλ", "/u202e/u03bb"),
        ("*/ int", "*/ int"),
        ("", ""),
    ],
)
def test_a_comment_is_one_line_of_ascii(name, expected):
    assert comment(name) == expected


@given(st.text())
def test_no_comment_goes_on(name):
    text = comment(name)
    assert text.isascii()
    assert text.isprintable()
    assert "\\" not in text
    assert "??" not in text


@pytest.mark.slow
def test_what_is_behind_a_comment_is_compiled():
    """In C++14, where trigraphs are what they were; and a bare name, which shows that they are."""
    names = ["a\\", "what??/", "???/", "a\n#error", "*/", "/*", "\r", "\u2028", "\x0c#error"]
    lines = [f"// {comment(name)}\nint x{i} = {i};" for i, name in enumerate(names)]
    sums = " + ".join(f"x{i}" for i in range(len(names)))
    source = "\n".join([*lines, f"int sum = {sums};"])
    command = ["g++", "-std=c++14", "-fsyntax-only", "-Wall", "-Werror", "-x", "c++", "-"]
    for text, code in ((source, 0), (source.replace("? ?/", "??/"), 1)):
        made = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
        assert made.returncode == code, made.stderr


# -- templates -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((3,), "{0, 1, 2}"),
        ((1, 1), "{\n    {0},\n}"),
        ((2, 3), "{\n    {0, 1, 2},\n    {3, 4, 5},\n}"),
    ],
)
def test_initializers_are_nested(shape, expected):
    texts = np.arange(np.prod(shape)).astype(str).astype(object).reshape(shape)
    assert nested(texts) == expected


@pytest.mark.parametrize("template", ["{{ unknown }}", "{{ call.unknown }}"])
def test_a_template_speaks_of_nothing_unknown(template):
    made = environment().from_string(template)
    with pytest.raises(jinja2.UndefinedError, match="unknown"):
        made.render(call=call("f", [Y], [X]))


def test_filters_of_templates():
    made = environment().from_string("{{ r | number }} {{ name | comment }}")
    assert made.render(r=SUM, name="a\n") == "fixed<4, 3, true> a/n"
