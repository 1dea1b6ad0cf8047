"""The reference: what a graph computes, a few thousand samples at a time."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from rtlgen.encoding import Decoding, Floats
from rtlgen.graph import Graph
from sim.fixed import Fixed

CHUNK = 4096
"""Samples that are computed at a time: what fits into the caches."""


def evaluate(graph: Graph, codes: Mapping[str, Fixed]) -> dict[str, Fixed]:
    """The outputs of the graph for codes at its inputs."""
    count = next(iter(codes.values())).samples
    parts = []
    for start in range(0, max(1, count), CHUNK):
        part = {n: Fixed(x.codes[start : start + CHUNK], x.exp) for n, x in codes.items()}
        parts.append(graph.predict(part))
    return {n: _stacked([part[n] for part in parts], count) for n in graph.outputs}


def decoded(
    graph: Graph, decodings: Mapping[str, Decoding], codes: Mapping[str, Fixed]
) -> dict[str, Floats]:
    """The real numbers that these outputs stand for."""
    return {n: decodings[n].decode(y) for n, y in evaluate(graph, codes).items()}


def _stacked(parts: list[Fixed], count: int) -> Fixed:
    """The parts one after the other; a result that depends on no input is the same for all."""
    exp = min(part.exp for part in parts)
    codes = np.concatenate([part.at(exp) for part in parts])
    if len(codes) != count:
        codes = np.broadcast_to(codes[:1], (count, *codes.shape[1:]))
    return Fixed(codes, exp)
