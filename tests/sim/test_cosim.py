"""A right design passes and a wrong one does not: every kind of mistake is planted and found."""

import os
import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sim import bench, cosim
from sim.errors import DataError, Mismatch, ToolFailed, ToolNotFound
from tests.sim.designs import combinational, pipeline, separate

ROOT = Path(__file__).parents[2]


ADVICE = ": generate it again; if it still differs, report it whole"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("design", "latency"), [(pipeline(), 3), (separate(), 1), (combinational(), 0)]
)
@pytest.mark.parametrize("seed", [0, 1])
def test_right_designs_pass(design, latency, seed, place):
    before = dict(os.environ)
    replay = cosim.replay(place(design), seed)
    assert (replay.samples, replay.latency) == (50, latency)
    assert replay.cycles > 50 + latency
    assert dict(os.environ) == before


def test_cocotb_is_not_installed(place, monkeypatch):
    monkeypatch.setattr(cosim, "find_spec", {}.get)
    with pytest.raises(ToolNotFound) as caught:
        cosim.replay(place(pipeline()))
    assert str(caught.value) == (
        "cocotb is needed to simulate: it is not installed here; try: pip install 'rtlgen[sim]'"
    )


@pytest.mark.slow
def test_only_the_folder_is_touched(place, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    cosim.replay(place(pipeline()))
    assert tuple(capfd.readouterr()) == ("", "")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize("sample", [0, 3, 49])
def test_wrong_value_in_one_sample(sample, place):
    design = pipeline()
    total = design.outputs["total"].copy()
    got = total[sample].item()
    total[sample] += 1
    design = replace(design, outputs=design.outputs | {"total": total})
    folder = place(design)
    with pytest.raises(Mismatch) as error:
        cosim.replay(folder)
    expected = f"expected code {got + 1} ({(got + 1) / 8!r}), got {got} ({got / 8!r})"
    text = f"sample {sample}, output 'total' element [0, 0]: {expected}"
    assert str(error.value) == f"{text}\n{folder}{ADVICE}"


@pytest.mark.slow
def test_wrong_bit_in_a_wide_element(place):
    design = pipeline(count=20)
    more = design.outputs["more"].copy()
    more[7, 0] = 1 << 70
    wrong = replace(design, outputs=design.outputs | {"more": more})
    with pytest.raises(Mismatch) as error:
        cosim.replay(place(wrong))
    got = design.outputs["more"][7, 0]
    text = f"expected code {1 << 70} ({2.0**70!r}), got {got} ({float(got)!r})"
    assert str(error.value).startswith(f"sample 7, output 'more' element [0]: {text}\n")


@pytest.mark.slow
def test_wrong_constant(place):
    design = pipeline()
    one = design.outputs["one"].copy()
    one[5] = 0
    folder = place(replace(design, outputs=design.outputs | {"one": one}))
    with pytest.raises(Mismatch) as error:
        cosim.replay(folder)
    text = "sample 5, output 'one' element []: expected code 0 (0.0), got 1 (1.0)"
    assert str(error.value) == f"{text}\n{folder}{ADVICE}"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("design", "latency", "text"),
    [
        (pipeline(), 2, "expected y__valid to be 1, since sample 0 went in 2 cycles before, got 0"),
        (
            pipeline(),
            4,
            "expected y__valid to be 0, since no sample went in 4 cycles before, got 1",
        ),
        (separate(), 0, "expected y__valid to be 1, since sample 0 went in 0 cycles before, got 0"),
        (
            separate(),
            2,
            "expected y__valid to be 0, since no sample went in 2 cycles before, got 1",
        ),
    ],
)
def test_wrong_latency(design, latency, text, place):
    design = replace(design, manifest=replace(design.manifest, latency=latency))
    with pytest.raises(Mismatch) as error:
        cosim.replay(place(design))
    assert text in str(error.value).splitlines()[0]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        # Loses the samples of a certain value.
        ("{valid[1:0], x__valid}", "{valid[1:0], x__valid && a0 != 2}"),
        # Takes noise for samples.
        ("{valid[1:0], x__valid}", "{valid[1:0], 1'b1}"),
    ],
)
def test_wrong_valid(right, wrong, place):
    design = pipeline()
    design = replace(design, verilog=design.verilog.replace(right, wrong))
    with pytest.raises(Mismatch, match=r"^cycle \d+: expected y__valid to be [01], since "):
        cosim.replay(place(design))


@pytest.mark.slow
def test_wrong_order_of_ports(place):
    design = separate()
    (q,) = design.manifest.outputs
    swapped = replace(design.manifest, outputs=(replace(q, ports=q.ports[::-1]),))
    with pytest.raises(Mismatch) as error:
        cosim.replay(place(replace(design, manifest=swapped)))
    assert str(error.value).splitlines()[:2] == [
        "sample 0, output 'q' element [0]: expected code 1 (1.5), got 128 (65.0)",
        "sample 0, output 'q' element [1]: expected code 128 (34.0), got 1 (2.25)",
    ]


@pytest.mark.slow
def test_wrong_order_in_a_word(place):
    design = pipeline()
    swapped = replace(design.manifest, outputs=design.manifest.outputs[::-1])
    with pytest.raises(Mismatch, match=r"^sample 0, output 'one' element"):
        cosim.replay(place(replace(design, manifest=swapped)))


@pytest.mark.slow
def test_wrong_width(place):
    design = separate()
    (q,) = design.manifest.outputs
    wider = replace(design.manifest, outputs=(replace(q, width=(9, 10)),))
    folder = place(replace(design, manifest=wider))
    with pytest.raises(ToolFailed) as error:
        cosim.replay(folder)
    lines = [line.strip() for line in str(error.value).splitlines()]
    assert lines[:3] == [
        f"{folder / 'top.v'}: cannot be simulated: the bench failed",
        f"Running command {folder / 'build/top'} in directory {folder / 'build'}",
        f"the end of {folder / 'build/simulation.log'}:",
    ]
    assert "AssertionError: q_1 has 9 bits, not the manifest's 10" in lines


@pytest.mark.slow
def test_broken_verilog(tmp_path):
    design = replace(pipeline(), verilog="module top(input clk);\n  assign clk = ;\nendmodule\n")
    with pytest.raises(ToolFailed) as error:
        cosim.replay(design.write(tmp_path))
    lines = str(error.value).splitlines()
    assert lines[0] == f"{tmp_path / 'top.v'}: cannot be built: Command failed with return code: 1"
    assert lines[1].startswith("Running command ")
    assert lines[2] == f"the end of {tmp_path / 'build/build.log'}:"
    assert lines[3].startswith(f"%Error: {tmp_path / 'top.v'}:2:16: syntax error")


@pytest.mark.slow
def test_mismatch_outside_of_pytest(place, tmp_path):
    design = combinational()
    wrong = {"y": np.zeros(50, np.int64)}
    folder = place(replace(design, outputs=wrong))
    script = f"from pathlib import Path; from sim import cosim; cosim.replay(Path({str(folder)!r}))"
    environ = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST")}
    run = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env=environ | {"PYTHONPATH": f"{ROOT}"},
        capture_output=True,
        text=True,
        check=False,
    )
    text = (
        "sim.errors.Mismatch: sample 0, output 'y' element []: expected code 0 (0.0), got 1 (1.0)"
    )
    assert text in run.stderr.splitlines()
    assert run.stdout == ""


def test_no_design(tmp_path):
    pipeline().write(tmp_path)
    (tmp_path / "top.v").unlink()
    with pytest.raises(DataError) as error:
        cosim.replay(tmp_path)
    assert str(error.value) == f"{tmp_path / 'top.v'}: is missing; generate the design again"


@pytest.mark.parametrize("interval", [1, 3])
@pytest.mark.parametrize("seed", range(5))
def test_schedule_has_every_sample_and_gaps(interval, seed):
    plan = bench.schedule(200, 4, interval, random.Random(seed))
    sent = [cycle for cycle, sample in enumerate(plan) if sample is not None]
    assert [plan[cycle] for cycle in sent] == list(range(200))
    distances = set(np.diff(sent).tolist())
    assert min(distances) == interval
    assert len(distances) > 1
    assert plan[0] is None
    assert plan[-5:] == [None] * 5


def test_undefined_bits_are_shown():
    element = bench.Element("y", (0, 1), signed=True, width=3, exp=0, scale=1.0, offset=0.0)
    assert element.mismatch(4, "110", "1X0") == {
        "text": "sample 4, output 'y' element [0, 1]: expected code -2 (-2.0), "
        "got undefined bits 1X0",
        "output": "y",
        "element": (0, 1),
        "expected": -2,
        "expected_value": -2.0,
        "got": None,
        "got_value": None,
    }


@pytest.mark.parametrize("width", [1, 8, 63, 64, 70])
@pytest.mark.parametrize("signed", [False, True])
def test_bits_are_twos_complement(width, signed):
    element = bench.Element("y", (), signed, width, exp=0, scale=1.0, offset=0.0)
    codes = [0, 1 - signed, -1] if signed else [0, 1]
    for dtype in (np.int64, object):
        rows = element.bits(np.array(codes, dtype)).tolist()
        assert [element.code("".join(map(str, row))) for row in rows] == codes
