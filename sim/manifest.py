"""What a bench must know of a design: its ports, its latency, and how a code reads as a number.

Stands as ``manifest.json`` beside the Verilog. The value of an element is
``code * 2**exp * scale + offset``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from itertools import chain
from math import isfinite, prod
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Self, get_args

from sim.errors import DataError, nearest

FORMAT = 1


class Ports(StrEnum):
    """How the elements of a sample are spread over the ports."""

    PACKED = "packed"  # one word, all tensors in order, element 0 in the least significant bits
    ELEMENTS = "elements"  # a port for every element, named in `Tensor.ports`


@dataclass(frozen=True)
class Tensor:
    """One input or output; every tuple has one entry per element, in C order.

    `scale` and `offset` have one entry for all elements, or one for each.
    """

    name: str
    shape: tuple[int, ...]
    signed: tuple[bool, ...]
    width: tuple[int, ...]
    exp: tuple[int, ...]
    scale: tuple[float, ...] = (1.0,)
    offset: tuple[float, ...] = (0.0,)
    ports: tuple[str, ...] = ()

    @property
    def elements(self) -> int:
        return prod(self.shape)

    @property
    def bits(self) -> int:
        return sum(self.width)


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """A design seen from outside: a stream of samples `x` goes in, a stream `y` comes out.

    `x__valid` and `y__valid` are one bit each. `clock` is None for a combinational design.

    A design is *elastic* if `latency` is None. Then it also has `x__ready` (out) and `y__ready`
    (in), one bit each: a sample goes in at a clock edge where valid and ready are both high, and
    results come out likewise, in order. Whoever has raised valid keeps it up, and the payload as
    it is, until then.
    """

    top: str = "top"
    ports: Ports = Ports.PACKED
    clock: str | None = "clk"
    latency: int | None
    initiation_interval: int = 1
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]

    @property
    def port_names(self) -> tuple[str, ...]:
        """Every port of the module: clock, inputs, outputs."""
        clock = () if self.clock is None else (self.clock,)
        return (*clock, *self._stream("x", self.inputs), *self._stream("y", self.outputs))

    @property
    def words(self) -> int:
        """How many words of 64 bits hold every code of every tensor, in two's complement."""
        formats = (zip(t.width, t.signed, strict=True) for t in (*self.inputs, *self.outputs))
        return 1 + max(width - signed for width, signed in chain(*formats)) // 64

    def write(self, path: Path) -> None:
        path.write_text(self.text())

    def text(self) -> str:
        """The file, a line for each tensor."""
        assert not (found := list(_contradictions(self))), found
        record = {"format": FORMAT} | asdict(self)
        rows = [f" {json.dumps(key)}: {_row(value)}" for key, value in record.items()]
        return "{\n" + ",\n".join(rows) + "\n}\n"

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a file that anybody may have edited."""
        record = _fields(f"{path}", _load(path), _MANIFEST)
        for key in ("inputs", "outputs"):
            record[key] = tuple(
                Tensor(**_fields(f"{path}: {key}[{i}]", tensor, _TENSOR))
                for i, tensor in enumerate(record[key])
            )
        if record.pop("format") != FORMAT:
            raise _broken(f"{path}", f"is of another format than {FORMAT}")
        if (ports := record["ports"]) not in list(Ports):
            raise _broken(f"{path}: ports", f"{ports!r}{nearest(ports, map(str, Ports))}")
        manifest = cls(**record | {"ports": Ports(ports)})
        for contradiction in _contradictions(manifest):
            raise _broken(f"{path}", contradiction)
        return manifest

    def _stream(self, name: str, tensors: tuple[Tensor, ...]) -> Iterator[str]:
        yield f"{name}__valid"
        if self.latency is None:
            yield f"{name}__ready"
        if self.ports is Ports.PACKED:
            yield f"{name}__payload"
        yield from chain.from_iterable(tensor.ports for tensor in tensors)


def _row(value: object) -> str:
    if isinstance(value, tuple):  # of tensors
        return "[\n" + ",\n".join(f"  {json.dumps(tensor)}" for tensor in value) + "\n ]"
    return json.dumps(value)


# The types that JSON must show for each field; a list holds its entries' type.
_TENSOR: dict[str, Any] = {
    "name": str,
    "shape": [int],
    "signed": [bool],
    "width": [int],
    "exp": [int],
    "scale": [float],
    "offset": [float],
    "ports": [str],
}
_MANIFEST: dict[str, Any] = {
    "format": int,
    "top": str,
    "ports": str,
    "clock": str | None,
    "latency": int | None,
    "initiation_interval": int,
    "inputs": [dict],
    "outputs": [dict],
}


def _broken(where: str, what: str) -> DataError:
    return DataError(f"{where}: {what}; mend the file or generate the design again")


def _load(path: Path) -> object:
    try:
        return json.loads(path.read_text())
    except OSError as error:
        raise _broken(f"{path}", f"cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise _broken(f"{path}", f"is not JSON ({error})") from error


def _fields(where: str, record: object, types: dict[str, Any]) -> dict[str, Any]:
    if not isinstance(record, dict):
        raise _broken(where, f"should be an object, is {record!r}")
    if missing := types.keys() - record.keys():
        raise _broken(where, f"has no {min(missing)!r}")
    if unknown := record.keys() - types.keys():
        raise _broken(where, f"has an unknown {min(unknown)!r}{nearest(min(unknown), types)}")
    return {key: _typed(f"{where}: {key}", record[key], kind) for key, kind in types.items()}


def _typed(where: str, value: Any, kind: Any) -> Any:
    match kind:
        case [entry]:
            values = _typed(where, value, list)
            return tuple(_typed(f"{where}[{i}]", item, entry) for i, item in enumerate(values))
        case type() if kind is float and type(value) is int:
            return float(value)
        case type() if type(value) is not kind:  # exact: Python's bool is an int, JSON's is not
            raise _broken(where, f"should be {_NAMES[kind]}, is {value!r}")
        case UnionType() if type(value) not in get_args(kind):
            names = " or ".join(_NAMES[option] for option in get_args(kind))
            raise _broken(where, f"should be {names}, is {value!r}")
    return value


_NAMES = {str: "text", int: "an integer", bool: "true or false", float: "a number"}
_NAMES |= {list: "a list", dict: "an object", NoneType: "null"}


def _contradictions(manifest: Manifest) -> Iterator[str]:
    """Yield what the types allow and the format does not."""
    if not manifest.inputs or not manifest.outputs:
        yield "needs at least one input and one output"
    if (manifest.latency or 0) < 0 or manifest.initiation_interval < 1:
        yield "latency must be at least 0 and initiation_interval at least 1"
    if manifest.clock is None and manifest.latency != 0:
        yield f"latency {json.dumps(manifest.latency)} needs a clock, and clock is null"
    for key, tensors in (("inputs", manifest.inputs), ("outputs", manifest.outputs)):
        if len({tensor.name for tensor in tensors}) < len(tensors):
            yield f"two {key} have the same name"
        for tensor in tensors:
            for what in _tensor_contradictions(tensor, manifest.ports):
                yield f"{key} {tensor.name!r}: {what}"
    names = manifest.port_names
    if len(set(names)) < len(names):
        yield "two ports have the same name"
    for name in (manifest.top, *names):
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_$]*", name):
            yield f"{name!r} is not a Verilog identifier"


def _tensor_contradictions(tensor: Tensor, ports: Ports) -> Iterator[str]:
    count = tensor.elements
    if min(tensor.shape, default=1) < 1 or min(tensor.width, default=1) < 1:
        yield "every dimension and every width must be at least 1"
    lengths = {"signed": {count}, "width": {count}, "exp": {count}}
    lengths |= {"scale": {1, count}, "offset": {1, count}}
    lengths["ports"] = {count if ports is Ports.ELEMENTS else 0}
    for key, allowed in lengths.items():
        if (length := len(getattr(tensor, key))) not in allowed:
            wanted = " or ".join(map(str, sorted(allowed)))
            yield f"{key} has {length} entries, should have {wanted} for shape {[*tensor.shape]}"
    if not all(map(isfinite, tensor.scale + tensor.offset)):
        yield "scale and offset must be finite"
