"""Who is compared, and their way from a case to Verilog, in processes of their own."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from cases import Case
from environment import Environment
from store import Store, digest_of

HERE = Path(__file__).parent
PROJECT = HERE.parent
OURS_FILE, PEERS_FILE = (f"{HERE / name}_worker.py" for name in ("our", "peer"))
OUR_SETTINGS, PEER_SETTINGS = {"PYTHONPATH": f"{PROJECT}"}, {"KERAS_BACKEND": "torch"}
REPLAY = "import sys, rtlgen; print(rtlgen.verify(sys.argv[1]).samples)"
PACKAGES = ("rtlgen", "kernels", "sim")
OUR_CODE = ("cases.py", "case_network.py", "our_worker.py")
PEER_CODE = ("cases.py", "peer_worker.py")
WARM = ("cmvm_8_w4", "cmvm_8_w8")
"""Small cases to get warm with: the first that is not the one to be measured."""

RUNS, ENOUGH = 5, 30.0
"""Runs that seconds are taken of, and seconds of one tool after which there is not another."""


@dataclass(frozen=True)
class Contender:
    """A tool, with its options."""

    name: str
    tool: str
    options: Mapping[str, Any] = field(default_factory=dict)
    xilinx: bool = True
    """Whether it is synthesized for UltraScale+."""
    ecp5: bool = True


DA4ML = Contender("da4ml", "da4ml", {"hard_dc": 2, "cutoff": 5})
TERNARY = Contender("alkaid", "alkaid", {"hard_dc": 5, "ternary": True})
BINARY = Contender("alkaid binary", "alkaid", {"hard_dc": 5, "ternary": False})
PEERS = (DA4ML, TERNARY, BINARY)

OURS = Contender("ours", "ours", {"target": "xcvu13p", "ternary": True}, ecp5=False)
OURS_BINARY = Contender("ours binary", "ours", {"target": "xcvu13p", "ternary": False}, ecp5=False)
OURS_ECP5 = Contender("ours ecp5", "ours", {"target": "lfe5u-85f-8", "ternary": True}, xilinx=False)
OWN = (OURS, OURS_BINARY, OURS_ECP5)


@dataclass(frozen=True)
class Conversion:
    """Verilog, and what its maker says of it."""

    folder: Path
    facts: Mapping[str, Any]

    @property
    def source(self) -> Path:
        return self.folder / "src"


@dataclass(frozen=True)
class Converters:
    """Both environments; what was converted once by the same code is kept."""

    own: Environment
    peers: Environment
    store: Store
    versions: Mapping[str, str]
    bench: Path

    def converted(self, contender: Contender, case: Case, **options: Any) -> Conversion:
        """With more options: ``stages``, ``cutoff``, ``clock_hz`` or ``effort``."""
        job = self._job(contender, case, options)

        def make(folder: Path) -> Mapping[str, Any]:
            return self._run(job, folder)

        entry = self.store.entry("conversion", self._key(job, case), make)
        return Conversion(entry.folder, entry.record)

    def seconds(self, jobs: list[tuple[Contender, Case, dict[str, Any]]]) -> list[list[float]]:
        """Of each job several runs in fresh processes, in turns; long ones run less often."""
        given = [self._job(contender, case, options) for contender, case, options in jobs]
        keys = [self._key(job, case) for job, (_, case, _) in zip(given, jobs, strict=True)]

        def make(_: Path) -> Mapping[str, Any]:
            taken: list[list[float]] = [[] for _ in given]
            while max(map(len, taken)) < RUNS and max(map(sum, taken)) < ENOUGH:
                for job, times in zip(given, taken, strict=True):
                    times.append(self._timed(job))
            return {"seconds": taken}

        entry = self.store.entry("seconds", keys, make)
        return list(entry.record["seconds"])

    def replayed(self, conversion: Conversion) -> int:
        """Samples of the case that our Verilog got right in Verilator: all, or it fails."""
        design = conversion.folder / "design"
        key = [digest_of(design / name for name in ("top.v", "vectors.npz"))]

        def make(folder: Path) -> Mapping[str, Any]:
            shutil.copytree(design, folder / "design")
            told = self.own.run(["-c", REPLAY, f"{folder / 'design'}"], **OUR_SETTINGS)
            shutil.rmtree(folder / "design")
            return {"samples": int(told.split()[-1])}

        entry = self.store.entry("replay", key, make)
        return int(entry.record["samples"])

    def _timed(self, job: dict[str, Any]) -> float:
        warm = next(name for name in WARM if name != job["case"])
        with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as kept:
            nothing = {"XDG_CACHE_HOME": kept, "RTLGEN_CACHE": kept}
            facts = self._run(job | {"warm": warm}, Path(folder), **nothing)
        return float(facts["seconds"])

    def _job(self, contender: Contender, case: Case, options: dict[str, Any]) -> dict[str, Any]:
        told = {**contender.options, **options}
        bench = f"{self.bench.absolute()}"
        return {
            "tool": contender.tool,
            "bench": bench,
            "case": case.name,
            "options": told,
            "warm": "",
        }

    def _key(self, job: dict[str, Any], case: Case) -> list[Any]:
        ours = job["tool"] == "ours"
        maker = self._ours if ours else self.versions[job["tool"]]
        worker = digest_of(HERE / name for name in (OUR_CODE if ours else PEER_CODE))
        return [job["tool"], job["options"], case.name, digest_of(case.files), maker, worker]

    def _run(self, job: dict[str, Any], folder: Path, **settings: str) -> dict[str, Any]:
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(job, file)
            file.flush()
            if job["tool"] == "ours":
                self.own.run([OURS_FILE, file.name, f"{folder}"], **OUR_SETTINGS, **settings)
            else:
                self.peers.run([PEERS_FILE, file.name, f"{folder}"], **PEER_SETTINGS, **settings)
        facts: dict[str, Any] = json.loads((folder / "facts.json").read_text())
        return facts

    @cached_property
    def _ours(self) -> str:
        """A name for all code of ours that hardware depends on."""
        return digest_of(f for package in PACKAGES for f in (PROJECT / package).rglob("*.py"))
