"""Plans are made once: in a run, and on a disk."""

import json

import numpy as np
import pytest

from rtlgen import plans
from rtlgen.cmvm import solve
from rtlgen.plans import CACHE, Plans, Problem
from rtlgen.search import Search
from sim.rounding import Interval

MATRIX = np.random.default_rng(0).integers(1, 20, (7, 3))
INTERVALS = (Interval(0, 15, -2), *[Interval(-8, 7, 0)] * 6)
SEARCH = Search(effort=2)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv(CACHE, str(tmp_path / "plans"))
    return tmp_path / "plans"


@pytest.fixture
def counted(monkeypatch):
    """The problems that were searched."""
    searched = []

    def counting(matrix, *arguments, **options):
        searched.append(matrix.tolist())
        return solve(matrix, *arguments, **options)

    monkeypatch.setattr(plans, "solve", counting)
    return searched


@pytest.mark.usefixtures("folder")
def test_the_same_problem_is_searched_once(counted):
    made = Plans(SEARCH)
    first = made.of(MATRIX, INTERVALS)
    assert made.of(MATRIX, INTERVALS) is first
    assert made.of(MATRIX, INTERVALS, addend=True).matrix().tolist() == MATRIX.tolist()
    assert len(counted) == 2


def test_a_plan_on_the_disk_is_not_searched_again(folder, counted):
    first = Plans(SEARCH).of(MATRIX, INTERVALS)
    assert Plans(SEARCH).of(MATRIX, INTERVALS) == first
    assert len(counted) == 1
    assert len(list(folder.iterdir())) == 1


@pytest.mark.parametrize(
    "other",
    [
        lambda: Plans(Search(effort=3)).of(MATRIX, INTERVALS),
        lambda: Plans(Search(3, effort=2)).of(MATRIX, INTERVALS),
        lambda: Plans(SEARCH).of(MATRIX, INTERVALS[::-1]),
        lambda: Plans(SEARCH).of(-MATRIX, INTERVALS),
        lambda: Plans(SEARCH).of(MATRIX, INTERVALS, addend=True),
    ],
)
@pytest.mark.usefixtures("folder")
def test_another_problem_is_searched(counted, other):
    Plans(SEARCH).of(MATRIX, INTERVALS)
    other()
    assert len(counted) == 2


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "[[], []]",
        "[[[0, 9, 0, 1]], [[7, 0, 1], null, null]]",
        "[1, 2]",
        "[[1], [2]]",
        json.dumps([[[0, 1, 0, 1]], [[7, 0, 1], [7, 0, 1], [7, 0, 1]]]),
    ],
)
def test_a_file_that_is_not_the_plan_is_searched_again(folder, counted, text):
    first = Plans(SEARCH).of(MATRIX, INTERVALS)
    (path,) = folder.iterdir()
    path.write_text(text)
    assert Plans(SEARCH).of(MATRIX, INTERVALS) == first
    assert len(counted) == 2
    assert Plans(SEARCH).of(MATRIX, INTERVALS) == first
    assert len(counted) == 2


def test_an_empty_name_is_no_folder(monkeypatch, tmp_path):
    monkeypatch.setenv(CACHE, "")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    Plans(SEARCH).of(MATRIX, INTERVALS)
    assert list(tmp_path.iterdir()) == []


def test_plans_are_kept_where_caches_are(monkeypatch, tmp_path):
    monkeypatch.delenv(CACHE)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    Plans(SEARCH).of(MATRIX, INTERVALS)
    assert [p.parent.name for p in tmp_path.glob("*/*.json")] == ["rtlgen"]


def test_a_folder_that_cannot_be_made_keeps_nothing(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(CACHE, str(tmp_path / "file" / "plans"))
    assert Plans(SEARCH).of(MATRIX, INTERVALS).matrix().tolist() == MATRIX.tolist()


def test_quick_plans_and_small_ones_are_not_kept(folder):
    Plans(Search(effort=1)).of(MATRIX, INTERVALS)
    Plans(SEARCH).of(MATRIX[:2], INTERVALS[:2])
    assert not folder.exists()


def test_plans_made_together_are_those_made_alone():
    matrices = [np.random.default_rng(seed).integers(-9, 9, (6, 5)) for seed in range(5)]
    intervals = (Interval(-8, 7, 0),) * 6
    alone, together = Plans(SEARCH), Plans(SEARCH)
    wanted = [alone.of(m, intervals) for m in matrices]
    rows = [tuple(map(tuple, m.tolist())) for m in matrices]
    together.prepare(Problem(r, intervals, addend=False) for r in rows)
    assert [together.known[Problem(r, intervals, addend=False)] for r in rows] == wanted
    assert len(together.known) == len(matrices)
