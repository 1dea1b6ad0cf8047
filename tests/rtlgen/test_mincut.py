"""Minimum cuts, held against all cuts."""

from itertools import product
from random import Random

import pytest

from rtlgen import mincut
from rtlgen.mincut import ENDLESS, SINK, SOURCE, Network

NODES = 6


def random_edges(seed):
    """Edges between the source, the sink and some nodes, with what can flow along each."""
    random = Random(seed)
    everything = [SOURCE, SINK, *range(2, 2 + NODES)]
    edges = [(*random.sample(everything, 2), random.randrange(9)) for _ in range(18)]
    return [*edges, (2, 3, ENDLESS)]


def network_of(edges):
    network = Network()
    assert [network.node() for _ in range(NODES)] == list(range(2, 2 + NODES))
    for edge in edges:
        network.edge(*edge)
    return network


def smallest(edges):
    """The minimum cut with the fewest nodes on the source's side, of all cuts."""
    cuts = [[True, False, *chosen] for chosen in product((False, True), repeat=NODES)]
    return min(
        cuts,
        key=lambda side: (sum(r for a, b, r in edges if side[a] and not side[b]), sum(side)),
    )


@pytest.mark.parametrize("seed", range(50))
def test_the_cut_is_the_smallest_of_the_minimum_ones(seed):
    edges = random_edges(seed)
    assert network_of(edges).cut() == smallest(edges)


@pytest.mark.parametrize("seed", range(50))
def test_edges_may_follow_a_cut(seed):
    first, then = random_edges(seed), random_edges(seed + 1000)[:4]
    network = network_of(first)
    network.cut()
    for edge in then:
        network.edge(*edge)
    assert network.cut() == smallest(first + then)


def test_a_planted_larger_cut_is_found(monkeypatch):
    monkeypatch.setattr(mincut, "_saturated", mincut._levels)  # as if no flow fitted in
    assert any(network_of(random_edges(s)).cut() != smallest(random_edges(s)) for s in range(9))
