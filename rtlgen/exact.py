"""The fewest adders of a small constant product, by constraint programming (CP-SAT).

Is there a graph of ``n`` adders, each ``a + b`` or ``a - b`` of shifted inputs or earlier sums,
that computes all columns? That is asked for ever smaller ``n`` (Kumm, 2018; Garcia and Volkova,
2022).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib.util import find_spec
from typing import Any, NamedTuple

from rtlgen.digits import canonical
from rtlgen.plan import Plan, Step, Term
from sim.errors import ConfigError

MOST_ADDERS = 16
"""Of a plan that is searched for a smaller one; the time grows tenfold with each."""
MOST_BITS = 16
"""Of its weights."""

Column = tuple[int, ...]


def check() -> None:
    """Refuse to search without the solver."""
    if find_spec("ortools") is None:
        raise ConfigError("exact: OR-tools is not installed; pip install 'rtlgen[exact]'")


class Answer(NamedTuple):
    """A plan, or None if there is none of so few adders or none was found.

    If it is ``proved``, there is none of fewer.
    """

    plan: Plan | None
    proved: bool


def small(columns: Sequence[Column], plan: Plan) -> bool:
    """Whether there is any hope to find a plan of fewer adders than this one."""
    bits = max((abs(n).bit_length() for column in columns for n in column), default=0)
    return bits <= MOST_BITS and bool(columns) and bound(columns) < len(plan.steps) <= MOST_ADDERS


def fewest(
    columns: Sequence[Column], most: int, seconds: float, depth: int | None = None
) -> Answer:
    """The plan of the fewest adders, of at most so many, none deeper than ``depth``.

    The columns (K,) are odd (no power of two divides all of one), different whatever their signs,
    and not an input. No sum has a coefficient of more than one bit above those of the columns, and
    none is shifted down. That takes about so many seconds of a processor, by a measure that gives
    the same answer everywhere.
    """
    best, left = None, seconds
    for count in range(most, bound(columns) - 1, -1):
        question = Question(columns, count, depth)
        known = question.ask(left)
        left -= question.solver.response_proto.deterministic_time
        if known is None:
            return Answer(best, proved=False)
        best = question.plan() if known else best
    return Answer(best, proved=True)


def bound(columns: Sequence[Column]) -> int:
    """No plan has fewer adders (Gustafsson, 2007)."""
    least = [levels(column) for column in columns]
    return max(*least, min(least) + len(columns) - 1)


def levels(column: Column) -> int:
    """How many adders are behind one another: a sum has no more digits than its two terms."""
    return (sum(len(canonical(n)) for n in column) - 1).bit_length()


class _Adder(NamedTuple):
    """Literals, one of each sequence true, and the integers that they decide."""

    a: Sequence[Any]
    """Which input or earlier sum is the first term; the second is the same one or a later one."""
    b: Sequence[Any]
    shifts: dict[tuple[int, int], Any]
    """By how much the two are shifted."""
    minus: Any
    """Whether the second is subtracted."""
    columns: Sequence[tuple[Any, Any]]
    """Whether the sum is a column, or the negative of it."""
    sum: Sequence[Any]


class Question:
    """Is there a graph of so many adders? In variables and constraints."""

    def __init__(self, columns: Sequence[Column], count: int, depth: int | None) -> None:
        from ortools.sat.python import cp_model  # it is optional

        self.model, self.solver = cp_model.CpModel(), cp_model.CpSolver()
        self.columns, self.inputs = columns, range(len(columns[0]))
        self.bits = max(abs(n) for c in columns for n in c).bit_length() + 1
        fixed, inputs = self.model.new_constant, self.inputs
        self.sums: list[Sequence[Any]] = [[fixed(int(k == i)) for k in inputs] for i in inputs]
        self.depths = [fixed(0) for _ in inputs]
        self.adders: list[_Adder] = []
        for _ in range(count):
            self._append(count if depth is None else depth)
        for literals in zip(*(adder.columns for adder in self.adders), strict=True):
            self.model.add_exactly_one(x for pair in literals for x in pair)
        for i, adder in enumerate(self.adders):
            readers = [x[len(self.inputs) + i] for a in self.adders[i + 1 :] for x in (a.a, a.b)]
            self.model.add_bool_or([*(x for pair in adder.columns for x in pair), *readers])

    def _append(self, depth: int) -> None:
        """One more adder, with its constraints."""
        model, size = self.model, len(self.sums)
        shifts = [(s, 0) for s in range(self.bits + 1)] + [(0, s) for s in range(1, self.bits + 1)]
        a, b, chosen = (self._one_of(n) for n in (size, size, len(shifts)))
        pairs = [(model.new_bool_var(""), model.new_bool_var("")) for _ in self.columns]
        model.add_at_most_one(x for pair in pairs for x in pair)
        shift = dict(zip(shifts, chosen, strict=True))
        new = _Adder(a, b, shift, model.new_bool_var(""), pairs, self._numbers())
        self._ordered(new)
        x, y, level = self._numbers(), self._numbers(), model.new_int_var(1, depth, "")
        for j, (sum_, below) in enumerate(zip(self.sums, self.depths, strict=True)):
            self._equal(x, sum_, 1, a[j])
            self._equal(y, sum_, 1, b[j], ~new.minus)
            self._equal(y, sum_, -1, b[j], new.minus)
            for literal in (a[j], b[j]):
                model.add(level > below).only_enforce_if(literal)
        for (left, right), literal in shift.items():
            for k in self.inputs:
                terms = x[k] * (1 << left) + y[k] * (1 << right)
                model.add(new.sum[k] == terms).only_enforce_if(literal)
        for column, (plus, minus) in zip(self.columns, pairs, strict=True):
            self._equal(new.sum, column, 1, plus)
            self._equal(new.sum, column, -1, minus)
        self.sums.append(new.sum)
        self.depths.append(level)
        self.adders.append(new)

    def _one_of(self, size: int) -> list[Any]:
        literals = [self.model.new_bool_var("") for _ in range(size)]
        self.model.add_exactly_one(literals)
        return literals

    def _numbers(self) -> list[Any]:
        most = 1 << self.bits
        return [self.model.new_int_var(-most, most, "") for _ in self.inputs]

    def _equal(self, a: Sequence[Any], b: Sequence[Any], sign: int, *literals: Any) -> None:
        for x, y in zip(a, b, strict=True):
            self.model.add(x == sign * y).only_enforce_if(*literals)

    def _ordered(self, new: _Adder) -> None:
        """One order of all that a graph could be written in: by the later term, the earlier one."""

        def terms(adder: _Adder) -> tuple[Any, Any]:
            return _number(adder.a), _number(adder.b)

        a, b = terms(new)
        self.model.add(a <= b)
        if self.adders:
            c, d = terms(self.adders[-1])
            most = len(self.sums)
            self.model.add(most * d + c <= most * b + a)

    def ask(self, seconds: float) -> bool | None:
        """Whether there is such a graph; None if so much (deterministic) time is not enough."""
        parameters = self.solver.parameters
        parameters.num_workers = 1
        parameters.random_seed = 1
        parameters.max_deterministic_time = seconds
        status = self.solver.status_name(self.solver.solve(self.model))
        assert status != "MODEL_INVALID", self.model.validate()
        return {"OPTIMAL": True, "FEASIBLE": True, "INFEASIBLE": False}.get(status)

    def plan(self) -> Plan:
        """The graph that was found; what is shifted is subtracted, so that low bits pass."""
        steps, signs, outputs = [], [1 for _ in self.inputs], {}
        for adder in self.adders:
            a, b = self._true(enumerate(adder.a)), self._true(enumerate(adder.b))
            left, right = self._true(adder.shifts.items())
            first, second = signs[a], signs[b] * self._true([(-1, adder.minus), (1, ~adder.minus)])
            if first == second or not left:
                steps.append(Step(a, b, right - left, first * second))
                signs.append(first)
            else:
                steps.append(Step(b, a, left, -1))
                signs.append(second)
            for k, (plus, minus) in enumerate(adder.columns):
                if sign := self._true([(1, plus), (-1, minus), (0, ~plus)]):
                    outputs[k] = Term(len(signs) - 1, 0, sign * signs[-1])
        return Plan(len(self.inputs), tuple(steps), tuple(outputs[k] for k in sorted(outputs)))

    def _true(self, choices: Iterable[tuple[Any, Any]]) -> Any:
        """The first choice of which the literal is true."""
        return next(choice for choice, literal in choices if self.solver.boolean_value(literal))


def _number(literals: Sequence[Any]) -> Any:
    """Which of them is true."""
    return sum(i * x for i, x in enumerate(literals))
