"""Names in C++: each once, near to the model's, and nothing that means something else there."""

from __future__ import annotations

import re
import subprocess
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hlsgen.calls import FORK
from hlsgen.labels import labelled
from hlsgen.library import names as defined
from hlsgen.naming import LONGEST, RESERVED, SUFFIXES, Names, identifier
from hlsgen.options import Options
from hlsgen.project import build
from hlsgen.style import Io
from kernels.elementwise import Relu
from rtlgen.graph import Graph, Node
from sim.errors import ConfigError
from tests.cpp import coded
from tests.harness import alike
from tests.hlsgen.builds import shipped
from tests.hlsgen.programs import call, constant, program, variable
from tests.hlsgen.projects import differing

PLAIN = re.compile(r"[A-Za-z][0-9A-Za-z]*(_[0-9A-Za-z]+)*")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("fc1", "fc1"),
        ("/fc1/Gemm", "fc1_Gemm"),
        ("fc1.weight", "fc1_weight"),
        ("__x__y__", "x_y"),
        ("1x", "n1x"),
        ("", "n"),
        ("λ", "n"),
        ("größe", "gr_e"),
        ("a\n}", "a"),
        ("x" * 50, "x" * LONGEST),
        ("model_" * 10, "model" + "_model" * 7),
        ("1" * 50, "n" + "1" * (LONGEST - 1)),
    ],
)
def test_names_are_as_near_as_cpp_allows(name, expected):
    assert identifier(name) == expected


@given(st.text())
def test_an_identifier_is_plain_and_stays_as_it_is(name):
    plain = identifier(name)
    assert PLAIN.fullmatch(plain)
    assert len(plain) <= LONGEST
    assert identifier(plain) == plain


@given(st.lists(st.text("ab_t1.", max_size=4) | st.sampled_from(["int", "a_t", "a_2"])))
def test_nothing_is_given_twice(wanted):
    names = Names(frozenset({"b", "a_t_t"}))
    families = [{f"{name}{suffix}" for suffix in SUFFIXES} for name in map(names.give, wanted)]
    families.append({"b", "a_t_t", "int"})
    assert all(a.isdisjoint(b) for a, b in combinations(families, 2))


@pytest.mark.parametrize(
    ("wanted", "given"),
    [
        (["x", "x"], ["x", "x_2"]),
        (["a.b", "a/b", "a_b"], ["a_b", "a_b_2", "a_b_3"]),
        (["x", "x_2", "x"], ["x", "x_2", "x_3"]),
        (["", "λ"], ["n", "n_2"]),
        # the type of a variable is its name and _t
        (["x", "x_t"], ["x", "x_t_2"]),
        (["x_t", "x"], ["x_t", "x_2"]),
        (["x", "x_places", "x_t_t"], ["x", "x_places_2", "x_t_t"]),
        (["int", "class", "and", "char16"], ["int_2", "class_2", "and_2", "char16_2"]),
    ],
)
def test_clashes_are_counted(wanted, given):
    names = Names()
    assert [names.give(name) for name in wanted] == given


@pytest.mark.parametrize(
    "name", ["dense", "Rounding", "value", "fixed", "weights", "main", "bridge", "size", "BIAS"]
)
def test_what_a_project_uses_is_not_given(name):
    assert Names(defined() | RESERVED).give(name) == f"{name}_2"


# -- labels ----------------------------------------------------------------------------------------


def test_ports_are_named_first_and_constants_after_their_nodes():
    x, a, y = variable("x", 2), variable("y#1", 2), variable("y", 2)
    made = labelled(
        program(
            [x],
            [y],
            call("dense", [a], [x, constant("weights", [1]), constant("bias", [0])], node="/fc/1"),
            call("elementwise", [y], [a, constant("weights", [2])], node="fc_1"),
        ),
        Names(),
    )
    dense, added = made.calls
    assert ([v.name for v in made.inputs], [v.name for v in made.outputs]) == (["x"], ["y"])
    assert [o.name for o in dense.arguments] == ["y_2", "x", "fc_1_weights", "fc_1_bias"]
    assert [o.name for o in added.arguments] == ["y", "y_2", "fc_1_weights_2"]
    assert [v.value for v in dense.writes] == ["y#1"]


def test_a_copy_has_the_name_of_what_it_copies():
    x, a, b, y = (variable(name, 2) for name in ("x", "x.1", "x.2", "x_2"))
    fork = call(FORK, [a, b], [x])
    made = labelled(program([x], [y], fork, call("join", [y], [a, b])), Names())
    assert [o.name for o in made.calls[0].arguments] == ["x", "x_3", "x_4"]
    assert [o.name for o in made.calls[1].arguments] == ["x_2", "x_3", "x_4"]


def test_where_variables_are_the_same_their_names_are():
    x, a, y = (variable(name, 2) for name in ("x", "a", "y"))
    made = labelled(program([x], [y], call("f", [a], [x]), call("g", [y], [a, a])), Names())
    assert made.calls[1].reads == (*made.calls[0].writes, *made.calls[0].writes)


# -- against compilers -----------------------------------------------------------------------------

HEADERS = ("ap_fixed.h", "ap_int.h", "ac_fixed.h", "cmath", "cstdint", "deque", "pthread.h")
FOLDERS = ("vivado/ap_types", "catapult/ac_types/include")


@pytest.mark.slow
def test_no_name_makes_the_name_of_one_of_cs_types():
    """Names of one word; who calls a value ``pthread_mutex`` has looked for it."""
    source = "\n".join(f"#include <{name}>" for name in HEADERS)
    include = [f"-I{shipped() / folder}" for folder in FOLDERS]
    command = ["g++", "-std=gnu++17", "-E", "-P", *include, "-x", "c++", "-"]
    made = subprocess.run(command, input=source, capture_output=True, text=True, check=True)
    types = set(re.findall(r"typedef [\w ]+\b([a-z0-9]+)_t;", made.stdout))
    assert types > {"size", "int8", "time"}
    names = Names(RESERVED)
    assert {name for name in types if names.give(name) == name} == set()


NASTY = (
    *("", "λ", "a.b", "a-b", "a b", "a\nb", "a", "a_t", "a_t_t", "x", "x_t", "y", "y1", "j0"),
    *("a\\", "what??/", "*/ int", "// a", '"', "'", "%s", "{{ 7 }}", "#define a", "\u202e", "\x00"),
    *("in", "out", "i", "p", "samples", "time", "size", "int8", "x_places", "x_shifts", "net"),
    *("x_channel", "kernel", "run", "node", "int", "bool", "std", "kernels", "T", "Y", "N", "I"),
)


def copies(names: list[str], *, outputs: bool) -> Graph:
    """A rectifier for each name: of an input, or a node, and of an output."""
    plain = [f"{'in' if outputs else 'out'}{i}" for i in range(len(names))]
    given, made = (plain, names) if outputs else (names, plain)
    nodes = tuple(
        Node(Relu(), (a,), (b,), name) for a, b, name in zip(given, made, names, strict=True)
    )
    return Graph({name: alike(1, 1) for name in given}, nodes, tuple(made))


def words(graph: Graph) -> list[str]:
    """Every word of a project's C++ that can be the name of a value."""
    text = "\n".join(
        text
        for io in Io
        for name, text in build(coded(graph), Options(io=io)).files.items()
        if name.endswith((".h", ".cpp"))
    )
    return sorted(set(re.findall(r"\b[A-Za-z]\w*", re.sub(r"//.*", "", text))))


@pytest.mark.slow
def test_any_word_of_a_project_is_a_name_in_it(tmp_path):
    projects = []
    for outputs, io in zip((False, True), Io, strict=True):
        small = copies(["a", "b"], outputs=outputs)
        names = sorted({*NASTY, *words(small)} - {"in0", "in1", "out0", "out1"})
        asked = Options(io=io, top=f"net_{io}", samples=4)
        projects.append(build(coded(copies(names, outputs=outputs)), asked))
    assert differing(projects, tmp_path) == []


# -- the function ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "top"),
    [
        ("digits", "digits"),
        ("dense", "dense_2"),
        ("class", "class_2"),
        ("kernel", "kernel_2"),
        ("a b", "a_b"),
    ],
)
def test_the_function_is_called_as_the_model(model, top):
    graph = copies(["x", top], outputs=False)
    project = build(coded(graph, model), Options())
    assert project.top == top
    assert [v.name for v in project.program.inputs] == ["x", f"{top}_2"]


def test_another_name_for_the_function():
    assert build(coded(copies(["x"], outputs=False)), Options(top="net_7")).top == "net_7"


@pytest.mark.parametrize("top", ["dense", "class", "bridge", "main"])
def test_a_function_with_the_name_of_something_else_is_refused(top):
    with pytest.raises(ConfigError) as error:
        build(coded(copies(["x"], outputs=False)), Options(top=top))
    assert str(error.value) == (
        f"top {top!r}: means something else in the project; give another, as '{top}_2'"
    )


@pytest.mark.parametrize(
    ("top", "plain"), [("a-b", "a_b"), ("_x", "x"), ("", "n"), ("1", "n1"), ("a__b", "a_b")]
)
def test_a_function_with_no_plain_name_is_refused(top, plain):
    with pytest.raises(ConfigError) as error:
        Options(top=top)
    assert str(error.value) == f"top {top!r}: not a plain name in C++; write it {plain!r}"
