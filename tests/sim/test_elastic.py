"""A design that takes samples and gives results as both sides want to is judged by its rules.

`designs.queue` breaks one of them at every sample that is marked so.
"""

import random
import re
from dataclasses import replace
from itertools import islice
from types import SimpleNamespace

import pytest

from sim import bench, cosim
from sim.errors import Mismatch
from tests.sim.designs import queue, wires

LOST, DOUBLED, SWAPPED, DROPPED, CHANGED, EARLY, STUCK, NOISY, WRONG = range(1, 10)
ALL = slice(None)


def faulty(fault, where):
    """The queue, with a fault at some of its samples."""
    design = queue()
    marks = design.inputs["how"].copy()
    marks[where] = fault
    return replace(design, inputs=design.inputs | {"how": marks})


@pytest.mark.slow
@pytest.mark.parametrize("design", [queue(), wires()])
@pytest.mark.parametrize("seed", range(4))
def test_right_designs_pass(design, seed, place):
    replay = cosim.replay(place(design), seed)
    assert (replay.samples, replay.latency) == (50, None)
    assert replay.cycles > 50 + bench.QUIET


TWENTY = "sample 20, output 'y' element [0]: expected code 212 (106.0), got"
STOPPED = "and nothing has moved for 10000 cycles"
AGAIN = "sample 21, output 'y' element [0]: expected code 66 (33.0), got 212 (106.0)"
UNEXPECTED = "cycle 9: expected y__valid to be 0, since no sample is on its way, got 1"
DROP = "cycle 9: expected y__valid to be 1, since sample 12 was not taken yet, got 0"
CHANGE = (
    "cycle 9: changed before it was taken: "
    "sample 12, output 'y' element [0]: expected code 37 (18.5), got 36 (18.0)"
)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "where", "text"),
    [
        (WRONG, 20, f"{TWENTY} 213 (106.5)"),
        (LOST, 20, f"{TWENTY} 66 (33.0)"),
        (SWAPPED, 20, f"{TWENTY} 66 (33.0)"),
        (LOST, 49, f"cycle 9: 50 of 50 samples went in, 49 came out, {STOPPED}"),
        (LOST, ALL, f"cycle 9: 50 of 50 samples went in, 0 came out, {STOPPED}"),
        (STUCK, 20, f"cycle 9: 21 of 50 samples went in, 21 came out, {STOPPED}"),
        (DOUBLED, 20, AGAIN),
        (DOUBLED, 49, UNEXPECTED),
        (NOISY, 49, UNEXPECTED),
        (EARLY, 0, UNEXPECTED),
        (DROPPED, ALL, DROP),
        (CHANGED, ALL, CHANGE),
    ],
)
def test_faults_are_told(fault, where, text, place):
    folder = place(faulty(fault, where))
    with pytest.raises(Mismatch) as error:
        cosim.replay(folder)
    lines = re.sub(r"^cycle \d+", "cycle 9", f"{error.value}").splitlines()
    assert lines[0] == text
    assert lines[-1] == f"{folder}: generate it again; if it still differs, report it whole"
    assert len(lines) <= bench.ENOUGH + 1


@pytest.mark.slow
def test_a_long_interval_is_waited_for(place):
    design = faulty(STUCK, 0)
    slow = replace(design, manifest=replace(design.manifest, initiation_interval=3))
    with pytest.raises(Mismatch, match=r"1 came out, and nothing has moved for 30000 cycles\n"):
        cosim.replay(place(slow))


def test_undefined_bits_are_told():
    ports = {"x__valid": "0", "x__ready": "X", "y__valid": "Z", "y__ready": "0"}
    dut = SimpleNamespace(**{name: SimpleNamespace(value=bit) for name, bit in ports.items()})
    judge = bench.Elastic(dut, [], [], {"initiation_interval": 1}, 5, random.Random(0))
    judge.drive()
    assert [mismatch["text"] for mismatch in judge.look()] == [
        "cycle 0: expected x__ready to be 0 or 1, since it is read in every cycle, got X",
        "cycle 0: expected y__valid to be 0 or 1, since it is read in every cycle, got Z",
    ]


@pytest.mark.parametrize("seed", range(5))
def test_stretches_are_free_and_stalled_and_mixed(seed):
    bits = "".join("01"[on] for on in islice(bench.stretches(random.Random(seed)), 400))
    runs = re.findall("0+|1+", bits)
    assert {run[0] for run in runs if len(run) >= 8} == {"0", "1"}
    assert sum(len(run) == 1 for run in runs) >= 10
