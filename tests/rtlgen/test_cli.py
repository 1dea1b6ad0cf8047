"""The command as a user sees it: what is printed, where, and how it ends."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import rtlgen
from rtlgen import Options, cli, console, generate
from rtlgen.passes import PASSES
from sim.cosim import Replay
from sim.errors import Mismatch
from tests.rtlgen.models import QUANT, model, saved, tiny

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}
TERNARY = ["import", "quantize", "search", "lower", "optimize", "schedule"]
PHASES = [*TERNARY, "search", "prove", "Verilog", "write"]
"""The second search is that for adders of two numbers."""

READ = """\
net
  input   x: 1x3, s4 e-2
  output  y: 1x2, s7 e-4
  layers  1 (1 MatMul)
"""


@pytest.fixture(autouse=True)
def _workplace(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    saved(tiny())


def ran(capsys, *arguments: str) -> tuple[str, list[str]]:
    """What a good run prints, and the phases that it tells of."""
    assert cli.main(["net.onnx", "-o", "out", *arguments]) == 0
    out, told = capsys.readouterr()
    lines = [re.fullmatch(r"(\S+) +\d+\.\d\d s", line) for line in told.splitlines()]
    assert all(lines)
    return out, [line[1] for line in lines if line]


def report() -> str:
    return generate("net.onnx").report().text()


def proved() -> str:
    return generate("net.onnx").proof().text()


# -- what is printed -----------------------------------------------------------------------------


def test_prints_what_was_read_what_it_costs_and_where_it_is(capsys):
    out, phases = ran(capsys, "--no-verify")
    lines = Path("out/top.v").read_text().count("\n")
    assert out == f"{READ}\n{report()}\n\n{proved()}\nwritten: out, top.v has {lines} lines\n"
    assert phases == PHASES


def test_prints_what_was_verified(capsys, monkeypatch):
    verified = []

    def verify(path: str, seed: int) -> Replay:
        verified.append((path, seed))
        return Replay(1234, 1, 5000, 1.0, 1.0)

    monkeypatch.setattr(cli.folder, "verify", verify)
    out, phases = ran(capsys, "--seed", "3")
    assert out.endswith(" lines\nverified: 1,234 samples, bit-exact in Verilator\n")
    assert phases == [*PHASES, "verify"]
    assert verified == [("out", 3)]


def test_a_mismatch_is_an_error_and_leaves_the_folder(capsys, monkeypatch):
    def verify(*_: object) -> Replay:
        raise Mismatch("sample 3, output [y]: …")

    monkeypatch.setattr(cli.folder, "verify", verify)
    assert cli.main(["net.onnx", "-o", "out"]) == 1
    assert capsys.readouterr().err.splitlines()[-1] == "error: sample 3, output [y]: …"
    assert Path("out/top.v").is_file()


def test_an_error_of_our_own_shows_where(monkeypatch):
    monkeypatch.setattr("rtlgen.generation.finish", None)
    with pytest.raises(TypeError):
        cli.main(["net.onnx", "-o", "out"])
    assert not Path("out").exists()


@pytest.mark.parametrize("name", ["import", *(step.__name__ for step in PASSES)])
def test_prints_the_graph_after_a_pass(capsys, name):
    graph = generate("net.onnx").network.graph
    out, phases = ran(capsys, "--no-verify", "--print-after", name)
    assert out.startswith(f"; after {name}\n{graph}\n\n{READ}\n")
    assert phases == PHASES


def test_prints_the_graph_after_all_passes(capsys):
    out, _ = ran(capsys, "--no-verify", "--print-after", "all")
    assert re.findall(r"^; after (\w+)$", out, re.MULTILINE) == [
        "import",
        *(step.__name__ for step in PASSES),
    ]


def test_prints_the_graphs_that_there_are_before_an_error(capsys):
    assert cli.main(["net.onnx", "-o", "out", "--print-after", "import", "--limit", "1"]) == 1
    out, told = capsys.readouterr()
    assert out == f"; after import\n{generate('net.onnx').network.graph}\n\n"
    assert "error: node 'fc': the network unrolls into about" in told


# -- what is asked of it -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        ("", Options()),
        ("--clock 800MHz", Options(clock_hz=8e8)),
        ("--clock 0.8GHz --stages 4", Options(clock_hz=8e8, stages=4)),
        ("--stages 0", Options(stages=0)),
        ("--stages 1 --timing t.csv", Options(stages=1, timing="t.csv")),
        ("--ports elements", Options(ports="elements")),
        ("--output q", Options(outputs=("q",))),
        ("--output q --output y", Options(outputs=("q", "y"))),
        ("--target lfe5u-25f --stages 2", Options(target="lfe5u-25f", stages=2)),
        ("--config f.toml", Options(config={"formats": {"y": "s6 e-2"}})),
        ("--calibrate d.npz", Options(calibrate={"x": np.eye(3)})),
        ("--data d.npz --samples 10", Options(data={"x": np.eye(3)}, samples=10)),
        ("--samples 10 --seed 3", Options(samples=10, seed=3)),
    ],
)
def test_the_command_does_what_the_api_does(capsys, arguments, options):
    Path("f.toml").write_text('[formats]\ny = "s6 e-2"')
    np.savez("d.npz", x=np.eye(3))
    last = generate("net.onnx").flow.outputs[0].op
    Path("t.csv").write_text(f"endpoint,delay_ns\nfc_w{last}_1,20\n")
    ran(capsys, "--no-verify", *arguments.split())
    generate("net.onnx", options).write("api")
    out, api = (
        {path.name: path.read_bytes() for path in Path(name).iterdir()} for name in ("out", "api")
    )
    assert out == api


@pytest.mark.parametrize(
    ("text", "hertz"),
    [("1Hz", 1.0), ("32kHz", 32e3), ("320MHz", 320e6), ("0.5 GHz", 5e8), ("333.3MHz", 333.3e6)],
)
def test_clock(text, hertz):
    assert console.frequency(text) == hertz


def test_version(capsys):
    with pytest.raises(SystemExit) as caught:
        cli.main(["--version"])
    assert caught.value.code == 0
    assert capsys.readouterr().out == f"rtlgen {rtlgen.__version__}\n"


# -- where it is printed -------------------------------------------------------------------------


def on_terminal(columns: int, *arguments: str) -> str:
    """What a terminal of this width gets, standard output and errors together."""
    leader, follower = pty.openpty()
    run = subprocess.Popen(
        [sys.executable, "-m", "rtlgen", "net.onnx", "-o", "out", "--no-verify", *arguments],
        env={**ENVIRONMENT, "TERM": "xterm", "COLUMNS": str(columns)},
        stdin=follower,
        stdout=follower,
        stderr=follower,
    )
    os.close(follower)
    text = b""
    while chunk := _read(leader):
        text += chunk
    os.close(leader)
    assert run.wait() == 0
    return text.decode()


def _read(leader: int) -> bytes:
    try:
        return os.read(leader, 4096)
    except OSError:  # what Linux calls the end of a terminal
        return b""


LONG = "/pretrained/pretrained.0/feature_extractor/Gemm"


@pytest.mark.parametrize("columns", [80, 140])
def test_a_terminal_gets_lines_of_its_width_and_the_phase_that_runs(columns):
    saved(tiny(f"[{LONG.replace('/', '_').replace('.', '_')}] y = MatMul (q, w)"))
    text = on_terminal(columns)
    assert "\x1b[?25l" in text  # the cursor is hidden while a phase is shown,
    assert text.count("\x1b[?25h") == text.count("\x1b[?25l")  # and comes back
    plain = re.sub(r"\x1b\[[?0-9;]*[a-zA-Z]", "", text)
    lines = re.split(r"\r\n|\r", plain)
    assert max(map(len, lines)) <= columns
    assert [line.split()[0] for line in lines if re.fullmatch(r"\S+ +\d+\.\d\d s", line)] == PHASES
    assert generate("net.onnx").report().text(columns).splitlines()[-1] in lines


@pytest.mark.parametrize(
    ("encoding", "bar", "name"), [("utf-8", "█", "gewähr"), ("ascii", "#", "gew\\xe4hr")]
)
def test_a_file_gets_plain_lines_in_its_encoding(encoding, bar, name):
    saved(model(f"[q] q = {QUANT} (x, step, zero, bits) [gew] y = MatMul (q, w)"))
    proto = tiny()
    proto.graph.node[1].name = "gewähr"
    saved(proto)
    with Path("log").open("wb") as log:
        subprocess.run(
            [sys.executable, "-m", "rtlgen", "net.onnx", "-o", "out", "--no-verify"],
            env={**ENVIRONMENT, "PYTHONIOENCODING": encoding, "TERM": "xterm", "FORCE_COLOR": ""},
            stdout=log,
            stderr=log,
            check=True,
        )
    text = Path("log").read_bytes().decode(encoding)
    assert "\x1b" not in text
    assert "\r" not in text
    assert f"\n{name} " in text
    assert f" {bar}{bar}{bar} " in text or f"{bar}{bar} " in text
    assert [line.split()[0] for line in text.splitlines() if line.endswith(" s")] == PHASES


def test_a_reader_that_has_seen_enough_is_no_error():
    run = subprocess.run(
        f"{sys.executable} -m rtlgen net.onnx -o out --no-verify | true",
        shell=True,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Traceback" not in run.stderr
    assert "Error" not in run.stderr


@pytest.mark.slow
def test_the_whole_way():
    run = subprocess.run(
        [sys.executable, "-m", "rtlgen", "net.onnx", "-o", "out"],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=True,
    )
    lines = Path("out/top.v").read_text().count("\n")
    assert run.stdout == (
        f"{READ}\n{report()}\n\n{proved()}\nwritten: out, top.v has {lines} lines\n"
        f"verified: 1,000 samples, bit-exact in Verilator\n"
    )
