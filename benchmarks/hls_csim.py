"""hlsgen's C simulation, measured: how soon it can be called, and how fast it is.

    python benchmarks/hls_csim.py [--peers DIR] [--vendors NAME ...] [--runs N] [--json FILE]

With ``--peers``, hls4ml does the same on the same networks, beside it. DIR is a virtual
environment of its own, which is made if it is not there. Models of the corpus are read from the
folder that the environment variable ``RTLGEN_CORPUS`` names, and left out if there is none.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import hls_comparison
import hls_models
import machine
from hls4ml_peer import Peer
from hls_comparison import CASES, Comparison
from hls_models import Done

from hlsgen import Vendor
from sim import toolchain


def compared(peer: Peer, runs: int) -> list[Comparison]:
    """All cases, each shown as soon as it is done."""
    made = []
    for case in CASES:
        made.append(hls_comparison.compare(case, peer, runs))
        print(hls_comparison.text(made[-1]), end="\n\n", flush=True)
    return made


def listed(vendors: Sequence[Vendor], runs: int) -> list[Done]:
    made = list(hls_models.done(vendors, runs))
    print(hls_models.text(made), end="\n\n")
    return made


def surroundings(peer: Peer | None) -> dict[str, Any]:
    """What the numbers depend on."""
    own = {name: version(name) for name in ("rtlgen", "numpy", "onnx")}
    theirs = peer.versions() if peer else {}
    return machine.describe() | {"compiler": _compiler(), "ours": own, "hls4ml's": theirs}


def _compiler() -> str:
    command = [f"{toolchain.compiler()}", "--version"]
    told = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    return told.stdout.splitlines()[0]


def main() -> None:
    given = _parser().parse_args()
    peer = Peer.install(given.peers) if given.peers else None
    record = {"machine": surroundings(peer), "runs": given.runs, "load_before": os.getloadavg()}
    print(json.dumps(record["machine"], indent=1), end="\n\n", flush=True)
    comparisons = compared(peer, given.runs) if peer else []
    jobs = listed(given.vendors, given.runs)
    record |= {"load_after": os.getloadavg()}
    print(f"load of the last minute: {record['load_before'][0]}, then {record['load_after'][0]}")
    if given.json:
        record |= {"comparisons": [*map(asdict, comparisons)], "jobs": [*map(asdict, jobs)]}
        given.json.write_text(json.dumps(record, indent=1) + "\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    add = parser.add_argument
    add("--peers", type=Path, metavar="DIR", help="compare with hls4ml, in this environment")
    add("--vendors", nargs="*", type=Vendor, default=list(Vendor), metavar="NAME", help="[all]")
    add("--runs", type=int, default=3, metavar="N", help="fresh processes for each job [3]")
    add("--json", type=Path, metavar="FILE", help="write the numbers here, too")
    return parser


if __name__ == "__main__":
    main()
