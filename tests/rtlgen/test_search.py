"""The compiled search: that it improves, and repeats itself."""

from __future__ import annotations

import re
from random import Random

import numpy as np
import pytest

from rtlgen import compiling
from rtlgen.annealing import anneal
from rtlgen.search import EFFORTS, Search
from tests.rtlgen.search_states import matrix_of, priced, random_matrix, start, state_of, variables


@pytest.mark.parametrize("arity", [2, 3])
@pytest.mark.parametrize("addend", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_more_rounds_are_never_dearer(seed, addend, arity):
    matrix = random_matrix(seed, 8, 8, 7)
    found = []
    for rounds in (0, 50, 4000):
        best = anneal(start(matrix), Search(arity, seed=seed), rounds, addend)
        state = state_of(best, 8, 8)
        assert matrix_of(state) == matrix.tolist()
        assert best.price[0] == priced(state, arity, 0, addend)
        found.append(best.price[0])
    assert found == sorted(found, reverse=True)
    assert found[-1] < found[0] * 0.93


def test_the_best_is_kept_of_what_is_accepted():
    for seed in range(20):
        matrix, search = random_matrix(seed, 6, 6), Search(3, seed=seed)
        first, few = (anneal(start(matrix), search, n, addend=False).price[0] for n in (0, 4))
        assert few <= first


def test_the_same_arguments_give_the_same_state():
    matrix = random_matrix(5, 8, 8)
    found = [anneal(start(matrix), Search(seed=7), 300, addend=True) for _ in range(2)]
    for a, b in zip(*found, strict=True):
        assert (a == b).all()


@pytest.mark.parametrize("slack", [0, 1, 3])
def test_depth_is_bounded(slack):
    matrix = random_matrix(1, 8, 8)
    least = np.ceil(np.log2(start(matrix).weight.max()))
    state = state_of(anneal(start(matrix), Search(slack=slack), 200, addend=False), 8, 8)
    assert state.weight.max() <= 2.0 ** (least + slack)
    assert state.depth[variables(state)].max() <= least + slack


def test_digits_on_the_highest_place_have_no_other_form():
    rng = Random(0)
    for _ in range(20):
        matrix = np.array([[rng.choice([1, 2, 3, -1, -2])] * 2])
        best = anneal(start(matrix), Search(), 30, addend=False)
        assert matrix_of(state_of(best, 1, 2)) == matrix.tolist()


def test_rounds_grow_with_the_effort_and_fall_with_the_size():
    rounds = [Search(effort=effort).rounds(500) for effort in EFFORTS]
    assert rounds == sorted(rounds)
    assert rounds[0] == 0
    assert Search(effort=4).rounds(50_000) < Search(effort=4).rounds(500)
    assert Search(effort=4).rounds(2) < Search(effort=4).rounds(20)
    assert Search(effort=4).rounds(0) == 0


def test_what_cannot_be_kept_is_compiled_nevertheless(monkeypatch):
    def njit(**options):
        if options.get("cache"):
            raise RuntimeError("cannot cache function: no locator available")
        return lambda function: function

    monkeypatch.setattr(compiling, "njit", njit)
    assert compiling.compiled(max) is max


def test_machine_code_is_kept_for_these_sources_alone(monkeypatch, tmp_path):
    monkeypatch.setattr(compiling.config, "CACHE_DIR", str(tmp_path))
    assert compiling.compiled(_twice)(4) == 8
    assert [p.name for p in tmp_path.iterdir()] == [compiling.FOLDER]
    assert str(tmp_path) == compiling.config.CACHE_DIR
    users = [
        p
        for p in compiling.HERE.glob("*.py")
        if re.search(r"^@(compiled|lean)$", p.read_text(), re.MULTILINE)
    ]
    assert sorted(p.name for p in users) == list(compiling.SOURCES)


def _twice(n):
    return 2 * n
