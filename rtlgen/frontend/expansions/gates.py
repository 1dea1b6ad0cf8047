"""The activation functions of recurrent operators, which their attributes name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from rtlgen.frontend.expansion import Expansion

Function = Callable[[str, str], str]
"""Of the name of a value, and what the result is to be called."""

_KNOWN: dict[str, tuple[float | None, ...]] = {
    "Affine": (None, None),
    "Elu": (1.0,),
    "HardSigmoid": (0.2, 0.5),
    "LeakyRelu": (0.01,),
    "Relu": (),
    "ScaledTanh": (None, None),
    "Sigmoid": (),
    "Softplus": (),
    "Softsign": (),
    "Tanh": (),
    "ThresholdedRelu": (1.0,),
}
"""The defaults of the alpha and beta that it takes, those of the ONNX operator; None for none."""


def functions(expansion: Expansion, names: Sequence[str]) -> list[Function]:
    """The functions of these names, in whatever case.

    ``activation_alpha`` and ``activation_beta`` go to those that take one, in order; where they
    end, the others have their defaults.
    """
    attributes = expansion.node.attributes
    given = [iter(attributes.get(f"activation_{name}", ())) for name in ("alpha", "beta")]
    found = []
    for name in names:
        op_type = next((known for known in _KNOWN if known.lower() == name.lower()), None)
        if op_type is None:
            raise expansion.node.unsupported(f"the activation {name!r}", ", ".join(_KNOWN))
        numbers = [next(own, d) for own, d in zip(given, _KNOWN[op_type], strict=False)]
        if None in numbers:
            raise expansion.node.unsupported(
                f"the activation {name!r} without its alpha and beta",
                "activation_alpha and activation_beta for it, which has no defaults",
            )
        found.append(_function(expansion, op_type, numbers))
    return found


def _function(expansion: Expansion, op_type: str, numbers: Sequence[Any]) -> Function:
    made = expansion.made
    names = ("alpha", "beta")
    match op_type:
        case "Affine":
            scale, offset = map(expansion.constant, numbers, names)
            return lambda x, called: made("Add", made("Mul", x, scale), offset, called=called)
        case "ScaledTanh":
            height, slope = map(expansion.constant, numbers, names)
            return lambda x, called: made(
                "Mul", made("Tanh", made("Mul", x, slope)), height, called=called
            )
        case _:
            attributes = dict(zip(names, numbers, strict=False))
            return lambda x, called: made(op_type, x, called=called, **attributes)
