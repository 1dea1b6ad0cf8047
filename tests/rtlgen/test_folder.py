"""The design folder: whole or not there, the same for the same input, checked at any time."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import nullcontext
from itertools import cycle
from pathlib import Path
from pkgutil import resolve_name

import numpy as np
import pytest

import rtlgen.folder
from rtlgen import Design, Options, cli, generate, verify
from rtlgen.interrupts import SIGNALS, Interrupted, interruptible
from sim.cosim import Replay
from sim.errors import DataError, Mismatch, OutputError
from tests.rtlgen.models import saved, tiny

ROOT = Path(__file__).parents[2]
FILES = [
    *("Makefile", "bench.py", "manifest.json", "report.json", "test_top.py"),
    *("top.v", "top.vlt", "vectors.npz"),
]


@pytest.fixture(scope="module")
def design() -> Design:
    return generate(tiny(), Options(samples=50))


@pytest.fixture(autouse=True)
def _workplace(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def names(folder: Path | str = ".") -> list[str]:
    return sorted(path.name for path in Path(folder).iterdir())


# -- written -------------------------------------------------------------------------------------


def test_holds_a_design_and_all_that_checks_it(design):
    design.write("new/below/out")
    assert names() == ["new"]
    assert names("new/below") == ["out"]
    assert names("new/below/out") == FILES
    assert Path("new/below/out/top.v").read_text() == design.verilog
    assert json.loads(Path("new/below/out/report.json").read_text()) == json.loads(
        json.dumps(design.report().to_json() | {"proved": design.proof().to_json()})
    )


def test_formats_that_were_chosen_are_in_it_too():
    generate(tiny(), Options(config={"formats": {"y": "s6 e-2"}})).write("out")
    assert names("out") == sorted([*FILES, "formats.toml"])
    again = generate(tiny(), Options(config="out/formats.toml"))
    assert again.verilog == Path("out/top.v").read_text()


def test_replaces_an_earlier_design_whole(design):
    design.write("out")
    for name in ("build", "sim_build", "__pycache__"):
        Path("out", name).mkdir()
        Path("out", name, "file").touch()
    Path("out/dump.vcd").touch()
    generate(tiny("y = Neg (q)", outputs="float[1, 3] y")).write("out")
    assert names() == ["out"]
    assert names("out") == FILES
    assert Path("out/top.v").read_text() != design.verilog


def test_an_empty_folder_is_taken(design):
    Path("out").mkdir()
    design.write("out")
    assert names("out") == FILES


def test_a_link_leads_to_the_folder(design):
    Path("there").mkdir()
    Path("out").symlink_to("there")
    design.write("out")
    assert Path("out").is_symlink()
    assert names("there") == FILES


@pytest.mark.parametrize("mask", [0o022, 0o077])
def test_has_the_permissions_that_were_asked_for(design, mask):
    before = os.umask(mask)
    try:
        design.write("out")
    finally:
        os.umask(before)
    assert Path("out").stat().st_mode & 0o777 == 0o777 & ~mask


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyError("ours")])
def test_an_error_leaves_the_earlier_design(design, monkeypatch, error):
    def fail(*_: object) -> None:
        raise error

    design.write("out")
    before = {name: Path("out", name).read_bytes() for name in FILES}
    monkeypatch.setattr(rtlgen.folder.testbench, "write", fail)
    with pytest.raises(OutputError if isinstance(error, OSError) else KeyError):
        generate(tiny("y = Neg (q)", outputs="float[1, 3] y")).write("out")
    assert names() == ["out"]
    assert {name: Path("out", name).read_bytes() for name in names("out")} == before


def test_a_place_that_cannot_be_taken_leaves_the_earlier_design(design, monkeypatch):
    design.write("out")
    rename = Path.rename

    def fail_once(self: Path, to: Path) -> Path:
        if self.name.startswith(".out-") and not self.name.endswith(".old"):
            raise OSError(16, "Device or resource busy")
        return rename(self, to)

    monkeypatch.setattr(Path, "rename", fail_once)
    with pytest.raises(OutputError) as caught:
        design.write("out")
    assert str(caught.value) == (
        "output 'out': cannot be written (Device or resource busy); choose another place"
    )
    assert names() == ["out"]
    assert names("out") == FILES


def test_two_runs_write_the_same_bytes():
    saved(tiny())
    for seed in ("1", "2"):
        subprocess.run(
            [sys.executable, "-m", "rtlgen", "net.onnx", "-o", f"out{seed}", "--no-verify"],
            env={"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": seed, "PATH": ""},
            capture_output=True,
            check=True,
        )
    assert names("out1") == names("out2") == FILES
    for name in FILES:
        assert Path("out1", name).read_bytes() == Path("out2", name).read_bytes()


# -- interrupted ---------------------------------------------------------------------------------

MOMENTS = (
    "rtlgen.network.frontend.load",
    "rtlgen.network.check_size",
    "rtlgen.generation.finish",
    "rtlgen.verilog.emit",
    "rtlgen.output.tempfile.mkdtemp",
    "rtlgen.folder.vectors.write",
    "rtlgen.folder.testbench.write",
    "rtlgen.output._swap",
    "rtlgen.folder.replay",
)


@pytest.mark.parametrize(("moment", "number"), list(zip(MOMENTS, cycle(SIGNALS), strict=False)))
@pytest.mark.parametrize("earlier", [False, True])
def test_an_interrupt_leaves_nothing_half_done(
    design, monkeypatch, capsys, moment, number, earlier
):
    if earlier:
        design.write("out")
    saved(tiny("y = Neg (q)", outputs="float[1, 3] y"), "m.onnx")
    function = resolve_name(moment)

    def interrupted(*args, **kwargs):
        signal.raise_signal(number)
        return function(*args, **kwargs)

    monkeypatch.setattr(moment, interrupted)
    assert cli.main(["m.onnx", "-o", "out"]) == 128 + number
    assert capsys.readouterr().err.splitlines()[-1] == "interrupted"
    written = moment in ("rtlgen.output._swap", "rtlgen.folder.replay")
    assert names() == (["m.onnx", "out"] if earlier or written else ["m.onnx"])
    if earlier or written:
        assert names("out") == FILES
        assert (Path("out/top.v").read_text() == design.verilog) is not written


@pytest.mark.parametrize("seed", range(4))
def test_a_signal_at_any_moment_leaves_nothing_half_done(seed):
    """What other moments there are: of imports, and between two lines of our own."""
    saved(tiny())
    run = command("net.onnx", "-o", "out", "--no-verify")
    rng = np.random.default_rng(seed)
    time.sleep(rng.uniform(0.1, 2))
    run.send_signal(SIGNALS[seed % 2])
    run.communicate()
    assert names() in (["net.onnx"], ["net.onnx", "out"])
    assert names("out") == FILES if Path("out").exists() else run.returncode != 0


def test_a_second_signal_does_not_disturb_what_the_first_one_began(monkeypatch):
    """The handler of the first has raised; the second waits until all is removed."""
    rmtree = rtlgen.output.shutil.rmtree

    def interrupted(path, **options):
        signal.raise_signal(signal.SIGTERM)
        rmtree(path, **options)

    monkeypatch.setattr(rtlgen.output.shutil, "rmtree", interrupted)
    with (
        pytest.raises(Interrupted),
        interruptible(),
        rtlgen.output.replacing("out", rtlgen.folder.ours),
    ):
        signal.raise_signal(signal.SIGINT)
    assert names() == []


def test_a_folder_goes_although_somebody_still_writes_into_it(monkeypatch):
    """As compilers do that an interrupted run leaves behind, until their folder is gone."""
    remove, late = os.rmdir, cycle([True, False])

    def written_before(path, **options):
        if next(late):
            Path("build/late.o").touch()
        remove(path, **options)

    Path("build").mkdir()
    monkeypatch.setattr(os, "rmdir", written_before)
    rtlgen.output.discard(Path("build"))
    assert names() == []


def command(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "rtlgen", *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


# -- verified ------------------------------------------------------------------------------------


def verified(folder: str = "out") -> object:
    return json.loads(Path(folder, "report.json").read_text())["verified"]


@pytest.mark.slow
def test_is_verified_as_often_as_anybody_likes(design):
    design.write("out")
    assert verified() is None
    result = verify("out")
    assert result.samples == 50
    assert verified() == {"samples": 50, "cycles": result.cycles, "simulator": "Verilator"}
    # A design that another one has taken the place of, bit for bit but for one sign:
    text = Path("out/top.v").read_text()
    assert text.count("assign y = a - b;") == 1
    wrong = text.replace("assign y = a - b;", "assign y = a + b;")
    Path("out/top.v").write_text(wrong)
    with pytest.raises(Mismatch) as caught:
        verify("out")
    *differences, advice = str(caught.value).splitlines()
    assert differences[0] == (
        "sample 0, output 'y' element [0, 1]: expected code 8 (1.0), got -24 (-3.0)"
    )
    assert len(differences) == 5
    assert advice == "out: generate it again; if it still differs, report it whole"
    assert verified() is None
    assert Path("out/top.v").read_text() == wrong
    assert Path("out/build/simulation.log").is_file()


@pytest.mark.slow
def test_an_interrupted_verification_leaves_the_design():
    saved(tiny())
    run = command("net.onnx", "-o", "out")
    while not Path("out/build/build.log").exists():
        assert run.poll() is None
        time.sleep(0.05)
    run.terminate()
    _, told = run.communicate()
    assert run.returncode == 128 + signal.SIGTERM
    assert told.splitlines()[-1] == "interrupted"
    assert names() == ["net.onnx", "out"]
    assert names("out") == FILES
    assert verified() is None


@pytest.mark.parametrize("error", [None, Mismatch("sample 0"), KeyboardInterrupt()])
def test_a_design_is_verified_in_a_temporary_folder(design, monkeypatch, error):
    """It stays after an error of ours alone: there is something to look at."""

    def replay(folder: Path, _: int) -> Replay:
        assert names(folder) == FILES
        if error:
            raise error
        return Replay(50, 1, 100, 1.0, 1.0)

    monkeypatch.setattr(rtlgen.folder, "replay", replay)
    monkeypatch.setattr(tempfile, "tempdir", str(Path.cwd()))
    with nullcontext() if error is None else pytest.raises(type(error)):
        assert design.verify().samples == 50
    assert [name.startswith("rtlgen-") for name in names()] == [True] * isinstance(error, Mismatch)


def test_a_report_that_is_none(design):
    design.write("out")
    Path("out/report.json").write_text("[1]")
    with pytest.raises(DataError) as caught:
        verify("out")
    assert str(caught.value) == "out/report.json: is not a report; generate the design again"


def test_a_folder_that_is_no_design():
    with pytest.raises(DataError) as caught:
        verify("absent")
    assert str(caught.value) == (
        "absent/manifest.json: cannot be read (No such file or directory); mend the file or "
        "generate the design again"
    )
