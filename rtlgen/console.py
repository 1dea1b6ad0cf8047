"""What every command of ours does alike: errors, interrupts, what is printed, common arguments."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Callable
from shutil import get_terminal_size

from rich.console import Console
from rich.markup import escape

import rtlgen
from rtlgen import tables
from rtlgen.interrupts import Interrupted, interruptible
from sim.errors import ConfigError, RtlgenError

_UNITS = {"": 1.0, "k": 1e3, "M": 1e6, "G": 1e9}


def run(command: Callable[[], None]) -> int:
    """Run a command; 0 if all went well, 1 after an error that the user can mend.

    An argument that there is not ends it with argparse's 2, a signal with 128 and its number.
    """
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    try:
        with interruptible():
            command()
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


def say(text: str, end: str = "\n") -> None:
    """Print what can be printed: names may hold letters that the encoding does not."""
    encoding = sys.stdout.encoding or "ascii"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        plain = text.replace(tables.BAR, "#")
        text = plain.encode(encoding, "backslashreplace").decode(encoding)
    print(text, end=end, flush=True)  # noqa: T201  # the command's output


def columns() -> int:
    """As wide as the terminal, or wide enough for a log."""
    return get_terminal_size().columns if sys.stdout.isatty() else tables.WIDTH


def frequency(text: str) -> float:
    """A clock in Hz, from a text with its unit."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?) ?([kMG]?)Hz", text)
    if not match or not float(match[1]):
        raise ConfigError(f"--clock {text!r}: not a frequency; write it with its unit, as 320MHz")
    return float(match[1]) * _UNITS[match[2]]


def share(text: str) -> float:
    """A part of one, from a text in percent."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?) ?%", text)
    if not match:
        raise ConfigError(f"--accuracy-drop {text!r}: not a share; write it in percent, as 0.5%")
    return float(match[1]) / 100


def add_common(parser: argparse.ArgumentParser) -> None:
    """What a model, its formats and its verification need."""
    add = parser.add_argument
    add("model", metavar="MODEL.onnx", help="an ONNX or QONNX model, straight from its exporter")
    add("-o", "--out", metavar="DIR", required=True, help="where the result goes")
    add("--logits", action="store_true", help="leave out a final Softmax, Sigmoid or ArgMax")
    add(
        "--output",
        dest="outputs",
        metavar="NAME",
        action="append",
        default=[],
        help="make this value of the model an output, instead of its own; may be repeated",
    )
    add("--config", metavar="FILE", help="formats by tensor, layer, type or pattern (TOML)")
    add("--calibrate", metavar="DATA.npz", help="choose formats from these samples")
    add(
        "--fit",
        metavar="error|range",
        default="error",
        help="formats of the least error on the samples, or without clipping [%(default)s]",
    )
    add(
        "--accuracy-drop",
        metavar="P%",
        help="search the cheapest formats that lose no more accuracy on labelled samples, as 0.5%%",
    )
    add(
        "--labels",
        metavar="NAME",
        default="y",
        help="the array with the class of each sample [%(default)s]",
    )
    add("--compare", action="store_true", help="with the float model, on the samples, by value")
    add("--data", metavar="DATA.npz", help="verify with these samples too")
    add("--samples", metavar="N", type=int, default=1000, help="to verify with [%(default)s]")
    add("--seed", metavar="N", type=int, default=0, help="of what is random [%(default)s]")
    add("--no-verify", dest="verify", action="store_false", help="do not simulate the result")
    add("--version", action="version", version=f"rtlgen {rtlgen.__version__}")
