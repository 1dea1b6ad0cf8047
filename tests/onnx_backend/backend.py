"""rtlgen as a backend of ONNX: a model that is given arrays, computed in fixed point."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from onnx import helper
from onnx.backend.base import Backend, BackendRep

from rtlgen import Options
from rtlgen.frontend import load
from rtlgen.network import Network, read
from sim.errors import RtlgenError
from sim.fixed import Fixed
from tests.onnx_backend.formats import exactly, narrow
from tests.onnx_backend.variants import Variant, variants

LIMIT = 10**9
"""Of operations, were the network unrolled."""
DEFAULTS = {"weights": "16", "activations": "12"}


@dataclass(frozen=True)
class Answer:
    """A network in fixed point, the codes that it was given, and its results."""

    variant: Variant
    network: Network
    codes: Mapping[str, Fixed]
    results: Mapping[str, Fixed]

    @property
    def outputs(self) -> tuple[Any, ...]:
        """Real numbers, in the order of the model's outputs."""
        names = [output.name for output in self.variant.proto.graph.output]
        decodings = self.network.codings.outputs
        return tuple(decodings[name].decode(self.results[name])[0] for name in names)


class FixedPoint(Backend):
    """A network is not made before there are inputs, as formats are chosen from them."""

    @classmethod
    def prepare(cls, model: onnx.ModelProto, *_: Any, **__: Any) -> FixedPointModel:
        return FixedPointModel(model)

    @classmethod
    def supports_device(cls, device: str) -> bool:
        return device == "CPU"


@dataclass(frozen=True)
class FixedPointModel(BackendRep):
    proto: onnx.ModelProto

    def run(self, inputs: Any, **kwargs: Any) -> tuple[Any, ...]:
        """The outputs, in the model's types; what cannot be taken is an :class:`RtlgenError`."""
        types = [output.type.tensor_type.elem_type for output in self.proto.graph.output]
        found = zip(self.answer(inputs).outputs, types, strict=True)
        return tuple(y.astype(helper.tensor_dtype_to_np_dtype(dtype)) for y, dtype in found)

    def answer(self, inputs: Sequence[Any]) -> Answer:
        """By the first of the variants that is not refused, with the finest formats it takes.

        If all are refused, the error is that of the variant whose data are the first input only.
        """
        errors = []
        for variant in variants(self.proto, inputs):
            for options in (_exact, _rounded):
                try:
                    return _answer(variant, options)
                except RtlgenError as error:
                    errors.append((len(variant.data) == 1, error))
        raise next((e for first, e in reversed(errors) if first), errors[-1][1])


def _exact(data: Mapping[str, Any]) -> Options:
    """Formats that hold the inputs exactly, and none else."""
    return Options(config={"formats": {n: exactly(x) for n, x in data.items()}}, limit=LIMIT)


def _rounded(data: Mapping[str, Any]) -> Options:
    """Such that tables of all codes are small, and chosen from these data."""
    formats = {name: narrow(x) for name, x in data.items()}
    return Options(
        config={"formats": formats, "defaults": DEFAULTS},
        calibrate={name: x.astype(np.float64)[None] for name, x in data.items()},
        limit=LIMIT,
    )


def _answer(variant: Variant, options: Callable[[Mapping[str, Any]], Options]) -> Answer:
    inputs = load(variant.proto).inputs
    network = read(variant.proto, options({name: variant.data[name] for name in inputs}))
    data = {name: variant.data[name] for name in network.codings.inputs}
    codes = network.encode({name: x.astype(np.float64)[None] for name, x in data.items()})
    return Answer(variant, network, codes, network.evaluate(codes))
