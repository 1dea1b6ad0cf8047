"""Plans of constant products: several are searched at once, and none is searched twice."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import numpy as np

from rtlgen.cmvm import solve
from rtlgen.plan import Plan, Step, Term
from rtlgen.progress import Progress, Silent
from rtlgen.search import Search
from sim.integers import IntArray, integers
from sim.rounding import Interval

CACHE = "RTLGEN_CACHE"
"""The variable that names the folder of plans on disk; if it is empty, there is none."""
VERSION = 5
"""Of the search: plans of another one are not the same."""


FEWEST = 20
"""Weights of a plan that is worth a file."""


class Problem(NamedTuple):
    """A matrix (K, N), as rows, and the intervals of what it is multiplied with."""

    rows: tuple[tuple[int, ...], ...]
    intervals: tuple[Interval, ...]
    addend: bool
    """Whether a constant is added to each product later."""

    @property
    def size(self) -> str:
        return f"{len(self.rows)} x {len(self.rows[0]) if self.rows else 0}"

    @property
    def matrix(self) -> IntArray:
        columns = len(self.rows[0]) if self.rows else 0
        return integers(np.array(self.rows, np.object_).reshape(len(self.rows), columns))


@dataclass
class Plans:
    """The plans of all products of a network, each made when it is asked for, or before."""

    search: Search = field(default_factory=Search)
    known: dict[Problem, Plan] = field(default_factory=dict)

    def of(self, matrix: IntArray, intervals: Sequence[Interval], *, addend: bool = False) -> Plan:
        """The plan of ``x @ matrix``."""
        problem = Problem(tuple(map(tuple, matrix.tolist())), tuple(intervals), addend)
        if problem not in self.known:
            self.known[problem] = self._made(problem)
        return self.known[problem]

    def prepare(self, problems: Iterable[Problem], progress: Progress | None = None) -> None:
        """Make the plans of several problems, as many at once as there are processors."""
        progress = progress or Silent()
        missing = [p for p in dict.fromkeys(problems) if p not in self.known]
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            for problem, plan in zip(missing, pool.map(self._made, missing), strict=True):
                self.known[problem] = plan
                progress.step(problem.size)

    def _made(self, problem: Problem) -> Plan:
        path = self._path(problem)
        if path and (plan := _read(path, problem)):
            return plan
        plan = solve(problem.matrix, problem.intervals, self.search, addend=problem.addend)
        if path:
            _write(path, plan)
        return plan

    def _path(self, problem: Problem) -> Path | None:
        """Where a plan that took some search is kept."""
        usual = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "rtlgen"
        folder = os.environ.get(CACHE, str(usual))
        weights = sum(map(bool, chain.from_iterable(problem.rows)))
        quick = not self.search.exact and (self.search.effort == 1 or weights < FEWEST)
        if not folder or quick:
            return None
        key = sha256(repr((VERSION, self.search, problem)).encode()).hexdigest()
        return Path(folder) / f"{key}.json"


def _read(path: Path, problem: Problem) -> Plan | None:
    """The plan in a file; None if there is none, or not that of this problem."""
    with suppress(OSError, ValueError, TypeError, IndexError):
        steps, outputs = json.loads(path.read_text())
        terms = tuple(t and Term(*t) for t in outputs)
        plan = Plan(len(problem.rows), tuple(Step(*step) for step in steps), terms)
        return plan if plan.matrix().tolist() == problem.matrix.tolist() else None
    return None


def _write(path: Path, plan: Plan) -> None:
    """Keep a plan, if that can be done; all of it or nothing."""
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_suffix(f".{os.getpid()}")
        beside.write_text(json.dumps([plan.steps, plan.outputs]))
        beside.replace(path)
