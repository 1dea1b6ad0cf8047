"""ONNX's own tests of single nodes: their models, and data that nobody here made."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import onnx
from onnx import numpy_helper

VERSION = onnx.__version__


@dataclass(frozen=True)
class NodeTest:
    """A model of one node, or the nodes that ONNX writes it out in, with inputs and outputs."""

    name: str
    operator: str
    """What is tested, with its domain if that is not ONNX's."""
    proto: onnx.ModelProto
    inputs: tuple[Any, ...]
    """Arrays; lists for sequences, None for what is left out."""
    outputs: tuple[Any, ...]


@cache
def node_tests() -> Mapping[str, NodeTest]:
    """All of them, by name."""
    return {test.name: test for test in _loaded()}


def by_operator() -> dict[str, list[NodeTest]]:
    """All of them, by what is tested, in alphabetical order."""
    groups: dict[str, list[NodeTest]] = {}
    for test in sorted(node_tests().values(), key=lambda test: (test.operator, test.name)):
        groups.setdefault(test.operator, []).append(test)
    return groups


def _loaded() -> Iterator[NodeTest]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # numpy's, while the data are made
        from onnx.backend.test.loader import load_model_tests

        cases = load_model_tests(kind="node")
    operators = {case.name: _operator(case.model.graph.node[0]) for case in cases}
    for case in cases:
        written_out = case.name.partition("_expanded")[0]
        for inputs, outputs in case.data_sets:
            yield NodeTest(
                case.name,
                operators.get(written_out, operators[case.name]),
                case.model,
                tuple(map(_value, inputs)),
                tuple(map(_value, outputs)),
            )


def _operator(node: onnx.NodeProto) -> str:
    return f"{node.domain}::{node.op_type}" if node.domain else node.op_type


def _value(given: Any) -> Any:
    """Types that numpy does not have come as protobuf."""
    return numpy_helper.to_array(given) if isinstance(given, onnx.TensorProto) else given
