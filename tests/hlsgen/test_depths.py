"""Depths of channels: enough for every order in which kernels may run, and where not, no less."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from random import Random

import numpy as np
import pytest

from hlsgen import depths as module
from hlsgen.calls import FORK, Call, Program
from hlsgen.depths import LEAST, PIPELINE, depths, period
from hlsgen.firing import all_first, chosen, reduced, steady
from hlsgen.naming import Names
from hlsgen.planner import plan
from hlsgen.playing import Play
from hlsgen.style import Directive, Io, Strategy
from kernels.conv import Conv
from kernels.dense import MatMul
from kernels.elementwise import Add, Relu
from kernels.pool import MaxPool
from kernels.shape import Flatten
from rtlgen.graph import Graph
from sim.errors import NotStreamable
from tests.harness import weights
from tests.hlsgen.programs import call, program, variable
from tests.hlsgen.stream_graphs import Growing, random_graph, random_reuse


def streamed(graph: Graph, reuse: dict[str, int] | None = None) -> Program:
    directives = {n: Directive(Strategy.RESOURCE, k) for n, k in (reuse or {}).items()}
    return plan(graph, directives, Io.STREAM, Names())


def stuck(program: Program, room: dict[str, int], random: Random, samples: int) -> list[str]:
    """Who does not come to the end if the kernels take their steps in any order."""
    filled, done = dict.fromkeys(room, 0), [0] * len(program.calls)

    def step(i: int) -> bool:
        made = program.calls[i]
        k, steps = done[i], len(made.firing.clocks)
        reads = [v.name for v, f in zip(made.reads, made.firing.reads, strict=True) if f[k % steps]]
        writes = [
            v.name for v, f in zip(made.writes, made.firing.writes, strict=True) if f[k % steps]
        ]
        reads, writes = ([n for n in names if n in room] for names in (reads, writes))
        can = all(filled[n] > 0 for n in reads) and all(filled[n] < room[n] for n in writes)
        if can and k < steps * samples:
            for name in reads:
                filled[name] -= 1
            for name in writes:
                filled[name] += 1
            done[i] += 1
            return True
        return False

    going = list(range(len(program.calls)))
    while going:
        i = random.choice(going)
        going = list(range(len(program.calls))) if step(i) else [j for j in going if j != i]
    ends = (len(c.firing.clocks) * samples for c in program.calls)
    return [c.kernel for c, d, end in zip(program.calls, done, ends, strict=True) if d < end]


def streams(seeds: range) -> Iterator[tuple[Random, Program]]:
    """Random networks with random reuse, those that stream."""
    for seed in seeds:
        random, graph = Random(seed), random_graph(seed)
        with suppress(NotStreamable):
            yield random, streamed(graph, random_reuse(graph, random))


@pytest.mark.parametrize("seed", range(0, 120, 10))
def test_nobody_waits_for_ever(seed):
    programs = list(streams(range(seed, seed + 10)))
    assert len(programs) >= 7
    for random, made in programs:
        assert stuck(made, depths(made), random, samples=3) == []


@pytest.mark.parametrize("seed", range(0, 80, 20))
def test_the_play_comes_as_far_as_any_order(seed):
    """In little room, where most networks of branches are stuck."""
    for random, made in streams(range(seed, seed + 20)):
        room = {v.name: random.randint(1, 6) for v in made.locals}
        waiting = [text.split(" of ")[0] for text in Play(made, room, samples=2).waiting]
        assert waiting == stuck(made, room, random, samples=2)


def residual(width, *, relus=0) -> Program:
    """A convolution of the same size beside so many rectifiers, added."""
    graph = Growing({"x": (1, 1, 4, width)})
    short = "x"
    for _ in range(relus):
        short = graph.add(Relu(), short)
    w = graph.constant(weights(1, 1, 3, 3))
    long = graph.add(Conv(pads=(1, 1, 1, 1)), "x", w)
    return streamed(graph.graph(graph.add(Add(), long, short)))


def reading(made: Program, kernel: str) -> list[str]:
    """The channels that a kernel reads."""
    ports = {v.name for v in made.inputs}
    return [
        v.name for c in made.calls if c.kernel == kernel for v in c.reads if v.name not in ports
    ]


@pytest.mark.parametrize("width", [3, 8, 40])
def test_a_window_waits_for_a_row_and_a_pixel(width):
    """The first window ends at pixel (1, 1): so many pixels wait beside it, and itself."""
    made = residual(width)
    _, skip = reading(made, "elementwise")
    room = dict.fromkeys(depths(made), LEAST)
    assert Play(made, room | {skip: width + 2}, samples=3).waiting == []
    short = Play(made, room | {skip: width + 1}, samples=3)
    assert short.waiting == ["fork of 'x'", "conv_lines of 'node0'", "elementwise of 'node1'"]
    assert short.full == [skip]
    assert depths(made)[skip] > width + 2  # and so many as wait for the pipeline


def test_a_planted_depth_that_is_too_small_is_found():
    """By the simulation that holds the random networks."""
    made = residual(8)
    _, skip = reading(made, "elementwise")
    room = depths(made) | {skip: 9}
    assert stuck(made, room, Random(0), samples=1) == ["fork", "conv_lines", "elementwise"]


def test_pipelines_of_others_are_not_counted_on():
    """Three rectifiers may have 39 pixels under way, or none, if their pipelines are short."""
    made = residual(8, relus=3)
    room = depths(made)
    assert stuck(made, room, Random(0), samples=2) == []
    _, *skip = reading(made, "elementwise")  # behind the fork, and between the rectifiers
    assert sum(room[name] for name in skip) >= 10


def test_without_time_depths_are_the_least_that_work(monkeypatch):
    monkeypatch.setattr(module, "_waiting", lambda _: {})
    made = residual(8)
    _, skip = reading(made, "elementwise")
    assert depths(made) == {**dict.fromkeys(depths(made), LEAST), skip: 10}


@pytest.mark.parametrize("reuse", [1, 2, 9])
def test_a_chain_needs_the_least(reuse):
    graph = Growing({"x": (1, 1, 8, 9)})
    w = [weights(2, 1, 3, 3, limit=1), weights(2, 2, 3, 3), weights(2 * 4 * 4, 5)]
    x = graph.add(Conv(pads=(1, 1, 1, 1)), "x", graph.constant(w[0]))
    x = graph.add(MaxPool(kernel_shape=(3, 3), pads=(1, 1, 1, 1), strides=(2, 2)), x)
    x = graph.add(Relu(), graph.add(Conv(pads=(1, 1, 1, 0)), x, graph.constant(w[1])))
    x = graph.add(MatMul(), graph.add(Flatten(), x), graph.constant(w[2]))
    made = streamed(graph.graph(x), {"node0": reuse, "node2": reuse})
    assert len(made.calls) == 6
    assert depths(made) == dict.fromkeys([v.name for v in made.locals], LEAST)


def joined(middle: Call, *, positions: int) -> Program:
    """What a kernel makes of ``b``, and ``a`` beside it."""
    x, a, b, c, y = (variable(name, positions) for name in "xabcy")
    assert (middle.reads, middle.writes) == ((b,), (c,))
    return program([x], [y], call(FORK, [a, b], [x]), middle, call("join", [y], [a, c]))


def test_who_reads_all_first_makes_all_of_the_others_wait():
    b, c = variable("b", 16), variable("c", 16)
    made = joined(call("rearrange", [c], [b], all_first(16, 16)), positions=16)
    room = depths(made)
    assert (room["b"], room["c"]) == (LEAST, LEAST)
    assert 16 <= room["a"] <= 2 * 16 + PIPELINE
    assert Play(made, room | {"a": 16}).waiting == []
    assert Play(made, room | {"a": 15}).waiting == [
        "fork of 'node'",
        "rearrange of 'node'",
        "join of 'node'",
    ]


@pytest.mark.parametrize(("positions", "clocks", "depth"), [(1, 1, 14), (5, 1, 14), (16, 3, 6)])
def test_as_many_wait_as_are_under_way(positions, clocks, depth):
    """For ``clocks`` and 12 more; and one is written meanwhile."""
    assert (LEAST, PIPELINE) == (2, 12)
    b, c = variable("b", positions), variable("c", positions)
    slow = call("elementwise", [c], [b], steady(positions, clocks=clocks))
    assert depths(joined(slow, positions=positions)) == {"a": depth, "b": LEAST, "c": LEAST}


def test_what_takes_long_makes_samples_wait():
    """One position is a sample; a kernel that takes the whole period has one under way."""
    x, a, b, c, d, y = (variable(name) for name in "xabcdy")
    slow = steady(1, clocks=100)
    made = program(
        [x],
        [y],
        call(FORK, [a, b], [x]),
        call("dense", [c], [b], slow),
        call("dense", [d], [c], slow),
        call("join", [y], [a, d]),
    )
    assert depths(made) == {"a": 3, "b": LEAST, "c": LEAST, "d": LEAST}


def test_ports_need_no_room():
    x, y = variable("x", 4), variable("y", 4)
    assert depths(program([x], [y], call("elementwise", [y], [x]))) == {}


def test_the_period_is_that_of_the_slowest():
    x, a, y = variable("x", 6), variable("a", 6), variable("y", 1)
    slow = call("dense_reused", [a], [x], steady(6, clocks=4))
    made = program([x], [y], slow, call("global_pool", [y], [a], reduced(1, 6)))
    assert period(made) == 24
    assert period(program([x], [], call("fork", [], [x]))) == 6


def test_the_period_of_a_convolution():
    """All pixels with their padding, and more for those that complete a window."""
    graph = Growing({"x": (1, 1, 4, 8)})
    w = graph.constant(weights(1, 1, 3, 3))
    made = streamed(graph.graph(graph.add(Conv(pads=(1, 1, 1, 1)), "x", w)), {"node0": 9})
    assert period(made) == 6 * 10 + 4 * 8 * (9 - 1)


def test_two_inputs_that_come_one_after_the_other():
    """A reader that takes all of one input first makes the other one wait at its port."""
    x, a, b = variable("x", 8), variable("a", 8), variable("b", 8)
    y = variable("y", 16)
    flags = np.arange(16) < 8
    firing = chosen(np.where(flags, 0, 1).tolist(), [True] * 16, inputs=2)
    made = program([x], [y], call(FORK, [a, b], [x]), call("follow", [y], [a, b], firing))
    room = depths(made)
    assert room["b"] >= 8
    assert Play(made, room | {"b": 8}, samples=3).waiting == []
    assert Play(made, room | {"b": 7}, samples=3).waiting == ["fork of 'node'", "follow of 'node'"]
