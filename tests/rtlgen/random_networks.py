"""Random small QONNX and QDQ networks: every operator and quantizer in every order that fits."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

QONNX = "qonnx.custom_op.general"
MODES = ("ROUND", "HALF_EVEN", "CEIL", "FLOOR", "UP", "DOWN", "HALF_UP", "HALF_DOWN")
Shape = tuple[int, ...]


class Network:
    """Grows from its inputs; ``x`` is the value that the next node takes."""

    dtypes: tuple[Any, ...] = (np.int8, np.int8, np.uint8, np.uint8, np.int16)
    """Of what QDQ networks are quantized to."""

    def __init__(self, seed: int, scales: str, *, qdq: bool = False) -> None:
        self.random, self.scales, self.qdq = Random(seed), scales, qdq
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self.shape: Shape = self.pick((1, 4), (1, 3, 6), (1, 4, 5, 4))
        self.inputs = {"x": self.shape}
        self.x = "x"

    # -- pieces --------------------------------------------------------------------------------

    def pick(self, *options: Any) -> Any:
        return self.random.choice(options)

    def chance(self, p: float) -> bool:
        return self.random.random() < p

    def constant(self, value: Any, dtype: Any = np.float32) -> str:
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(value, dtype), name))
        return name

    def number(self) -> float:
        """A parameter: on a coarse grid, or any float."""
        if self.scales == "po2" or self.chance(0.3):
            return self.random.randint(-24, 24) / 8
        return self.random.uniform(-3, 3)

    def numbers(self, *shape: int) -> Any:
        return np.array([self.number() for _ in range(int(np.prod(shape)))]).reshape(shape)

    def scale(self, *shape: int) -> Any:
        def one() -> float:
            if self.scales == "po2":
                return 2.0 ** self.random.randint(-4, 0)
            return self.random.uniform(0.03, 0.8)

        count = int(np.prod(shape))
        alike = [one()] * count
        return np.array([one() for _ in range(count)] if self.chance(0.7) else alike).reshape(shape)

    def channels(self) -> Shape:
        """The shape of a parameter: one number, or one per channel."""
        if self.chance(0.5):
            return self.pick((), (1,))
        return (self.shape[1], *(1,) * (len(self.shape) - 2))

    def node(
        self,
        op_type: str,
        *more: str,
        x: str | None = None,
        domain: str = "",
        outputs: int = 1,
        **attributes: Any,
    ) -> Any:
        names = [f"v{len(self.nodes)}_{i}" for i in range(outputs)]
        self.nodes.append(
            helper.make_node(
                op_type,
                [x or self.x, *more],
                names,
                f"{op_type}_{len(self.nodes)}",
                domain=domain,
                **attributes,
            )
        )
        self.x = names[0]
        return names

    # -- quantizers ----------------------------------------------------------------------------

    def quant(self, *, bits: int | None = None, wide: float = 1) -> None:
        if self.qdq:
            self.quantize_and_dequantize(wide / 4)
            return
        bits = bits or self.pick(1, 2, 2, 3, 4, 4, 6, 8)
        signed = self.pick(0, 1, 1)
        shape = self.channels()
        zero = self.random.randint(-3, 3) if self.chance(0.25) else 0
        self.node(
            "Quant",
            self.constant(self.scale(*shape) * wide),
            self.constant(zero),
            self.constant(bits),
            domain=QONNX,
            signed=signed,
            narrow=self.pick(0, 0, 1) if bits > 1 else 0,
            rounding_mode=self.pick(*MODES),
        )

    def quantize_and_dequantize(self, wide: float) -> None:
        """Mostly the pair that exporters write; sometimes integers that are read in two ways."""
        axis, shape = self.pick(1, 1 - len(self.shape)), self.pick((), (1,), (self.shape[1],))
        scale, *zero = self.integers(shape, wide)
        self.node("QuantizeLinear", scale, *zero, axis=axis)
        if self.chance(0.1):
            scale = self.constant(self.scale(*shape))
        self.node("DequantizeLinear", scale, *zero, axis=axis)

    def integers(self, shape: Shape, wide: float) -> list[str]:
        """Scales and zero points of this shape; without the latter, they are zero in uint8."""
        scale = self.constant(self.scale(*shape) * wide)
        if self.chance(0.15):
            return [scale]
        dtype = self.pick(*self.dtypes)
        lo, hi = np.iinfo(dtype).min, np.iinfo(dtype).max
        ends = self.pick((0, 0), (lo, lo), (lo, hi), (-3 if lo else 0, 9))
        zeros = [self.random.randint(*ends)] * int(np.prod(shape))
        if self.chance(0.2):
            zeros = [self.random.randint(*ends) for _ in zeros]
        return [scale, self.constant(np.reshape(zeros, shape), dtype)]

    def integer_weights(self, *shape: int) -> str:
        """Integers of the file, or floats that a pair rounds."""
        x = self.x
        if self.chance(0.3):
            name = self.constant(self.numbers(*shape))
            parameters = self.integers(self.pick((), (shape[0],)), 1 / 8)
            self.node("QuantizeLinear", *parameters, x=name, axis=0)
        else:
            codes = [self.random.randint(-128, 127) for _ in range(int(np.prod(shape)))]
            scales = self.scale(*self.pick((), (shape[0],))) / 16
            zeros = np.zeros(scales.shape) + self.pick(0, 0, 0, 5)
            parameters = [self.constant(scales), self.constant(zeros, np.int8)]
            self.x = self.constant(np.reshape(codes, shape), np.int8)
        self.node("DequantizeLinear", *parameters, axis=0)
        name, self.x = self.x, x
        return name

    def bipolar(self) -> None:
        self.node("BipolarQuant", self.constant(self.scale()), domain=QONNX)

    def trunc(self) -> None:
        scale = self.scale()
        self.node(
            "Quant",
            self.constant(scale),
            self.constant(0),
            self.constant(8),
            domain=QONNX,
            signed=1,
            narrow=0,
            rounding_mode="ROUND",
        )
        mode = self.pick("FLOOR", "ROUND", "CEIL", "HALF_UP")
        if self.chance(0.5):
            rest = (self.constant(scale), self.constant(0), self.constant(8), self.constant(5))
        else:
            by = 2.0 ** self.random.randint(0, 3)
            rest = (
                self.constant(scale),
                self.constant(0),
                self.constant(8),
                self.constant(np.float32(scale) * np.float32(by)),
                self.constant(5),
            )
            self.node(
                "Trunc",
                *rest,
                domain=QONNX,
                rounding_mode=mode,
                signed=self.pick(0, 1),
                narrow=self.pick(0, 1),
            )
            return
        self.node("Trunc", *rest, domain=QONNX, rounding_mode=mode)

    def weights(self, *shape: int) -> str:
        """Quantized by a node of their own, or few bits by themselves."""
        if self.qdq:
            return self.integer_weights(*shape)
        if self.chance(0.4):
            codes = [self.random.randint(-7, 7) / 4 for _ in range(int(np.prod(shape)))]
            return self.constant(np.array(codes).reshape(shape))
        x, name = self.x, self.constant(self.numbers(*shape))
        per = self.pick((), (1,), (shape[0], *(1,) * (len(shape) - 1)))
        if self.chance(0.15):
            self.node("BipolarQuant", self.constant(self.scale()), x=name, domain=QONNX)
        else:
            zero = self.random.randint(-2, 2) if self.chance(0.15) else 0
            self.node(
                "Quant",
                self.constant(self.scale(*per)),
                self.constant(zero),
                self.constant(self.pick(1, 2, 4)),
                x=name,
                domain=QONNX,
                signed=1,
                narrow=0,
                rounding_mode=self.pick(*MODES),
            )
        name, self.x = self.x, x
        return name

    # -- operators -----------------------------------------------------------------------------

    def product(self) -> None:
        if len(self.shape) > 2:
            self.conv()
            return
        k, n = self.shape[1], self.random.randint(1, 4)
        if self.chance(0.4):
            transposed = self.chance(0.5)
            w = self.weights(n, k)
            if not transposed:
                x = self.x
                self.node("Transpose", x=w, perm=[1, 0])
                w, self.x = self.x, x
            c = (
                [self.constant(self.numbers(*self.pick((n,), (1,), (1, n))))]
                if self.chance(0.6)
                else []
            )
            self.node(
                "Gemm",
                w,
                *c,
                transB=int(transposed),
                alpha=self.pick(1.0, 1.0, 0.5),
                beta=self.pick(1.0, 2.0),
            )
        else:
            x, w = self.x, self.weights(n, k)
            self.node("Transpose", x=w, perm=[1, 0])
            w, self.x = self.x, x
            self.node("MatMul", w)
        self.shape = (self.shape[0], n)

    def conv(self) -> None:
        spatial, c = self.shape[2:], self.shape[1]
        group = self.pick(1, 1, c)
        f = group * self.random.randint(1, 2 if group > 1 else 3)
        kernel = [self.random.randint(1, min(3, s)) for s in spatial]
        pads = [self.random.randint(0, k - 1) for k in kernel] * 2
        strides = [self.random.randint(1, 2) for _ in spatial]
        bias = [self.constant(self.numbers(f))] if self.chance(0.5) else []
        self.node(
            "Conv",
            self.weights(f, c // group, *kernel),
            *bias,
            group=group,
            pads=pads,
            strides=strides,
            kernel_shape=kernel,
        )
        sizes = (
            (s + 2 * p - k) // t + 1
            for s, p, k, t in zip(spatial, pads, kernel, strides, strict=False)
        )
        self.shape = (self.shape[0], f, *sizes)

    def norm(self) -> None:
        c = self.shape[1]
        var = np.abs(self.numbers(c)) + 0.1
        if self.scales == "po2":
            var = np.array([self.pick(0.25, 1, 4) for _ in range(c)]) - 2.0**-10
        parameters = (self.numbers(c), self.numbers(c), self.numbers(c), var)
        self.node(
            "BatchNormalization",
            *map(self.constant, parameters),
            epsilon=2.0**-10 if self.scales == "po2" else 1e-5,
        )

    def unary(self) -> None:
        kind = self.pick("Relu", "Relu", "LeakyRelu", "PRelu", "Clip", "Sign", "Abs", "Neg")
        if kind == "LeakyRelu":
            self.node(kind, alpha=self.pick(0.125, 0.25, 0.1, -0.5))
        elif kind == "PRelu":
            self.node(kind, self.constant(self.numbers(*self.channels()) / 4))
        elif kind == "Clip":
            self.node(kind, self.constant(-abs(self.number())), self.constant(abs(self.number())))
        else:
            self.node(kind)

    def with_constant(self) -> None:
        kind = self.pick("Add", "Sub", "Mul", "Div", "Min", "Max")
        shape = self.channels()
        if self.chance(0.15) and self.shape[-1] == 1:
            shape = (3,)
            self.shape = (*self.shape[:-1], 3)
        value = self.numbers(*shape)
        value = np.where(value == 0, 1, value)
        name = self.constant(value)
        if kind != "Div" and self.chance(0.4):
            x, self.x = self.x, name
            self.node(kind, x, x=name)
        else:
            self.node(kind, name)

    def residual(self) -> None:
        x = self.x
        kind = self.pick("Add", "Sub", "Mul", "Max", "Min", "Concat", "Sum")
        branches = []
        for _ in range(self.pick(2, 2, 3) if kind in ("Sum", "Concat") else 2):
            self.x = x
            if self.chance(0.3):
                self.with_constant_kept()
            self.quant(bits=self.pick(2, 3, 4))
            branches.append(self.x)
        if self.chance(0.5):
            self.x = branches[0]
            self.unary()
            branches[0] = self.x
        if kind == "Concat":
            self.node(kind, *branches[1:], x=branches[0], axis=1)
            self.shape = (self.shape[0], len(branches) * self.shape[1], *self.shape[2:])
        else:
            self.node(kind, *branches[1:], x=branches[0])

    def with_constant_kept(self) -> None:
        self.node(self.pick("Add", "Mul"), self.constant(self.numbers(*self.channels())))

    def pool(self) -> None:
        spatial = self.shape[2:]
        if not spatial:
            return
        kind = self.pick("MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool")
        if kind.startswith("Global"):
            self.node(kind)
            self.shape = (*self.shape[:2], *(1,) * len(spatial))
            return
        kernel = [self.random.randint(1, min(2, s)) for s in spatial]
        pads = [self.random.randint(0, k - 1) for k in kernel] * 2
        strides = [self.random.randint(1, 2) for _ in spatial]
        more = {"count_include_pad": self.pick(0, 1)} if kind == "AveragePool" else {}
        self.node(kind, kernel_shape=kernel, pads=pads, strides=strides, **more)
        sizes = (
            (s + 2 * p - k) // t + 1
            for s, p, k, t in zip(spatial, pads, kernel, strides, strict=False)
        )
        self.shape = (*self.shape[:2], *sizes)

    def move(self) -> None:
        rank = len(self.shape)
        kind = self.pick(
            "Flatten", "Reshape", "Transpose", "Pad", "Slice", "Split", "Squeeze", "Tile", "Gather"
        )
        if kind == "Flatten":
            self.node(kind, axis=1)
            self.shape = (self.shape[0], int(np.prod(self.shape[1:])))
        elif kind == "Reshape" and rank > 2:
            self.shape = (self.shape[0], self.shape[1], int(np.prod(self.shape[2:])))
            self.node(kind, self.constant(self.shape, np.int64))
        elif kind == "Transpose" and rank > 2:
            perm = [0, *self.random.sample(range(1, rank), rank - 1)]
            self.node(kind, perm=perm)
            self.shape = tuple(self.shape[p] for p in perm)
        elif kind == "Pad":
            mode = self.pick("constant", "constant", "edge")
            pads = [0, 0, *(self.random.randint(0, 1) for _ in range(rank - 2))] * 2
            more = [self.constant(self.pick(0.0, 0.0, 0.5))] if mode == "constant" else []
            self.node(kind, self.constant(pads, np.int64), *more, mode=mode)
            self.shape = tuple(s + 2 * p for s, p in zip(self.shape, pads, strict=False))
        elif kind == "Slice" and self.shape[1] > 1:
            self.node(kind, *(self.constant(v, np.int64) for v in ([1], [1 << 20], [1], [1])))
            self.shape = (self.shape[0], self.shape[1] - 1, *self.shape[2:])
        elif kind == "Split" and self.shape[1] > 1:
            first = self.random.randint(1, self.shape[1] - 1)
            parts = self.node(
                kind, self.constant([first, self.shape[1] - first], np.int64), axis=1, outputs=2
            )
            if self.chance(0.5):
                self.node("Concat", parts[0], x=parts[1], axis=1)
            else:
                self.shape = (self.shape[0], first, *self.shape[2:])
        elif kind == "Squeeze":
            self.node("Unsqueeze", self.constant([1], np.int64))
            self.node("Squeeze", self.constant([1], np.int64))
        elif kind == "Tile" and self.shape[1] < 5:
            self.node(kind, self.constant([1, 2, *(1,) * (rank - 2)], np.int64))
            self.shape = (self.shape[0], 2 * self.shape[1], *self.shape[2:])
        elif kind == "Gather":
            index = [self.random.randrange(self.shape[1]) for _ in range(3)]
            self.node(kind, self.constant(index, np.int64), axis=1)
            self.shape = (self.shape[0], 3, *self.shape[2:])

    def curve(self) -> None:
        kind = self.pick("Sigmoid", "Tanh", "Elu", "Selu")
        self.node(kind, **({"alpha": self.pick(1.0, 0.7, -0.5)} if "elu" in kind.lower() else {}))
        if self.chance(0.5):
            self.node("Mul", self.constant(self.number()))
        self.quant(wide=0.25)

    # -- the whole -----------------------------------------------------------------------------

    def model(self) -> onnx.ModelProto:
        outputs = [helper.make_tensor_value_info(self.x, TensorProto.FLOAT, None)]
        inputs = [
            helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in self.inputs.items()
        ]
        graph = helper.make_graph(self.nodes, "random", inputs, outputs, self.constants)
        imports = [helper.make_opsetid("", 21 if self.qdq else 17), helper.make_opsetid(QONNX, 1)]
        return helper.make_model(graph, opset_imports=imports, ir_version=9)


def network(seed: int, scales: str, *, qdq: bool = False) -> Network:
    """A network of one input; ``scales`` are 'po2' or 'any'."""
    net = Network(seed, scales, qdq=qdq)
    for _ in range(net.pick(0, 0, 1, 2)):
        net.pick(net.norm, net.with_constant, net.move, net.unary)()
    net.quant(bits=net.pick(2, 3, 4, 5, 8))
    for _ in range(net.random.randint(1, 6)):
        net.pick(
            net.product,
            net.product,
            net.norm,
            net.unary,
            net.with_constant,
            net.residual,
            net.pool,
            net.move,
            net.curve,
            net.quant,
            *((net.quant, net.quant) if qdq else (net.bipolar, net.trunc)),
        )()
        if net.chance(0.4):
            net.quant()
    if net.chance(0.7):
        net.quant()
    return net
