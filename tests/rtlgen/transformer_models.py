"""Blocks of transformers as the exporters of PyTorch and Keras write them, with random weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper


class Block:
    """Nodes of opset 17, one after the other, on ``x`` of shape [1, steps, width]."""

    def __init__(self, steps: int, width: int, seed: int = 0) -> None:
        self.steps, self.width = steps, width
        self.random = np.random.default_rng(seed)
        self.nodes: list[onnx.NodeProto] = []
        self.tensors: dict[str, Any] = {}

    def add(self, op_type: str, *inputs: str, **attributes: Any) -> str:
        output = f"{op_type.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(op_type, inputs, [output], output, **attributes))
        return output

    def constant(self, value: Any, dtype: Any = np.float32) -> str:
        name = f"c{len(self.tensors)}"
        self.tensors[name] = np.asarray(value, dtype)
        return name

    def dense(self, x: str, inputs: int, outputs: int) -> str:
        """MatMul and Add, which a Linear on three axes becomes."""
        w = self.constant(self.random.normal(size=(inputs, outputs)) / np.sqrt(inputs))
        b = self.constant(self.random.normal(size=outputs) / 4)
        return self.add("Add", b, self.add("MatMul", x, w))

    def layer_norm(self, x: str) -> str:
        scale = self.constant(self.random.uniform(0.5, 1.5, self.width))
        bias = self.constant(self.random.normal(size=self.width) / 4)
        return self.add("LayerNormalization", x, scale, bias, axis=-1, epsilon=1e-5)

    def heads(self, x: str, heads: int, perm: tuple[int, ...]) -> str:
        shape = self.constant([1, self.steps, heads, self.width // heads], np.int64)
        return self.add("Transpose", self.add("Reshape", x, shape), perm=perm)

    def attention(self, x: str, heads: int, *, causal: bool = False) -> str:
        """``scaled_dot_product_attention``: the root of the scale on both sides."""
        q, k, v = (self.dense(x, self.width, self.width) for _ in range(3))
        root = self.constant((self.width // heads) ** -0.25)
        q = self.add("Mul", self.heads(q, heads, (0, 2, 1, 3)), root)
        k = self.add("Mul", self.heads(k, heads, (0, 2, 3, 1)), root)
        scores = self.add("MatMul", q, k)
        if causal:
            seen = np.tril(np.ones((self.steps, self.steps), bool))
            scores = self.add("Add", scores, self.constant(np.where(seen, 0, -np.inf)))
        weights = self.add("Softmax", scores, axis=-1)
        y = self.add("MatMul", weights, self.heads(v, heads, (0, 2, 1, 3)))
        shape = self.constant([1, self.steps, self.width], np.int64)
        y = self.add("Reshape", self.add("Transpose", y, perm=(0, 2, 1, 3)), shape)
        return self.dense(y, self.width, self.width)

    def keras_attention(self, x: str, heads: int) -> str:
        """MultiHeadAttention: every product is an Einsum, the scale is on the queries."""
        size = self.width // heads
        projected = []
        for _ in range(3):
            w = self.constant(self.random.normal(size=(self.width, heads, size)) / self.width**0.5)
            b = self.constant(self.random.normal(size=(heads, size)) / 4)
            x_w = self.add("Einsum", x, w, equation="abc,cde->abde")
            projected.append(self.add("Add", x_w, b))
        q, k, v = projected
        q = self.add("Mul", q, self.constant(size**-0.5))
        scores = self.add("Einsum", k, q, equation="aecd,abcd->acbe")
        weights = self.add("Softmax", scores, axis=-1)
        y = self.add("Einsum", weights, v, equation="acbe,aecd->abcd")
        w = self.constant(self.random.normal(size=(heads, size, self.width)) / self.width**0.5)
        b = self.constant(self.random.normal(size=self.width) / 4)
        return self.add("Add", self.add("Einsum", y, w, equation="abcd,cde->abe"), b)

    def keras_norm(self, x: str) -> str:
        """LayerNormalization from its parts."""
        axes = [-1]
        center = self.add("Sub", x, self.add("ReduceMean", x, axes=axes))
        variance = self.add("ReduceMean", self.add("Mul", center, center), axes=axes)
        deviation = self.add("Sqrt", self.add("Add", variance, self.constant(1e-3)))
        scale = self.constant(self.random.uniform(0.5, 1.5, self.width))
        bias = self.constant(self.random.normal(size=self.width) / 4)
        scaled = self.add("Mul", self.add("Div", center, deviation), scale)
        return self.add("Add", scaled, bias)

    def proto(self, y: str) -> onnx.ModelProto:
        graph = helper.make_graph(
            self.nodes,
            "block",
            [helper.make_tensor_value_info("x", 1, (1, self.steps, self.width))],
            [helper.make_tensor_value_info(y, 1, None)],
            [numpy_helper.from_array(value, name) for name, value in self.tensors.items()],
        )
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def attention(steps: int, width: int, heads: int, *, causal: bool = False) -> onnx.ModelProto:
    """Attention alone."""
    block = Block(steps, width)
    return block.proto(block.attention("x", heads, causal=causal))


def encoder(steps: int, width: int, heads: int, *, causal: bool = False) -> onnx.ModelProto:
    """Normalization, attention and a feed-forward network, each beside what it is added to."""
    block = Block(steps, width)
    attended = block.attention(block.layer_norm("x"), heads, causal=causal)
    x = block.add("Add", "x", attended)
    hidden = block.dense(block.layer_norm(x), width, 2 * width)
    fed = block.dense(block.add("Relu", hidden), 2 * width, width)
    return block.proto(block.add("Add", x, fed))


def keras_encoder(steps: int, width: int, heads: int) -> onnx.ModelProto:
    """Attention and a feed-forward network, each added to its input and then normalized."""
    block = Block(steps, width)
    x = block.keras_norm(block.add("Add", "x", block.keras_attention("x", heads)))
    hidden = block.add("Relu", block.dense(x, width, 2 * width))
    return block.proto(block.keras_norm(block.add("Add", x, block.dense(hidden, 2 * width, width))))
