"""The command: ``python -m rtlgen MODEL.onnx -o DIR``."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Sequence
from shutil import get_terminal_size

from rich.console import Console
from rich.markup import escape

import rtlgen
from rtlgen import folder, network, tables
from rtlgen.design import Design, build
from rtlgen.graph import Graph
from rtlgen.interrupts import Interrupted, interruptible
from rtlgen.options import Options
from rtlgen.passes import PASSES
from rtlgen.progress import Display
from rtlgen.targets import find
from sim.errors import ConfigError, RtlgenError, nearest
from sim.manifest import Ports

_UNITS = {"": 1.0, "k": 1e3, "M": 1e6, "G": 1e9}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 0 if all went well, 1 after an error that the user can mend.

    An argument that there is not ends it with argparse's 2, a signal with 128 and its number.
    """
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    try:
        with interruptible():
            _run(_parser().parse_args(arguments))
    except RtlgenError as error:
        console.print(f"[bold red]error:[/] {escape(str(error))}")
        return error.exit_code
    except Interrupted as interrupt:
        console.print("[bold red]interrupted[/]")
        return interrupt.exit_code
    except BrokenPipeError:  # whoever read what is printed has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return 0


def _run(given: argparse.Namespace) -> None:
    folder.check(given.out)
    design = _generate(given)
    _print(f"\n{design.report().text(_columns())}\n")
    _print(f"written: {given.out}, top.v has {design.verilog.count(chr(10)):,} lines")
    if given.verify:
        with Display() as display:
            display.begin("verify")
            result = folder.verify(given.out, given.seed)
        _print(f"verified: {result.samples:,} samples, bit-exact in Verilator")


def _generate(given: argparse.Namespace) -> Design:
    """Read, say what was read, make the design of it and write it."""
    shown: list[str] = []
    options, target = _options(given, shown), find(given.target)
    try:
        with Display() as display:
            source = network.read(given.model, options, display)
    finally:
        _print("".join(shown), end="")
    _print(source.summary())
    with Display() as display:
        design = build(source, options, target, display)
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
        clock_hz=_clock(given.clock),
        target=given.target,
        stages=given.stages,
        ports=Ports(given.ports),
        logits=given.logits,
        outputs=tuple(given.outputs),
        config=given.config,
        calibrate=given.calibrate,
        data=given.data,
        samples=given.samples,
        seed=given.seed,
        limit=given.limit,
        after=after,
    )


def _clock(text: str | None) -> float | None:
    if text is None:
        return None
    match = re.fullmatch(r"(\d+(?:\.\d+)?) ?([kMG]?)Hz", text)
    if not match or not float(match[1]):
        raise ConfigError(f"--clock {text!r}: not a frequency; write it with its unit, as 320MHz")
    return float(match[1]) * _UNITS[match[2]]


def _columns() -> int:
    """As wide as the terminal, or wide enough for a log."""
    return get_terminal_size().columns if sys.stdout.isatty() else tables.WIDTH


def _print(text: str, end: str = "\n") -> None:
    """Print what can be printed: names may hold letters that the encoding does not."""
    encoding = sys.stdout.encoding or "ascii"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        plain = text.replace(tables.BAR, "#")
        text = plain.encode(encoding, "backslashreplace").decode(encoding)
    print(text, end=end, flush=True)  # noqa: T201  # the command's output


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m rtlgen",
        description="Turn a trained ONNX network into pipelined, verified Verilog.",
    )
    add = parser.add_argument
    add("model", metavar="MODEL.onnx", help="an ONNX or QONNX model, straight from its exporter")
    add("-o", "--out", metavar="DIR", required=True, help="where the design goes")
    add("--clock", metavar="FREQ", help="with its unit, such as 320MHz; as few stages as it allows")
    add(
        "--target", metavar="PART", default="xcvu13p", help="the part to estimate for [%(default)s]"
    )
    add("--stages", metavar="N", type=int, help="exactly so many pipeline stages; 0: no registers")
    add("--ports", choices=[p.value for p in Ports], default="packed", help="[%(default)s]")
    add("--logits", action="store_true", help="leave out a final Softmax, Sigmoid or ArgMax")
    add(
        "--output",
        dest="outputs",
        metavar="NAME",
        action="append",
        default=[],
        help="make this value of the model an output, instead of its own; may be repeated",
    )
    add("--config", metavar="FILE", help="formats by tensor, layer or pattern (TOML)")
    add("--calibrate", metavar="DATA.npz", help="choose formats from the ranges on these samples")
    add("--data", metavar="DATA.npz", help="verify with these samples too")
    add("--samples", metavar="N", type=int, default=1000, help="to verify with [%(default)s]")
    add("--seed", metavar="N", type=int, default=0, help="of what is random [%(default)s]")
    add("--limit", metavar="N", type=int, default=100_000, help="of operations [%(default)s]")
    add("--no-verify", dest="verify", action="store_false", help="do not simulate the design")
    add("--print-after", metavar="PASS", help="show the tensor graph after a pass, or 'all'")
    add("--version", action="version", version=f"rtlgen {rtlgen.__version__}")
    return parser
