"""Drive a design with the samples of ``vectors.npz`` and check its outputs in every cycle.

A cocotb bench on its own: it needs cocotb and numpy, the design, and two files beside it,
``manifest.json`` (ports and latency) and ``vectors.npz`` (codes that go in and must come out). It
leaves ``result.json``. Environment variables: SEED chooses the gaps between the samples; MANIFEST
and RESULT name the files where they are elsewhere (``vectors.npz`` is beside the manifest).
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

import cocotb
import numpy as np
from cocotb.triggers import Timer

MANIFEST = Path(os.environ.get("MANIFEST") or Path(__file__).with_name("manifest.json"))
RESULT = Path(os.environ.get("RESULT") or MANIFEST.with_name("result.json"))
SEED = int(os.environ.get("SEED") or 0)
ENOUGH = 5  # mismatches, after which there is nothing new to learn


@cocotb.test()
async def replays_the_vectors(dut: Any) -> None:
    """Samples go in with gaps between them, and come out right, `latency` cycles later."""
    manifest = json.loads(MANIFEST.read_text())
    latency = manifest["latency"]
    clock = getattr(dut, manifest["clock"]) if manifest["clock"] else None
    with np.load(MANIFEST.with_name("vectors.npz")) as vectors:
        x = list(ports(dut, "x", manifest["inputs"], vectors))
        y = list(ports(dut, "y", manifest["outputs"], vectors))
    samples = len(y[0].words)
    assert {len(port.words) for port in x + y} == {samples}, "vectors.npz: counts of samples differ"
    rng = random.Random(SEED)  # noqa: S311  # repeatable, not secret
    plan = schedule(samples, latency, manifest["initiation_interval"], rng)
    cycle = checked = 0
    mismatches: list[dict[str, Any]] = []
    for cycle, sample in enumerate(plan):
        drive(dut, x, sample, rng)
        await Timer(5, unit="ns")
        # Inputs change as the clock falls, and outputs are read before it rises: nothing races,
        # and a combinational output is not mistaken for a registered one.
        due = plan[cycle - latency] if cycle >= latency else None
        if (valid := str(dut.y__valid.value)) != ("0" if due is None else "1"):
            mismatches.append(untimely(valid, due, cycle, latency))
        elif due is not None:
            mismatches += differences(y, due, cycle)
        checked += due is not None
        if len(mismatches) >= ENOUGH:
            break
        if clock is not None:
            clock.value = 1
            await Timer(5, unit="ns")
            clock.value = 0
    result = {"samples": samples, "checked": checked, "latency": latency, "cycles": cycle + 1}
    mismatches = mismatches[:ENOUGH]
    RESULT.write_text(json.dumps(result | {"mismatches": mismatches}, indent=1) + "\n")
    assert not mismatches, "; ".join(mismatch["text"] for mismatch in mismatches)
    assert checked == samples > 0, f"{checked} of {samples} samples were checked"


def schedule(samples: int, latency: int, interval: int, rng: random.Random) -> list[int | None]:
    """Say which sample goes in at each cycle: gaps, and stretches as dense as the design allows."""
    plan: list[int | None] = []
    dense = 0
    for sample in range(samples):
        if not dense:
            plan += [None] * rng.randint(1, latency + 2)
            dense = rng.randint(1, 32)
        plan += [sample] + [None] * (interval - 1)
        dense -= 1
    return plan + [None] * (latency + 1)


def drive(dut: Any, x: list[Port], sample: int | None, rng: random.Random) -> None:
    """Put in a sample, or noise that the design must not take for one."""
    dut.x__valid.value = int(sample is not None)
    for port in x:
        noise = rng.getrandbits(port.width)
        port.handle.value = noise if sample is None else int(port.words[sample], 2)


def untimely(valid: str, due: int | None, cycle: int, latency: int) -> dict[str, Any]:
    wanted, sample = ("0", "no sample") if due is None else ("1", f"sample {due}")
    reason = f"since {sample} went in {latency} cycles before"
    text = f"cycle {cycle}: expected y__valid to be {wanted}, {reason}, got {valid}"
    return {"text": text, "cycle": cycle, "sample": due, "output": "y__valid", "element": []}


def differences(y: list[Port], due: int, cycle: int) -> Iterator[dict[str, Any]]:
    """Compare the outputs with a sample: words whole, and taken apart only where they differ."""
    for port in y:
        if (word := str(port.handle.value)) != port.words[due]:
            for element, expected, got in port.differing(port.words[due], word):
                yield {"cycle": cycle, "sample": due} | element.mismatch(due, expected, got)


@dataclass(frozen=True)
class Element:
    """One number of a sample: its place in a tensor and in the bits of a port."""

    tensor: str
    index: tuple[int, ...]
    signed: bool
    width: int
    exp: int
    scale: float
    offset: float

    def bits(self, codes: Any) -> Any:
        """Write codes as rows of bits, the highest bit first."""
        lo = -(1 << self.width - 1) if self.signed else 0
        fits = ((codes >= lo) & (codes < lo + (1 << self.width))).all()
        assert fits, f"vectors.npz: {self.tensor!r} {[*self.index]} has {self.width} bits: too few"
        return codes[:, None] >> np.arange(self.width)[::-1] & 1

    def mismatch(self, sample: int, expected: str, got: str) -> dict[str, Any]:
        where = f"sample {sample}, output {self.tensor!r} element {[*self.index]}"
        return {
            "text": f"{where}: expected code {self.show(expected)}, got {self.show(got)}",
            "output": self.tensor,
            "element": self.index,
            "expected": self.code(expected),
            "expected_value": self.value(expected),
            "got": self.code(got),
            "got_value": self.value(got),
        }

    def show(self, bits: str) -> str:
        code = self.code(bits)
        return f"undefined bits {bits}" if code is None else f"{code} ({self.value(bits)!r})"

    def value(self, bits: str) -> float | None:
        code = self.code(bits)
        return None if code is None else code * 2.0**self.exp * self.scale + self.offset

    def code(self, bits: str) -> int | None:
        if set(bits) - {"0", "1"}:
            return None
        return int(bits, 2) - (int(bits[0]) << self.width if self.signed else 0)


class Port:
    """A port of the design, and the bits on it for every sample, as text."""

    def __init__(self, dut: Any, name: str, elements: list[Element], columns: list[Any]) -> None:
        self.handle = getattr(dut, name)
        self.elements = elements
        self.width = sum(element.width for element in elements)
        found = len(str(self.handle.value))
        assert found == self.width, f"{name} has {found} bits, not the manifest's {self.width}"
        bits = [element.bits(codes) for element, codes in zip(elements, columns, strict=True)]
        # The first element has the lowest bits, which read last.
        rows = (np.concatenate(bits[::-1], axis=1) + ord("0")).astype(np.uint8)
        self.words = [row.tobytes().decode() for row in rows]

    def differing(self, expected: str, got: str) -> Iterator[tuple[Element, str, str]]:
        end = len(expected)
        for element in self.elements:
            field = slice(end - element.width, end)
            end = field.start
            if expected[field] != got[field]:
                yield element, expected[field], got[field]


def ports(dut: Any, stream: str, tensors: list[dict[str, Any]], vectors: Any) -> Iterator[Port]:
    """Find the ports of a stream, and spread the codes of its tensors over them."""
    found: list[tuple[str, Element, Any]] = []
    for tensor in tensors:
        names = tensor["ports"] or [f"{stream}__payload"] * len(tensor["width"])
        codes = vectors[f"{stream}/{tensor['name']}"]
        if codes.dtype.kind == "U":  # decimal text, where codes have more than 64 bits
            codes = np.frompyfunc(int, 1, 1)(codes)
        columns = codes.reshape(len(codes), len(names)).T
        found += zip(names, elements(tensor), columns, strict=True)
    for name, group in groupby(found, key=itemgetter(0)):
        _, parts, columns = zip(*group, strict=True)
        yield Port(dut, name, list(parts), list(columns))


def elements(tensor: dict[str, Any]) -> Iterator[Element]:
    count = len(tensor["width"])
    return map(
        Element,
        [tensor["name"]] * count,
        np.ndindex(*tensor["shape"]),
        tensor["signed"],
        tensor["width"],
        tensor["exp"],
        (tensor["scale"] * count)[:count],  # one for all, or one for each
        (tensor["offset"] * count)[:count],
    )
