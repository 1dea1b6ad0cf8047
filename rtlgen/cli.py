"""The command: ``python -m rtlgen MODEL.onnx -o DIR``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from rtlgen import folder, network
from rtlgen.console import add_common, columns, frequency, run, say, share
from rtlgen.design import Design
from rtlgen.devices import find
from rtlgen.generation import build
from rtlgen.graph import Graph
from rtlgen.notation import Fit
from rtlgen.options import Options
from rtlgen.passes import PASSES
from rtlgen.progress import Display
from sim.errors import ConfigError, nearest
from sim.manifest import Ports


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command, and return its exit code."""
    return run(lambda: _run(_parser().parse_args(arguments)))


def _run(given: argparse.Namespace) -> None:
    folder.check(given.out)
    design = _generate(given)
    say(f"\n{design.report().text(columns())}\n")
    say(design.proof().text())
    say(f"written: {given.out}, top.v has {design.verilog.count(chr(10)):,} lines")
    if given.verify:
        with Display() as display:
            display.begin("verify")
            result = folder.verify(given.out, given.seed)
        say(f"verified: {result.samples:,} samples, bit-exact in Verilator")


def _generate(given: argparse.Namespace) -> Design:
    """Read, say what was read, make the design of it, prove it and write it."""
    shown: list[str] = []
    options, target = _options(given, shown), find(given.target)
    try:
        with Display() as display:
            source = network.read(given.model, options, display)
    finally:
        say("".join(shown), end="")
    say(source.summary(columns()))
    with Display() as display:
        design = build(source, options, target, display)
        design.proof()
        display.begin("Verilog")
        _ = design.verilog
        display.begin("write")
        design.write(given.out)
    return design


def _options(given: argparse.Namespace, shown: list[str]) -> Options:
    """What the arguments ask for; the graphs to print are put into ``shown``."""
    known = ["all", "import", *(step.__name__ for step in PASSES)]
    wanted = given.print_after
    if wanted is not None and wanted not in known:
        raise ConfigError(
            f"--print-after {wanted!r}: there is no such pass{nearest(wanted, known)}"
        )

    def after(name: str, graph: Graph) -> None:
        if wanted in (name, "all"):
            shown.append(f"; after {name}\n{graph}\n\n")

    return Options(
        clock_hz=None if given.clock is None else frequency(given.clock),
        target=given.target,
        stages=given.stages,
        timing=given.timing,
        ports=Ports(given.ports),
        logits=given.logits,
        outputs=tuple(given.outputs),
        config=given.config,
        calibrate=given.calibrate,
        fit=Fit.named(given.fit),
        accuracy_drop=None if given.accuracy_drop is None else share(given.accuracy_drop),
        labels=given.labels,
        compare=given.compare,
        data=given.data,
        samples=given.samples,
        seed=given.seed,
        effort=given.effort,
        exact=given.exact,
        limit=given.limit,
        after=after,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m rtlgen",
        description="Turn a trained ONNX network into pipelined, verified Verilog.",
    )
    add_common(parser)
    add = parser.add_argument
    add("--clock", metavar="FREQ", help="with its unit, such as 320MHz; as few stages as it allows")
    add(
        "--target", metavar="PART", default="xcvu13p", help="the part to estimate for [%(default)s]"
    )
    add("--stages", metavar="N", type=int, help="exactly so many pipeline stages; 0: no registers")
    add(
        "--effort",
        metavar="1..5",
        type=int,
        default=Options.effort,
        help="how hard to look for fewer adders; 5 takes minutes [%(default)s]",
    )
    add(
        "--exact",
        metavar="SECONDS",
        type=float,
        default=Options.exact,
        help="look for the fewest adders of small products, so long for each; needs OR-tools",
    )
    add("--timing", metavar="FILE", help="a timing report of the design, routed: schedule it again")
    add("--ports", choices=[p.value for p in Ports], default="packed", help="[%(default)s]")
    add("--limit", metavar="N", type=int, default=100_000, help="of operations [%(default)s]")
    add("--print-after", metavar="PASS", help="show the tensor graph after a pass, or 'all'")
    return parser
