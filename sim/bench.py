"""Drive a design with the samples of ``vectors.npz`` and check its outputs in every cycle.

A cocotb bench on its own: it needs cocotb and numpy, the design, and two files beside it,
``manifest.json`` (ports and latency) and ``vectors.npz`` (codes that go in and must come out). It
leaves ``result.json``. Environment variables: SEED chooses the gaps between the samples, and the
stalls of their results; MANIFEST and RESULT name the files where they are elsewhere
(``vectors.npz`` is beside the manifest).
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
from typing import Any, TypeAlias

import cocotb
import numpy as np
from cocotb.triggers import Timer

MANIFEST = Path(os.environ.get("MANIFEST") or Path(__file__).with_name("manifest.json"))
RESULT = Path(os.environ.get("RESULT") or MANIFEST.with_name("result.json"))
SEED = int(os.environ.get("SEED") or 0)
ENOUGH = 5  # mismatches, after which there is nothing new to learn
PATIENCE = 10_000  # cycles of one initiation interval without a sample in or out: it is stuck
QUIET = 100  # cycles after the last result, in which there must be no other

Mismatch: TypeAlias = dict[str, Any]


@cocotb.test()
async def replays_the_vectors(dut: Any) -> None:
    """Samples go in with gaps between them, and come out right: on time, or as they are taken."""
    manifest = json.loads(MANIFEST.read_text())
    clock = getattr(dut, manifest["clock"]) if manifest["clock"] else None
    with np.load(MANIFEST.with_name("vectors.npz")) as vectors:
        x = list(ports(dut, "x", manifest["inputs"], vectors))
        y = list(ports(dut, "y", manifest["outputs"], vectors))
    samples = len(y[0].words)
    assert {len(port.words) for port in x + y} == {samples}, "vectors.npz: counts of samples differ"
    rng = random.Random(SEED)  # repeatable, not secret
    kind = Elastic if manifest["latency"] is None else Punctual
    judge = kind(dut, x, y, manifest, samples, rng)
    mismatches: list[Mismatch] = []
    while not judge.done and len(mismatches) < ENOUGH:
        judge.drive()
        await Timer(5, unit="ns")
        # Inputs change as the clock falls, and outputs are read before it rises: nothing races,
        # and a combinational output is not mistaken for a registered one.
        mismatches += judge.look()
        judge.cycle += 1
        if clock is not None:
            clock.value = 1
            await Timer(5, unit="ns")
            clock.value = 0
    result = {"samples": samples, "checked": judge.checked, "latency": manifest["latency"]}
    result |= {"cycles": judge.cycle, "mismatches": (mismatches := mismatches[:ENOUGH])}
    RESULT.write_text(json.dumps(result, indent=1) + "\n")
    assert not mismatches, "; ".join(mismatch["text"] for mismatch in mismatches)
    assert judge.checked == samples > 0, f"{judge.checked} of {samples} samples were checked"


@dataclass
class Judge:
    """Takes a design through all samples: in every cycle it has to `drive`, and then to `look`."""

    dut: Any
    x: list[Port]
    y: list[Port]
    manifest: dict[str, Any]
    samples: int
    rng: random.Random
    cycle: int = 0
    checked: int = 0

    def offer(self, sample: int | None) -> None:
        """Put in a sample, or noise that the design must not take for one."""
        self.dut.x__valid.value = int(sample is not None)
        for port in self.x:
            noise = self.rng.getrandbits(port.width)
            port.handle.value = noise if sample is None else int(port.words[sample], 2)

    def differences(self, sample: int, wanted: list[str], got: list[str]) -> Iterator[Mismatch]:
        """Compare what is on the ports: words whole, and taken apart only where they differ."""
        for port, *words in zip(self.y, wanted, got, strict=True):
            if words[0] != words[1]:
                for element, *bits in port.differing(*words):
                    yield {"cycle": self.cycle, "sample": sample} | element.mismatch(sample, *bits)

    def untimely(self, port: str, wanted: str, reason: str, got: str, due: int | None) -> Mismatch:
        return self.note(f"expected {port} to be {wanted}, since {reason}, got {got}", port, due)

    def note(self, what: str, port: str, due: int | None) -> Mismatch:
        text = f"cycle {self.cycle}: {what}"
        return {"text": text, "cycle": self.cycle, "sample": due, "output": port, "element": []}


@dataclass
class Punctual(Judge):
    """Every result comes `latency` cycles after its sample, and nothing comes in between."""

    def __post_init__(self) -> None:
        self.latency = self.manifest["latency"]
        interval = self.manifest["initiation_interval"]
        self.plan = schedule(self.samples, self.latency, interval, self.rng)

    @property
    def done(self) -> bool:
        return self.cycle == len(self.plan)

    def drive(self) -> None:
        self.offer(self.plan[self.cycle])

    def look(self) -> Iterator[Mismatch]:
        due = self.plan[self.cycle - self.latency] if self.cycle >= self.latency else None
        wanted, sample = ("0", "no sample") if due is None else ("1", f"sample {due}")
        if (valid := str(self.dut.y__valid.value)) != wanted:
            reason = f"{sample} went in {self.latency} cycles before"
            yield self.untimely("y__valid", wanted, reason, valid, due)
        elif due is not None:
            yield from self.differences(due, right(self.y, due), shown(self.y))
        self.checked += due is not None


@dataclass
class Elastic(Judge):
    """Samples go in and results come out, in order, at each edge where valid and ready are high.

    What is valid stays so, and as it is, until it is taken: the bench keeps to that with x, and
    demands it of y.
    """

    def __post_init__(self) -> None:
        self.offers, self.takes = stretches(self.rng), stretches(self.rng)
        self.offering = self.taking = False
        self.sent = self.idle = 0
        self.waiting: list[str] = []  # the result that was on y, and was not taken
        self.patience = PATIENCE * self.manifest["initiation_interval"]

    @property
    def done(self) -> bool:
        return self.idle == (QUIET if self.checked == self.samples else self.patience)

    def drive(self) -> None:
        if not self.offering:
            self.offering = self.sent < self.samples and next(self.offers)
            self.offer(self.sent if self.offering else None)
        self.taking = next(self.takes)
        self.dut.y__ready.value = int(self.taking)

    def look(self) -> Iterator[Mismatch]:
        ready, valid = str(self.dut.x__ready.value), str(self.dut.y__valid.value)
        going = self.offering and ready == "1"
        self.sent += going
        # What is on offer may show through before it goes in, but not come out.
        owed = self.checked < self.sent or (self.offering and not self.taking)
        words = shown(self.y) if owed and valid == "1" else []
        yield from self.compare(ready, valid, words)
        coming = self.taking and bool(words)
        self.checked += coming
        self.offering &= not going
        self.waiting = [] if coming else words
        self.idle = 0 if going or coming else self.idle + 1
        if self.idle == self.patience:
            counts = f"{self.sent} of {self.samples} samples went in, {self.checked} came out"
            what = f"{counts}, and nothing has moved for {self.idle} cycles"
            yield self.note(what, "y__valid", self.checked)

    def compare(self, ready: str, valid: str, words: list[str]) -> Iterator[Mismatch]:
        """Compare a result when it appears; from then on it has to stay."""
        due = self.checked
        for port, bit in (("x__ready", ready), ("y__valid", valid)):
            if bit not in {"0", "1"}:
                yield self.untimely(port, "0 or 1", "it is read in every cycle", bit, due)
        if words and self.waiting:
            for mismatch in self.differences(due, self.waiting, words):
                text = f"cycle {self.cycle}: changed before it was taken: {mismatch['text']}"
                yield mismatch | {"text": text}
        elif words:
            yield from self.differences(due, right(self.y, due), words)
        elif valid == "1":
            yield self.untimely("y__valid", "0", "no sample is on its way", valid, None)
        elif self.waiting:
            yield self.untimely("y__valid", "1", f"sample {due} was not taken yet", valid, due)


def stretches(rng: random.Random) -> Iterator[bool]:
    """Say for each cycle whether to go on: stretches of always, of never and of now and then."""
    while True:
        chance = rng.choice((0, 0.5, 1))
        for _ in range(rng.randint(1, 16)):
            yield rng.random() < chance


def right(y: list[Port], sample: int) -> list[str]:
    return [port.words[sample] for port in y]


def shown(y: list[Port]) -> list[str]:
    return [str(port.handle.value) for port in y]


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

    def mismatch(self, sample: int, expected: str, got: str) -> Mismatch:
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
