"""Ratios, means, and the tables that show them."""

import comparison_text
import pytest
from contenders import BINARY, DA4ML, OURS, OURS_BINARY, OURS_ECP5, TERNARY
from figures import FIGURES, SAME_ADDERS, geometric_mean, ratio, summaries
from measurement import Row

BY_KEY = {figure.key: figure for figure in FIGURES}


def row(case, contender, operations=100, flows=(), missing=(), **figures):
    facts = {"stages": 2, "operations": operations, "samples": 256, "equal": 256}
    return Row(case, contender.name, facts, figures, dict(flows), dict(missing))


ROWS = [
    row("a", DA4ML, sites=100, seconds=1.0, fmax=100.0, flows={"sites": "xflat"}.items()),
    row("a", TERNARY, sites=80, seconds=0.5, fmax=120.0, flows={"sites": "xhier"}.items()),
    row("a", OURS, sites=40, seconds=0.5, flows={"sites": "xhier"}.items()),
    row("a", OURS_ECP5, fmax=150.0, missing={"replay": "it was late"}.items()),
    row("b", DA4ML, operations=5000, sites=10, seconds=1.0),
    row("b", OURS, sites=20, seconds=30.0),
]


@pytest.mark.parametrize(
    ("values", "mean"), [([2.0], 2.0), ([0.5, 2.0], 1.0), ([1.0, 2.0, 4.0], 2.0)]
)
def test_the_mean_is_geometric(values, mean):
    assert geometric_mean(values) == pytest.approx(mean, rel=1e-15)  # logarithms are inexact


def test_a_ratio_is_to_the_better_peer():
    assert ratio(BY_KEY["sites"], ROWS[:4]) == 40 / 80
    assert ratio(BY_KEY["sites"], ROWS[4:]) == 20 / 10


def test_more_megahertz_are_a_shorter_period():
    assert ratio(BY_KEY["fmax"], ROWS[:4]) == 120 / 150


def test_seconds_are_held_against_da4ml_and_up_to_a_size():
    assert ratio(BY_KEY["seconds"], ROWS[:4]) == 0.5 / 1.0
    assert ratio(BY_KEY["seconds"], ROWS[4:]) is None


def test_without_one_side_there_is_no_ratio():
    assert ratio(BY_KEY["sites"], ROWS[:2]) is None
    assert ratio(BY_KEY["sites"], ROWS[2:4]) is None


def test_a_summary_has_the_mean_and_the_worst_case():
    found = {summary.figure.key: summary for summary in summaries(ROWS)}
    assert list(found) == ["sites", "fmax", "seconds"]
    assert found["sites"].mean == 1.0
    assert found["sites"].worst == "b"


def test_each_figure_names_a_design_of_ours():
    assert {figure.ours for figure in FIGURES} == {c.name for c in (OURS, OURS_BINARY, OURS_ECP5)}


def test_the_same_adders_are_compared_as_well():
    rows = [
        row("a", DA4ML, ff=100, stage=3.0, fewest=3),
        row("a", TERNARY, ff=200, stage=4.0, fewest=3),
        row("a", BINARY, ff=120, stage=2.5, fewest=3),
        row("a", OURS, ff=150, stage=3.5, fewest=4),
        row("a", OURS_BINARY, ff=90, stage=2.0, fewest=2),
    ]
    found = {s.figure.label: s.ratios["a"] for s in summaries(rows)}
    assert found == {
        "FF": 150 / 100,
        "longest stage": 3.5 / 2.5,
        "stages as short as theirs": 4 / 3,
        "FF, adders of three": 150 / 200,
        "FF, binary adders": 90 / 100,
        "longest stage, adders of three": 3.5 / 4.0,
        "longest stage, binary adders": 2.0 / 2.5,
        "stages as short as theirs, binary": 2 / 3,
    }
    assert {figure.label for figure in SAME_ADDERS} <= set(found)


def test_the_better_of_two_flows_is_kept():
    kept = row("a", OURS)
    for value, flow in ((5, "xflat"), (4, "xhier"), (4, "xflat"), (6, "xflat")):
        kept.note("sites", value, flow)
    assert (kept.figures, kept.flows) == ({"sites": 4}, {"sites": "xhier"})


TEXT = """\
LUT6 nextpnr convert
case tool stages ops exact sites MHz s
a da4ml 2 100 256 100f 100 1
alkaid 2 100 256 80h 120 0.50
ours 2 100 256 40h - 0.50
ours ecp5 2 100 256 - 150 -
b da4ml 2 5,000 256 10 - 1
ours 2 100 256 20 - 30

LUT6 nextpnr convert
ours to the better peer sites MHz s
a 0.500 0.800 0.500
b 2.000 - -

figure of ours best of goal mean worst case cases
LUT6 sites ours da4ml, alkaid, alkaid binary 0.80 1.000 2.000 b 2
ECP5: period, nextpnr ours ecp5 da4ml, alkaid, alkaid binary 0.85 0.800 0.800 a 1
seconds, up to 4,000 operations ours da4ml 1.00 0.500 0.500 a 1

not measured:
a, ours ecp5: replay: it was late"""


def test_the_text_has_everything():
    lines = comparison_text.text(ROWS).splitlines()
    assert [" ".join(line.split()) for line in lines] == TEXT.splitlines()


def test_what_is_not_exact_shows():
    wrong = row("a", OURS, sites=40)
    wrong.facts["equal"] = 255
    assert not wrong.exact
    assert "255 of 256" in comparison_text.text([wrong])


def test_what_was_not_converted_is_a_row_nevertheless():
    lines = comparison_text.text([Row("big", "ours", missing={"all": "too large"})]).splitlines()
    assert lines[1].split() == ["big", "ours", "-", "-", "-"]
    assert lines[-1] == "  big, ours: all: too large"
