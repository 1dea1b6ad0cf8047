"""The command: what it prints, and what it leaves."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from hlsgen import cli
from tests.hlsgen import fakes
from tests.hlsgen.builds import EXAMPLES
from tests.hlsgen.test_build import writes

MLP = str(EXAMPLES / "digits_mlp.onnx")


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    assert cli.main([MLP, "-o", "out", *arguments]) == 0
    return capsys.readouterr().out.splitlines()


def test_what_it_prints(capsys):
    lines = printed(capsys, "--no-verify", "--io", "stream", "--reuse", "2", "--part", "xcku5p")
    assert lines[:4] == [
        "digits_mlp",
        "  input   pixels: 1x64, u4 e-4",
        "  output  logits: 1x10, s9..s10 e-5",
        "  layers  5 (3 Gemm, 3 Add, 2 Quantize)",
    ]
    assert [" ".join(line.split()) for line in lines[5:12]] == [
        "nonzero multipliers interval",
        "layer operators multiplies weights (est.) reuse (clocks, est.) output",
        "fc1 dense_reused 2,048 530 1,024 2 2 1 x 32, fixed<11, 4, true>",
        "relu1_quant elementwise 0 0 0 1 1 1 x 32, fixed<4, 2, false>",
        "fc2 dense_reused 512 203 256 2 2 1 x 16, fixed<11, 6, true>",
        "relu2_quant elementwise 0 0 0 1 1 1 x 16, fixed<4, 2, false>",
        "fc3 dense_reused 160 97 80 2 2 1 x 10, fixed<10, 5, true>",
    ]
    assert lines[13:18] == [
        "initiation interval   2 clocks, 10 ns (est.)",
        "clock asked for       200 MHz on xcku5p-ffvb676-2-e",
        "multipliers (est.)    1,360",
        "channels              4, the deepest for 2 positions (fc1)",
        "",
    ]
    assert lines[18:] == ["written: out, 11 files of C++ and scripts for vitis"]


def test_the_report_of_a_file(capsys):
    printed(capsys, "--no-verify")
    report = json.loads(Path("out/report.json").read_text())
    assert {key: report[key] for key in ("format", "vendor", "top", "io", "clock_mhz")} == {
        "format": 1,
        "vendor": "vitis",
        "top": "digits_mlp",
        "io": "parallel",
        "clock_mhz": 200.0,
    }
    assert report["verified"] is report["synthesis"] is None
    assert {*report["files"], "report.json"} == {path.name for path in Path("out").iterdir()}


@pytest.mark.slow
def test_what_it_prints_of_an_emulator(capsys):
    lines = printed(capsys, "--emulator", "2.1", "--cms", "--samples", "50")
    assert lines[5:] == [
        "written: out, an emulator in C++17 of 14 files",
        "verified: digits_mlp_v2_1: 50 samples of codes: bit-exact",
        "verified: digits_mlp_v2_1: 50 samples of real numbers: the same",
    ]


@pytest.mark.slow
def test_a_vendors_compiler_that_runs(tmp_path, capsys, monkeypatch):
    """A program of the tests that writes a report as Vitis HLS does."""
    report = "digits_mlp_prj/solution1/syn/report/digits_mlp_csynth.xml"
    programs = fakes.program(tmp_path, "vitis_hls", writes(report))
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    lines = printed(capsys, "--no-verify", "--build")
    assert lines[-9:] == [
        "estimates of Vitis HLS 2024.1:",
        "latency               21 to 25 clocks",
        "initiation interval   8 to 9 clocks",
        "longest path          3.646 ns, of 5.0 ns",
        "LUTs                  2,532",
        "registers             7,969",
        "DSPs                  73",
        "BRAMs                 3",
        "URAMs                 1",
    ]
    assert json.loads(Path("out/report.json").read_text())["synthesis"]["lut"] == 2532
    printed(capsys, "--no-verify")  # over what the compiler has left
