"""Random small networks of operators of several values: choices, orders, normalizations, steps.

They are in the style of ``random_networks``, with what is exact and what is within a step of the
quantizer after it, which :attr:`Wide.near` says.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from tests.rtlgen.random_networks import QONNX, Network

OPSET = 23


class Wide(Network):
    """A network whose ``near`` are approximated values, with the step that each is within."""

    dtypes = (np.int8, np.uint8)

    def __init__(self, seed: int, scales: str, *, qdq: bool = False) -> None:
        super().__init__(seed, scales, qdq=qdq)
        self.near: dict[str, Any] = {}

    # -- pieces --------------------------------------------------------------------------------

    def branch(self, *, bits: int = 0) -> str:
        """The value, quantized by itself, beside the value."""
        x = self.x
        self.quant(bits=bits or self.pick(2, 3, 4))
        name, self.x = self.x, x
        return name

    def made(self, op_type: str, *inputs: str, outputs: int = 1, **attributes: Any) -> Any:
        """The names of a node's outputs, or its name if it is one; ``x`` stays what it is."""
        x = self.x
        names = self.node(op_type, *inputs[1:], x=inputs[0], outputs=outputs, **attributes)
        self.x = x
        return names if outputs > 1 else names[0]

    def cast(self, name: str, to: int = TensorProto.FLOAT) -> str:
        return self.made("Cast", name, to=to)

    def sized(self, shape: tuple[int, ...]) -> None:
        """The elements in a shape, of a batch of one."""
        self.shape = (1, *shape)
        self.node("Reshape", self.constant(self.shape, np.int64))

    def rounded(self) -> None:
        """What is approximated, within a step of a quantizer."""
        self.quant(bits=self.pick(3, 4, 6, 8), wide=self.pick(0.25, 0.5))
        (scale,) = (c for c in self.constants if c.name == self.nodes[-1].input[1])
        self.near[self.x] = float(numpy_helper.to_array(scale).max())

    def axis(self) -> int:
        return self.random.randrange(1, len(self.shape)) - self.pick(0, len(self.shape))

    # -- truth values and integers -------------------------------------------------------------

    def bit(self) -> str:
        """A comparison, or several, of the shape of the value."""
        kind = self.pick("Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Equal")
        other = self.branch() if self.chance(0.5) else self.constant(self.number())
        bit = self.made(kind, self.branch(), other)
        if self.chance(0.3):
            bit = self.made("Not", bit)
        if self.chance(0.3):
            bit = self.made(self.pick("And", "Or", "Xor"), bit, self.bit())
        return bit

    def choice(self) -> None:
        bit = self.bit()
        if self.chance(0.3):
            self.x = self.cast(bit)
            return
        one = self.branch()
        other = self.constant(self.number()) if self.chance(0.4) else self.branch()
        self.x = self.made("Where", bit, *((one, other) if self.chance(0.5) else (other, one)))

    def order(self) -> None:
        x, axis = self.branch(), self.axis()
        shape = list(self.shape)
        kind = self.pick("ArgMax", "ArgMin", "TopK", "Hardmax")
        if kind == "Hardmax":
            self.x = self.made(kind, x, axis=axis)
            return
        count = self.random.randint(1, shape[axis]) if kind == "TopK" else 1
        if kind == "TopK":
            given = (self.constant([count], np.int64),)
            largest = self.pick(0, 1)
            names = self.made(kind, x, *given, outputs=2, axis=axis, largest=largest)
            self.x = self.cast(names[1]) if self.chance(0.4) else names[0]
        else:
            self.x = self.cast(self.made(kind, x, axis=axis, select_last_index=self.pick(0, 1)))
        shape[axis] = count
        self.shape = tuple(shape)

    def integer(self) -> None:
        """An operator on integers of a few bits."""
        least = self.constant(0.0)
        few = self.made("Clip", self.branch(bits=4), least, self.constant(15.0))
        kind = self.pick("Mod", "BitShift", "Bitwise", "Gather")
        if kind == "Mod" and self.chance(0.4):
            divisor = self.constant(abs(self.number()) + 0.125)
            self.x = self.made(kind, self.branch(), divisor, fmod=1)
        elif kind == "Mod":
            codes = self.cast(few, TensorProto.INT32)
            divisor = self.constant(self.pick(2, 3, -4, 5, 7), np.int32)
            self.x = self.cast(self.made(kind, codes, divisor))
        elif kind == "Gather" and len(self.shape) < 4:
            few = self.made("Clip", few, least, self.constant(4.0))
            table = self.weights(5, 2)
            self.x = self.made(kind, table, self.cast(few, TensorProto.INT64))
            self.sized((self.shape[1], 2 * int(np.prod(self.shape[2:]))))
        else:
            codes = self.cast(few, TensorProto.UINT8)
            if kind == "BitShift":
                by = self.constant(self.random.randint(0, 4), np.uint8)
                direction = self.pick("LEFT", "RIGHT")
                self.x = self.cast(self.made(kind, codes, by, direction=direction))
            else:
                self.x = self.cast(self.bitwise(codes, few))

    def bitwise(self, codes: str, few: str) -> str:
        """Of the codes, with a constant or with their values as signed integers."""
        kind = self.pick("And", "Or", "Xor", "Not")
        if kind == "Not":
            return self.made("BitwiseNot", codes)
        if self.chance(0.5):
            mask = self.constant(self.random.randint(0, 31), np.uint8)
            return self.made(f"Bitwise{kind}", *self.random.sample((codes, mask), 2))
        below = self.made("Sub", few, self.constant(8.0))
        signed = [self.cast(name, TensorProto.INT32) for name in (few, below)]
        return self.made(f"Bitwise{kind}", *signed)

    # -- sums and moves ------------------------------------------------------------------------

    def reduction(self) -> None:
        kind = self.pick("Sum", "Mean", "Max", "Min", "SumSquare", "L1", "Prod")
        if kind in ("SumSquare", "Prod"):
            self.quant(bits=3)
        axis = self.axis()
        self.node(f"Reduce{kind}", self.constant([axis], np.int64), keepdims=1)
        shape = list(self.shape)
        shape[axis] = 1
        self.shape = tuple(shape)

    def running(self) -> None:
        axis = self.constant(self.axis(), np.int64)
        self.node("CumSum", axis, exclusive=self.pick(0, 1), reverse=self.pick(0, 1))

    def resize(self) -> None:
        if len(self.shape) < 3 or self.shape[-1] > 6:
            return
        scales = [1.0, 1.0, *(self.pick(0.5, 1.0, 2.0) for _ in self.shape[2:])]
        sizes = [int(s * n) for s, n in zip(scales, self.shape, strict=True)]
        if 0 in sizes:
            return
        mode = self.pick("nearest", "linear")
        given = ("", self.constant(scales))
        self.node("Resize", *given, mode=mode, nearest_mode=self.pick("floor", "round_prefer_ceil"))
        self.shape = tuple(sizes)

    def transposed(self) -> None:
        if len(self.shape) < 3 or self.shape[-1] > 6:
            return
        channels, spatial = self.shape[1], self.shape[2:]
        filters = self.random.randint(1, 2)
        kernel = [self.random.randint(1, 2) for _ in spatial]
        strides = [self.random.randint(1, 2) for _ in spatial]
        weights = self.weights(channels, filters, *kernel)
        self.node("ConvTranspose", weights, kernel_shape=kernel, strides=strides)
        sizes = (t * (n - 1) + k for n, k, t in zip(spatial, kernel, strides, strict=True))
        self.shape = (1, filters, *sizes)

    def einsum(self) -> None:
        if len(self.shape) == 3 and self.chance(0.6):
            self.x = self.made("Einsum", self.branch(), self.branch(), equation="bij,bkj->bik")
            self.shape = (1, self.shape[1], self.shape[1])
            return
        count = self.random.randint(1, 3)
        equation = {2: "bi,ji->bj", 3: "bil,ji->bjl", 4: "bihw,ji->bjhw"}[len(self.shape)]
        self.node("Einsum", self.weights(count, self.shape[1]), equation=equation)
        self.shape = (1, count, *self.shape[2:])

    # -- functions that meet again -------------------------------------------------------------

    def gated(self) -> None:
        """A value times a function of it."""
        self.quant(bits=self.pick(3, 4, 5))
        x = self.x
        kind = self.pick("Sigmoid", "Tanh", "HardSigmoid", "Softplus", "Erf")
        if kind == "Erf":
            inner = self.made("Mul", x, self.constant(0.70710677))
            gate = self.made("Add", self.made(kind, inner), self.constant(1.0))
        elif kind == "Softplus":
            gate = self.made("Tanh", self.made(kind, x))
        else:
            gate = self.made(kind, x)
        self.x = self.made("Mul", *((x, gate) if self.chance(0.5) else (gate, x)))
        self.quant(wide=0.25)

    def step(self) -> None:
        """Of a recurrent cell: a state that a gate mixes with a candidate."""
        state = self.branch()
        gate = self.made("Sigmoid", self.branch(bits=4))
        candidate = self.made("Tanh", self.branch(bits=4))
        gate, candidate = map(self.rounded_to_fractions, (gate, candidate))
        rest = self.made("Sub", self.constant(1.0), gate)
        kept, new = self.made("Mul", gate, state), self.made("Mul", rest, candidate)
        self.x = self.made("Add", kept, new)

    def rounded_to_fractions(self, name: str) -> str:
        x, self.x = self.x, name
        if self.qdq:
            self.node("QuantizeLinear", scale := self.constant(1 / 16), zero := self.zero())
            self.node("DequantizeLinear", scale, zero)
        else:
            given = map(self.constant, (1 / 16, 0, 6))
            self.node("Quant", *given, domain=QONNX, signed=1, narrow=0, rounding_mode="ROUND")
        name, self.x = self.x, x
        return name

    def zero(self) -> str:
        return self.constant(0, np.int8)

    def recurrent(self) -> None:
        if len(self.shape) != 3:
            return
        count, size = self.random.randint(1, 2), self.shape[2]
        self.quant(bits=2)
        x = self.made("Transpose", self.x, perm=[1, 0, 2])
        weights = [self.constant(self.coarse(1, count, n)) for n in (size, count)]
        bias = [self.constant(self.coarse(1, 2 * count))] if self.chance(0.5) else []
        line = {"activations": ["Affine"], "activation_alpha": [0.5], "activation_beta": [0.25]}
        y = self.made("RNN", x, *weights, *bias, hidden_size=count, **line)
        self.x = y
        self.sized((self.shape[1], count))

    def coarse(self, *shape: int) -> Any:
        """Weights of a few bits, that no quantizer is needed for."""
        count = int(np.prod(shape))
        return np.reshape([self.random.randint(-3, 3) / 2 for _ in range(count)], shape)

    # -- what is approximated ------------------------------------------------------------------

    def softmax(self) -> None:
        self.quant(bits=self.pick(3, 4, 6))
        self.node(self.pick("Softmax", "Softmax", "LogSoftmax"), axis=self.axis())
        self.rounded()

    def quotient(self) -> None:
        size = self.made("Abs", self.branch(bits=4))
        divisor = self.made("Add", size, self.constant(self.pick(0.5, 1.0, 0.3)))
        dividend = self.constant(1.5) if self.chance(0.2) else self.branch()
        self.x = self.made("Div", dividend, divisor)
        self.rounded()

    def normalization(self) -> None:
        kinds = ["LayerNormalization", "RMSNormalization", "LpNormalization"]
        if len(self.shape) > 2:
            kinds += ["InstanceNormalization", "GroupNormalization", "MeanVarianceNormalization"]
        kind, count = self.pick(*kinds), self.shape[1]
        self.quant(bits=self.pick(3, 4))
        epsilon = self.pick(1e-5, 0.1)
        if kind in ("LayerNormalization", "RMSNormalization"):
            wide = self.shape[-1:]
            bias = [self.constant(self.numbers(*wide))] * (kind[0] == "L" and self.chance(0.5))
            self.node(kind, self.constant(self.numbers(*wide)), *bias, epsilon=epsilon)
        elif kind == "LpNormalization":
            self.node(kind, axis=self.axis())
        elif kind == "MeanVarianceNormalization":
            self.node(kind, axes=[self.axis()])
        else:
            more = {"num_groups": self.pick(1, count)} if kind[0] == "G" else {}
            parameters = (self.constant(self.numbers(count)) for _ in range(2))
            self.node(kind, *parameters, epsilon=epsilon, **more)
        self.rounded()

    def attention(self) -> None:
        """Of a sequence to itself, as exporters write it out, with a mask or without one."""
        if len(self.shape) != 3 or self.shape[2] > 6:
            return
        length, size = self.shape[1:]
        self.quant(bits=3)
        q, k, v = (
            self.made("MatMul", self.x, self.constant(self.coarse(size, 2))) for _ in range(3)
        )
        scores = self.made("MatMul", q, self.made("Transpose", k, perm=[0, 2, 1]))
        self.x = self.made("Mul", scores, self.constant(0.7))
        self.quant(bits=self.pick(4, 6))
        if self.chance(0.4):
            mask = np.triu(np.full((length, length), -1e9), 1)
            self.node("Add", self.constant(mask))
        self.node("Softmax", axis=-1)
        self.rounded()
        self.node("MatMul", self.rounded_to_fractions(v))
        self.shape = (1, length, 2)

    # -- the whole -----------------------------------------------------------------------------

    def model(self) -> onnx.ModelProto:
        """Ends in all that is approximated, too."""
        proto = super().model()
        for name in self.near.keys() - {self.x}:
            proto.graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, None))
        next(o for o in proto.opset_import if not o.domain).version = OPSET
        proto.ir_version = 10
        return proto

    @property
    def operators(self) -> tuple[Callable[[], None], ...]:
        """Those that ``random_networks`` does not have."""
        exact = (self.choice, self.order, self.integer, self.reduction, self.running, self.resize)
        more = (self.transposed, self.einsum, self.gated, self.step, self.recurrent)
        return (*exact, *more, self.softmax, self.quotient, self.normalization, self.attention)


def network(seed: int, scales: str, *, qdq: bool = False) -> Wide:
    """A network of one input; ``scales`` are 'po2' or 'any'."""
    net = Wide(seed, scales, qdq=qdq)
    net.quant(bits=net.pick(2, 3, 4))
    for _ in range(net.random.randint(1, 3)):
        net.pick(*net.operators)()
        if net.chance(0.4):
            net.pick(net.product, net.norm, net.unary, net.with_constant, net.move)()
        if net.chance(0.5):
            net.quant(bits=net.pick(2, 3, 4))
    return net
