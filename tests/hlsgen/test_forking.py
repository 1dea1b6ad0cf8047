"""Copies: every channel has one writer and one reader, and ports are not read by others."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress

import pytest

from hlsgen.calls import FORK, Program
from hlsgen.forking import forked
from hlsgen.naming import Names
from hlsgen.planner import plan
from hlsgen.style import Directive, Io, Strategy
from kernels.elementwise import Relu
from rtlgen.graph import Graph, Node
from sim.errors import NotStreamable
from tests.harness import alike
from tests.hlsgen.programs import call, program, variable
from tests.hlsgen.stream_graphs import random_graph

X, A, B, Y, Z = (variable(name, 2, 3) for name in "xabyz")


def check(made: Program, *, everywhere: bool) -> None:
    """What has to be true of a program whose kernels run side by side, or one by one."""
    inputs, outputs = ([v.name for v in ports] for ports in (made.inputs, made.outputs))
    writers = Counter([*inputs, *(v.name for c in made.calls for v in c.writes)])
    readers = Counter(v.name for c in made.calls for v in c.reads)
    assert set(writers.values()) <= {1}
    assert set(inputs).isdisjoint(outputs)
    assert len(set(outputs)) == len(outputs)
    assert set(readers).isdisjoint(outputs)
    assert {*readers, *outputs} <= set(writers)
    if everywhere:
        assert {*readers, *outputs} == set(writers)
        assert set(readers.values()) <= {1}
    known = set(inputs)
    for made_call in made.calls:
        assert known.issuperset(v.name for v in made_call.reads)
        known.update(v.name for v in made_call.writes)


def relu(y, x):
    return call("relu", [y], [x])


PROGRAMS = {
    "a chain": (program([X], [Y], relu(A, X), relu(Y, A)), "y", 0, 0),
    "an input is the output": (program([X], [X]), "x", 1, 1),
    "an input is two outputs": (program([X], [X, X]), "x y", 1, 1),
    "an input is an output and read": (program([X], [X, Y], relu(Y, X)), "x y", 1, 1),
    "an input is read twice": (program([X], [Y, Z], relu(Y, X), relu(Z, X)), "y z", 1, 0),
    "an input is not read": (program([X, A], [Y], relu(Y, X)), "y", 1, 0),
    "nothing is read": (program([X], [Y], call("constant", [Y], [])), "y", 1, 0),
    "an output is read": (program([X], [A, Y], relu(A, X), relu(Y, A)), "a y", 1, 1),
    "a value is two outputs": (program([X], [Y, Y], relu(Y, X)), "y z", 1, 1),
    "a value is two outputs and read": (
        program([X], [A, A, Y], relu(A, X), relu(Y, A)),
        "a b y",
        1,
        1,
    ),
    "both operands are the same": (program([X], [Y], call("add", [Y], [X, X])), "y", 1, 0),
    "a value is read twice": (
        program([X], [Y, Z], relu(A, X), relu(Y, A), relu(Z, A)),
        "y z",
        1,
        0,
    ),
}


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("everywhere", [False, True])
def test_who_has_what_for_himself(name, everywhere):
    given, outputs, *forks = PROGRAMS[name]
    made = forked(given, outputs.split(), everywhere=everywhere)
    check(made, everywhere=everywhere)
    assert sum(c.kernel == FORK for c in made.calls) == forks[not everywhere]
    assert [c.kernel for c in made.calls if c.kernel != FORK] == [c.kernel for c in given.calls]
    assert [v.value for v in made.outputs if v not in given.outputs] == [
        value
        for value, v in zip(outputs.split(), made.outputs, strict=True)
        if v not in given.outputs
    ]


def test_the_check_finds_what_it_is_for():
    given, outputs, *_ = PROGRAMS["a value is read twice"]
    with pytest.raises(AssertionError):
        check(given, everywhere=True)
    with pytest.raises(AssertionError):
        check(PROGRAMS["an output is read"][0], everywhere=False)
    assert outputs == "y z"


def test_a_fork_stands_behind_the_writer_and_copies_in_order():
    given = program([X], [A, Y, Z], relu(A, X), relu(Y, A), relu(Z, A))
    made = forked(given, ["a", "y", "z"], everywhere=True)
    first, fork, *rest = made.calls
    assert (first.kernel, fork.kernel, fork.node, fork.template) == ("relu", FORK, "a", ("2",))
    names = [v.name for v in fork.writes]
    assert names == ["a_0", "a_1", "a_2"]
    assert [c.reads[0].name for c in rest] == names[:2]
    assert [v.name for v in made.outputs] == [names[2], "y", "z"]
    assert fork.arguments == (A, *fork.writes)
    assert [len(flags) for flags in (*fork.firing.reads, *fork.firing.writes)] == [2] * 4


def test_what_is_not_read_is_read_to_its_end():
    made = forked(program([X, A], [Y], relu(Y, X)), ["y"], everywhere=True)
    drain, _ = made.calls
    assert (drain.kernel, drain.reads, drain.writes, drain.name) == (FORK, (A,), (), "a")


def test_one_by_one_a_variable_may_be_read_by_many():
    given = program([X], [Y, Z], relu(A, X), relu(Y, A), relu(Z, A))
    made = forked(given, ["y", "z"], everywhere=False)
    assert [c.arguments for c in made.calls] == [c.arguments for c in given.calls]


@pytest.mark.parametrize("seed", range(0, 60, 20))
def test_networks_have_one_reader_for_each_channel(seed):
    checked = 0
    for each in range(seed, seed + 20):
        with suppress(NotStreamable):
            made = plan(random_graph(each), {}, Io.STREAM, Names())
            check(made, everywhere=True)
            checked += 1
    assert checked >= 14


@pytest.mark.parametrize(
    ("io", "strategy", "forks"),
    [
        (Io.PARALLEL, Strategy.LATENCY, 0),
        (Io.PARALLEL, Strategy.RESOURCE, 1),
        (Io.STREAM, Strategy.LATENCY, 1),
    ],
)
def test_calls_run_side_by_side_where_they_take_positions(io, strategy, forks):
    nodes = tuple(Node(Relu(), ("x",), (name,), name) for name in "yz")
    graph = Graph({"x": alike(1, 3)}, nodes, ("y", "z"))
    made = plan(graph, {"y": Directive(strategy)}, io, Names())
    assert sum(c.kernel == FORK for c in made.calls) == forks
