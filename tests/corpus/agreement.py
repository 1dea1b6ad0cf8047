"""Hold a network, quantizer by quantizer, against qonnx in single and in double precision.

Our codes must be those of qonnx in double precision. Single precision may choose another code
where its own rounding error carries a number over a threshold: a *tie*. Each is proved.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kernels.base import OnnxNode
from rtlgen.frontend import Model, load
from rtlgen.network import Network
from sim.fixed import Fixed
from tests.corpus.corpus import path_of
from tests.corpus.qonnx_oracle import QUANTIZERS, execute

Floats = npt.NDArray[np.float64]
SINGLE, DOUBLE = 2.0**-24, 2.0**-53
"""The largest relative error of one operation."""


@dataclass(frozen=True)
class Agreement:
    """How many codes and samples there were, and how many of them single precision changes."""

    codes: int
    weights: int
    """Constants that quantizers round to another code in single precision, by a tie."""
    ties: int
    """Codes that are another one in single precision, by a tie of their own."""
    touched: npt.NDArray[np.bool_]
    """Samples with such a code, whose later codes and result differ in consequence."""
    single: Floats
    double: Floats
    ours: Floats
    error: Floats
    """How far single precision may be off in the results, sample by sample and element."""

    @property
    def other_classes(self) -> npt.NDArray[np.bool_]:
        """Samples of which single precision finds another class; asserts that all are ties."""
        rows = np.arange(len(self.ours))
        mine, theirs = self.ours.argmax(1), self.single.argmax(1)
        differs = mine != theirs
        gap = self.ours[rows, mine] - self.ours[rows, theirs]
        close = gap <= self.error[rows, mine] + self.error[rows, theirs]
        assert (close | self.touched)[differs].all(), "another class, but not by a tie"
        return np.asarray(differs)

    def __str__(self) -> str:
        return (
            f"{self.codes:,} codes of {len(self.touched):,} samples are qonnx's in double "
            f"precision, {self.ties} are ties in single, and {self.weights} weights"
        )


def agreement(name: str, network: Network, x: npt.NDArray[np.float32]) -> Agreement:
    """Assert that all codes are right, and that where qonnx has others, there is a tie.

    Weights first; then single precision is given those of double precision.
    """
    path = path_of(name)
    model = load(path, outputs=network.graph.outputs)
    double = execute(path, x, np.float64)
    sizes = magnitudes(model, double)
    first = execute(path, x[:1], np.float32)
    weights = [_ties(node, model, first, double, sizes).sum() for node in _quantizers(model, True)]
    fixed = {node.outputs[0]: double[node.outputs[0]] for node in _quantizers(model, True)}
    single = execute(path, x, np.float32, fixed)

    (source,), (output,) = model.inputs, model.outputs
    ours = network.graph.evaluate(network.encode({source: double[source]}))
    touched = np.zeros(len(x), bool)
    codes = ties = 0
    for node in _quantizers(model, False):
        wanted = _codes(node, double)
        np.testing.assert_array_equal(_ours(node, network, ours, double), wanted, node.name)
        found = _ties(node, model, single, double, sizes, ~touched).reshape(len(x), -1)
        touched |= (_codes(node, single) != wanted).reshape(len(x), -1).any(1)
        codes, ties = codes + wanted.size, ties + int(found.sum())
    result, gamma = _decoded(network, ours, double), _gamma(model)
    error = gamma * sizes[output]
    assert (np.abs(result - single[output]) <= error)[~touched].all(), "logits differ"
    assert (np.abs(result - double[output]) <= error * DOUBLE / SINGLE).all(), "logits differ"
    weight_ties = sum(map(int, weights))
    return Agreement(
        codes, weight_ties, ties, touched, single[output], double[output], result, error
    )


def _ours(
    node: OnnxNode, network: Network, values: dict[str, Fixed], double: dict[str, Any]
) -> npt.NDArray[Any]:
    """Our codes for a quantizer: of a value in the middle, of the input, or of the output."""
    name = node.outputs[0]
    if name in network.graph.outputs:
        return _codes(node, {**double, name: _decoded(network, values, double)})
    (source,) = network.graph.inputs
    return values.get(name, values[source]).codes.reshape(double[name].shape)


def _decoded(network: Network, values: dict[str, Fixed], double: dict[str, Any]) -> Floats:
    (name,) = network.graph.outputs
    return network.codings.outputs[name].decode(values[name]).reshape(double[name].shape)


def _quantizers(model: Model, constant: bool) -> list[OnnxNode]:
    """The quantizers of constants, or of everything else, in order."""
    quantizers = [node for node in model.nodes if node.op_type in QUANTIZERS]
    return [node for node in quantizers if (node.inputs[0] in model.constants) is constant]


def _ties(
    node: OnnxNode,
    model: Model,
    single: dict[str, Any],
    double: dict[str, Any],
    sizes: dict[str, Floats],
    samples: Any = slice(None),
) -> npt.NDArray[np.bool_]:
    """Where the codes differ, among these samples; asserts that there the number is close."""
    differs = (_codes(node, single) != _codes(node, double))[samples]
    close = _is_close(node, model, double, sizes)[samples]
    assert close[differs].all(), f"{node.name}: single precision differs, but not by a tie"
    return np.asarray(differs)


def magnitudes(model: Model, values: dict[str, Any]) -> dict[str, Floats]:
    """For every value, the sum of the absolute values of all terms that are added up in it.

    A quantizer begins anew: what goes into the next layer is its exact result.
    """
    sizes: dict[str, Floats] = {name: np.abs(c) for name, c in model.constants.items()}
    sizes |= {name: np.abs(values[name]) for name in model.inputs}
    for node in model.nodes:
        operands = [sizes[name] for name in node.inputs]
        for output in node.outputs:
            sizes[output] = _magnitude(node, operands, values[output])
    return sizes


def _magnitude(node: OnnxNode, sizes: list[Floats], result: Floats) -> Floats:
    match node.op_type:
        case "Quant" | "BipolarQuant":
            return np.abs(result)
        case "MatMul":
            return sizes[0] @ sizes[1]
        case "Gemm":
            assert (node.attributes["alpha"], node.attributes["beta"]) == (1, 1)
            assert (node.attributes["transA"], node.attributes["transB"]) == (0, 1)
            return sizes[0] @ sizes[1].T + (sizes[2] if len(sizes) > 2 else 0)
        case "BatchNormalization":
            scale, bias, mean, variance = sizes[1:]
            slope = scale / np.sqrt(variance + node.attributes["epsilon"])
            return (sizes[0] + mean) * slope + bias
        case "Add" | "Sub":
            return sizes[0] + sizes[1]
        case "Mul":
            return sizes[0] * sizes[1]
        case "Div":
            return sizes[0] / sizes[1]
        case "Relu":  # moves two numbers no further apart
            return sizes[0]
        case "Reshape" | "Flatten":
            return sizes[0].reshape(result.shape)
        case "Transpose":
            return sizes[0].transpose(node.attributes["perm"])
        case _:
            raise AssertionError(f"no bound for {node.op_type}")


def _codes(node: OnnxNode, values: dict[str, Any]) -> npt.NDArray[np.int64]:
    """The integers that a quantizer's results stand for; a bipolar one's are 0 and 1."""
    result = values[node.outputs[0]].astype(np.float64)
    if _bipolar(node):
        return (result > 0).astype(np.int64)
    scale, zero = (values[name].astype(np.float64) for name in node.inputs[1:3])
    return np.rint(result / scale + zero).astype(np.int64)


def _is_close(
    node: OnnxNode, model: Model, values: dict[str, Any], sizes: dict[str, Floats]
) -> npt.NDArray[np.bool_]:
    """Where the quantizer's argument is no further from a threshold than single precision errs."""
    x, size = values[node.inputs[0]], sizes[node.inputs[0]]
    if _bipolar(node):
        return np.asarray(np.abs(x) <= _gamma(model) * size)
    scale, zero = (values[name].astype(np.float64) for name in node.inputs[1:3])
    assert node.attributes["rounding_mode"] == "ROUND"
    y = x / scale + zero
    distance = np.abs(y - np.floor(y) - 0.5)
    return np.asarray(distance <= _gamma(model) * (size / scale + np.abs(zero)))


def _gamma(model: Model) -> float:
    """How far single precision errs at most, relative to the sum of the sizes of all terms.

    Let K be the longest sum. Each term of it is a product of two dequantized numbers (3
    roundings, theirs and its own) that passes at most K sums; then come a bias (1), a batch
    normalization (8: ``a = scale / sqrt(variance + epsilon)``, ``b = bias - mean * a`` and
    ``a * x + b``), further elementwise operators (4), and the quantizer's division and zero
    point (2). Every term is rounded at most k = K + 18 times, so the error is at most
    ``k u / (1 - k u)`` times the sum of their absolute values, whatever the order (Higham,
    Accuracy and Stability of Numerical Algorithms, 2nd ed., section 3.1). Double precision errs
    by 2**-29 of that, for which k is taken one larger.
    """
    products = [node for node in model.nodes if node.op_type in ("MatMul", "Gemm")]
    roundings = max(model.shapes[node.inputs[0]][-1] for node in products) + 18 + 1
    return roundings * SINGLE / (1 - roundings * SINGLE)


def _bipolar(node: OnnxNode) -> bool:
    return node.op_type == "BipolarQuant"
