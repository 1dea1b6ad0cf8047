"""The command: ``python -m hlsgen MODEL.onnx -o DIR --vendor vitis``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from hlsgen import emulator, folder, tables
from hlsgen.options import Options
from hlsgen.project import Project, build, read
from hlsgen.style import Io, Strategy
from hlsgen.vendor import Vendor
from rtlgen.console import add_common, columns, frequency, run, say, share
from rtlgen.notation import Fit
from rtlgen.progress import Display
from sim.errors import ConfigError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command, and return its exit code."""
    return run(lambda: _run(_parser().parse_args(arguments)))


def _run(given: argparse.Namespace) -> None:
    _check_emulator(given)
    if given.emulator is None:
        _make_project(given)
    else:
        _make_emulator(given)


def _check_emulator(given: argparse.Namespace) -> None:
    """Refuse arguments that do not go together."""
    if given.cms and given.emulator is None:
        raise ConfigError("--cms: is a shape of an emulator; give --emulator, too")
    if given.build and given.emulator is not None:
        raise ConfigError(
            "--build: an emulator is not for a vendor's compiler; leave out --emulator or --build"
        )


def _make_emulator(given: argparse.Namespace) -> None:
    options = _options(given)
    emulator.check(given.out)
    with Display() as display:
        source = read(given.model, options, display)
    say(source.summary(columns()))
    with Display() as display:
        display.begin("write")
        files = emulator.files(
            source, options.top, given.emulator, cms=given.cms, samples=options.samples
        )
        emulator.write(given.out, files)
    say(f"\nwritten: {given.out}, an emulator in C++17 of {len(files)} files")
    if given.verify:
        with Display() as display:
            display.begin("test")
            said = emulator.test(given.out)
        say("\n".join(f"verified: {line}" for line in said))


def _make_project(given: argparse.Namespace) -> None:
    options = _options(given)
    folder.check(given.out)
    made = _generate(given, options)
    say(f"\n{made.report().text(columns())}\n")
    say(f"written: {given.out}, {len(made.files)} files of C++ and scripts for {options.vendor}")
    if given.verify:
        _verify(given)
    if given.build:
        with Display() as display:
            figures = folder.synthesize(given.out, display)
        say(f"\n{tables.synthesis(figures)}")


def _generate(given: argparse.Namespace, options: Options) -> Project:
    """Read, say what was read, make the project of it and write it."""
    with Display() as display:
        source = read(given.model, options, display)
    say(source.summary(columns()))
    with Display() as display:
        made = build(source, options, display)
        display.begin("render")
        _ = made.files
        display.begin("reference")
        made.vectors()
        display.begin("write")
        made.write(given.out)
    return made


def _verify(given: argparse.Namespace) -> None:
    with Display() as display:
        result = folder.verify(given.out, given.seed, display)
    say(f"verified: {result.samples:,} samples, bit-exact as a program and in Verilator")


def _options(given: argparse.Namespace) -> Options:
    """What the arguments ask for."""
    return Options(
        vendor=given.vendor,
        io=given.io,
        strategy=given.strategy,
        reuse=given.reuse,
        part=given.part,
        clock_hz=frequency(given.clock),
        top=given.top,
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
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m hlsgen",
        description="Turn a trained ONNX network into a verified C++ project for a vendor's HLS.",
    )
    add_common(parser)
    add = parser.add_argument
    add("--vendor", default=Vendor.VITIS.value, help=f"{_listed(Vendor)} [%(default)s]")
    add("--io", default=Io.PARALLEL.value, help=f"between layers: {_listed(Io)} [%(default)s]")
    add("--strategy", help=f"within layers: {_listed(Strategy)} [latency; resource if --reuse]")
    add("--reuse", metavar="N", type=int, help="products for each multiplier [1]")
    add("--part", metavar="PART", help="the vendor's name of the part [a usual one]")
    add("--clock", metavar="FREQ", default="200MHz", help="with its unit [%(default)s]")
    add(
        "--emulator",
        metavar="VERSION",
        nargs="?",
        const="1",
        help="write a portable C++ library of this version [1] instead of a project",
    )
    add("--cms", action="store_true", help="with --emulator: as a plug-in of CMS's software, too")
    add("--build", action="store_true", help="run the vendor's compiler, too: minutes to hours")
    add("--top", metavar="NAME", help="of the function [that of the model]")
    return parser


def _listed(kind: type[Vendor | Io | Strategy]) -> str:
    return ", ".join(member.value for member in kind)
