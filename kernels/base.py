"""What an operator is, and how it reads itself from an ONNX node."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from enum import Enum, auto
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from sim.array import Array
from sim.errors import UnsupportedAttribute, UnsupportedOperator


@dataclass(frozen=True)
class OnnxNode:
    """One node of an ONNX model, with its defaults filled in."""

    name: str
    op_type: str
    inputs: tuple[str, ...]
    """Names of values; '' for an optional input that is not there."""
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any] = field(default_factory=dict)
    constants: Mapping[str, npt.NDArray[Any]] = field(default_factory=dict)
    """The inputs that are known, by the name of the value."""
    domain: str = ""
    opset: int = 0

    def constant(self, position: int) -> npt.NDArray[Any] | None:
        """The input at this position; None if it is absent. It must be a constant."""
        name = self.inputs[position] if self.has(position) else ""
        if name and name not in self.constants:
            raise UnsupportedAttribute(
                f"node {self.name!r}: input {position} of {self.op_type}, {name!r}, must be a "
                f"constant, but the model computes it; make it an initializer"
            )
        return self.constants[name] if name else None

    def has(self, position: int) -> bool:
        """Whether there is an input at this position."""
        return position < len(self.inputs) and self.inputs[position] != ""

    def unsupported(self, what: str, supported: str) -> UnsupportedAttribute:
        return UnsupportedAttribute(
            f"node {self.name!r}: operator {self.op_type} is not supported with {what}; "
            f"supported is {supported}"
        )


class Scales(Enum):
    """What an operator does to real factors that its inputs carry beside their codes."""

    MOVE = auto()
    """Elements move, and each takes its factor along."""
    KEEP = auto()
    """``f(s * x) == s * f(x)`` for every ``s > 0`` that the combined elements share."""
    PRODUCT = auto()
    """Linear in each input: the factors multiply."""
    ABSORB = auto()
    """The factors must be one: the operator works on the numbers themselves."""


class Operator(ABC):
    """A function of tensors: its fields are what the ONNX node fixes, ``forward`` the rest.

    A field has the name of the ONNX attribute that it takes its value from, or is listed in
    ``parameters`` with the position of the input that must be a constant. Where its default is
    a member of an enum, the attribute must name one. Whatever attribute is neither a field nor
    in ``without_effect`` is refused by name.
    """

    onnx: ClassVar[tuple[str, ...]] = ()
    """The ONNX ``op_type`` names that this class implements."""
    scales: ClassVar[Scales] = Scales.ABSORB
    parameters: ClassVar[Mapping[str, int]] = {}
    without_effect: ClassVar[Mapping[str, tuple[Any, ...]]] = {}
    """Attributes that do not change the result, with the values they may have; () for any."""
    results: ClassVar[int] = 1
    """How many outputs there are at most."""
    limits: ClassVar[str] = ""
    """What is refused beside attributes, in a phrase for the table of operators."""

    registry: ClassVar[dict[str, type[Operator]]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for op_type in vars(cls).get("onnx", ()):
            assert op_type not in Operator.registry, f"two classes implement {op_type}"
            Operator.registry[op_type] = cls

    @staticmethod
    def named(node: OnnxNode) -> type[Operator]:
        """The class that implements a node."""
        if node.domain not in ("", "ai.onnx") or node.op_type not in Operator.registry:
            prefix = f"{node.domain}::" if node.domain not in ("", "ai.onnx") else ""
            raise UnsupportedOperator(
                f"node {node.name!r}: operator {prefix}{node.op_type} is not supported; "
                f"kernels/README.md lists those that are, and shows how to add one"
            )
        return Operator.registry[node.op_type]

    @classmethod
    def from_onnx(cls, node: OnnxNode) -> Self:
        """Read the fields from a node; every attribute is taken or refused by name."""
        values: dict[str, Any] = {}
        for f in fields(cls):  # type: ignore[arg-type]  # every operator is a dataclass
            value = node.attributes.get(f.name)
            if f.name in cls.parameters and node.has(cls.parameters[f.name]):
                value = node.constant(cls.parameters[f.name])
            if value is not None:
                values[f.name] = _member(node, f, _plain(value))
            elif f.default is MISSING:
                raise node.unsupported(f"no {f.name}", f"a given {f.name}")
        for name, value in node.attributes.items():
            if name not in values:
                cls._check_without_effect(node, name, _plain(value))
        op = cls(**values)
        op.check(node)
        return op

    def check(self, node: OnnxNode) -> None:
        """Refuse what single attributes do not show, such as two that exclude each other."""
        for name in filter(None, node.outputs[self.results :]):
            raise node.unsupported(f"the further output {name!r}", f"at most {self.results} output")

    @classmethod
    def _check_without_effect(cls, node: OnnxNode, name: str, value: Any) -> None:
        if name not in cls.without_effect:
            raise node.unsupported(f"attribute {name}={value!r}", "every other attribute")
        allowed = cls.without_effect[name]
        if allowed and value not in allowed:
            raise node.unsupported(f"{name}={value!r}", " or ".join(map(repr, allowed)))

    def data_inputs(self, node: OnnxNode) -> tuple[str, ...]:
        """The inputs that ``forward`` takes, in order: all but the parameters."""
        taken = set(self.parameters.values())
        return tuple(name for i, name in enumerate(node.inputs) if name and i not in taken)

    @abstractmethod
    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the output (a tuple, if there are several): numbers, intervals or wires."""

    def __str__(self) -> str:
        """As ``Conv(strides=(2, 2))``: what differs from its default, arrays by their shapes."""
        values = [(f, getattr(self, f.name)) for f in fields(self)]  # type: ignore[arg-type]
        shown = [
            f"{f.name}={_shown(v)}" for f, v in values if v is not f.default and v != f.default
        ]
        return f"{type(self).__name__}({', '.join(shown)})"


def _member(node: OnnxNode, f: Field[Any], value: Any) -> Any:
    """The member of the field's enum that an attribute names, if the field has an enum."""
    if not isinstance(f.default, Enum):
        return value
    kind = type(f.default)
    if value not in [member.value for member in kind]:
        known = " or ".join(repr(member.value) for member in kind)
        raise node.unsupported(f"{f.name}={value!r}", known)
    return kind(value)


def _shown(value: Any) -> str:
    match value:
        case Array():
            return "x".join(map(str, value.shape)) or "scalar"
        case Enum():
            return value.name
        case _:
            return str(value)


def _plain(value: Any) -> Any:
    """Lists and small integer arrays as tuples, scalars as numbers, bytes as text."""
    match value:
        case bytes():
            return value.decode()
        case list() | tuple():
            return tuple(_plain(v) for v in value)
        case np.ndarray():
            return _plain(value.tolist())
        case _:
            return value
