"""Random quantized networks: the C++ in every style against the reference, exactly."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from random import Random
from typing import Any

import pytest

from hlsgen.options import Options
from hlsgen.project import Project, build, read
from hlsgen.style import Io
from rtlgen.graph import Graph
from rtlgen.network import Network
from sim.errors import NotStreamable, RtlgenError
from tests.hlsgen.projects import differing
from tests.hlsgen.stream_graphs import random_reuse
from tests.rtlgen import random_operators
from tests.rtlgen.random_networks import network

pytestmark = pytest.mark.slow

SAMPLES = 40


def sources(
    seeds: range, scales: str, *, qdq: bool, make: Callable[..., Any] = network
) -> Iterator[tuple[int, Network]]:
    """Those that can be read; rtlgen's own tests say what it refuses."""
    for seed in seeds:
        with suppress(RtlgenError):
            yield seed, read(make(seed, scales, qdq=qdq).model(), Options())


def styles(graph: Graph, seed: int) -> list[dict[str, Any]]:
    """Every interface; and with a legal reuse factor for every product, if there is any."""
    reuse = {n: {"reuse": k} for n, k in random_reuse(graph, Random(seed)).items()}
    config = {"hls": {"layers": reuse}}
    return [
        {},
        {"config": config},
        {"io": Io.STREAM},
        *[{"io": Io.STREAM, "config": config}] * bool(reuse),
    ]


def interfaces(*_: Any) -> list[dict[str, Any]]:
    """Without reuse."""
    return [{"io": io} for io in Io]


def projects(
    found: Iterator[tuple[int, Network]], styled: Callable[..., list[dict[str, Any]]] = styles
) -> Iterator[tuple[Project | None, str]]:
    for seed, source in found:
        for i, style in enumerate(styled(source.graph, seed)):
            top = f"net_{seed}_{i}"
            asked = Options(top=top, samples=SAMPLES, **style)
            try:
                yield build(source, asked), top
            except NotStreamable:
                assert asked.io is Io.STREAM
                yield None, top


@pytest.mark.parametrize(("scales", "qdq"), [("po2", False), ("any", False), ("any", True)])
def test_the_program_is_the_reference(scales, qdq, tmp_path):
    made = dict(reversed(pair) for pair in projects(sources(range(6), scales, qdq=qdq)))
    assert sum(project is None for project in made.values()) <= 1
    assert differing([project for project in made.values() if project], tmp_path) == []


@pytest.mark.parametrize(("scales", "qdq"), [("po2", False), ("any", False), ("any", True)])
def test_the_program_of_newer_operators_is_the_reference(scales, qdq, tmp_path):
    found = sources(range(6), scales, qdq=qdq, make=random_operators.network)
    made = dict(reversed(pair) for pair in projects(found, interfaces))
    assert sum(project is None for project in made.values()) <= 3
    assert differing([project for project in made.values() if project], tmp_path) == []
