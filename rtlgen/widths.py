"""The cheapest widths that keep the accuracy of a float classifier, found by trying.

First one width for all weights and activations, then fewer bits for single ones, in the order of
the cost that they save for the accuracy that they lose. Everything is deterministic, and the
number of trials is bounded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from rtlgen.formats import Formats
from rtlgen.tradeoff import Trial
from sim.errors import ConfigError

NARROWEST, WIDEST = 2, 16
"""Bits that are tried for all weights and activations."""
TRIALS, LEAST = 200, 24
"""The most that are tried, and how many are whatever that takes."""
PRODUCTS = 100_000_000_000
"""That all trials together may compute, about: some minutes."""

Widths = Mapping[str, int]


class Result(NamedTuple):
    """What a trial found."""

    accuracy: float
    cost: int


Evaluated = Callable[[Formats], tuple[frozenset[str], Result]]
"""The values that formats were chosen for, and what they lead to."""


def search(
    formats: Formats,
    evaluated: Evaluated,
    fixed: frozenset[str],
    goal: float,
    most: int,
    begin: Callable[[str], None],
) -> tuple[Formats, list[Trial]]:
    """The best formats of those that meet the goal; :class:`ConfigError` if none does.

    ``most`` limits how many are tried. ``fixed`` are values whose formats are not to be changed.
    """
    return _Search(formats, evaluated, fixed, goal, most, begin).run()


def budget(products: int) -> int:
    """How many trials there are for a network that computes so many products in each."""
    return max(LEAST, min(TRIALS, PRODUCTS // max(1, products)))


class _Search:
    def __init__(
        self,
        formats: Formats,
        evaluated: Evaluated,
        fixed: frozenset[str],
        goal: float,
        left: int,
        begin: Callable[[str], None],
    ) -> None:
        for kind in ("weights", "activations"):
            if formats.defaults[kind].exp is not None:
                raise ConfigError(
                    f"accuracy drop: the default of {kind} has a step, which cannot follow its "
                    f"width; leave the step out"
                )
        self.formats, self.evaluated, self.fixed = formats, evaluated, fixed
        self.goal, self.left, self.begin = goal, left, begin
        self.trials: list[Trial] = []
        self.known: dict[tuple[tuple[str, int], ...], Result] = {}

    def run(self) -> tuple[Formats, list[Trial]]:
        width, chosen, result = self._uniform()
        widths = self._alike(chosen, width)
        ranked = self._ranked(width, widths, result)
        while ranked and self.left > 0:
            name = ranked[0]
            narrower = {**widths, name: widths[name] - 1}
            now = self._tried(width, narrower)
            good = now.accuracy >= self.goal and now.cost < result.cost
            self._note(f"{name}: {narrower[name]} bits", now, kept=good)
            if good:
                result, widths = now, narrower
            if not good or widths[name] == NARROWEST:
                ranked.remove(name)
            else:
                ranked.append(ranked.pop(0))
        return self._of(width, widths), self.trials

    def _uniform(self) -> tuple[int, frozenset[str], Result]:
        """The least width of all that meets the goal, by halving what is left."""
        low, high = NARROWEST, WIDEST
        best = (high, *self._try_uniform(high))
        if not best[1] - self.fixed:
            raise ConfigError(
                "accuracy drop: the model and its configuration say all formats, so there are none "
                "to search; leave some of them out"
            )
        if best[2].accuracy < self.goal:
            raise ConfigError(
                f"accuracy drop: {WIDEST} bits for all weights and activations give an accuracy "
                f"of {best[2].accuracy:.2%}, and the goal is {self.goal:.2%}; allow a larger drop, "
                f"or give inputs and single values finer formats in a configuration"
            )
        while low < high:
            width = (low + high) // 2
            found = (width, *self._try_uniform(width))
            if found[2].accuracy >= self.goal:
                best, high = found, width
            else:
                low = width + 1
        return best

    def _try_uniform(self, width: int) -> tuple[frozenset[str], Result]:
        chosen, result = self.evaluated(self._of(width, {}))
        self.left -= 1
        self.known[_key(self._alike(chosen, width))] = result
        self._note(f"all: {width} bits", result, kept=result.accuracy >= self.goal)
        return chosen, result

    def _ranked(self, width: int, widths: Widths, base: Result) -> list[str]:
        """The values of which a bit less saves most cost for the accuracy that is lost."""
        gains = {}
        for name in widths if width > NARROWEST else ():
            if self.left <= 0:
                break
            result = self._tried(width, {**widths, name: width - 1})
            self._note(f"{name}: {width - 1} bits", result, kept=False)
            lost = max(base.accuracy - result.accuracy, 1e-4)
            gains[name] = (base.cost - result.cost) / lost
        return sorted((n for n in gains if gains[n] > 0), key=lambda n: (-gains[n], n))

    def _alike(self, chosen: frozenset[str], width: int) -> Widths:
        """So many bits for each value that may be changed."""
        return dict.fromkeys(sorted(chosen - self.fixed), width)

    def _of(self, width: int, widths: Widths) -> Formats:
        """The formats with so many bits for all, but for single values."""
        single = {name: own for name, own in widths.items() if own != width}
        return self.formats.with_widths({"weights": width, "activations": width}, single)

    def _tried(self, width: int, widths: Widths) -> Result:
        """What these formats lead to; nothing is computed twice."""
        key = _key(widths)
        if key not in self.known:
            self.left -= 1
            self.known[key] = self.evaluated(self._of(width, widths))[1]
        return self.known[key]

    def _note(self, changed: str, result: Result, *, kept: bool) -> None:
        self.trials.append(Trial(changed, *result, kept))
        self.begin(f"{changed}, accuracy {result.accuracy:.2%}")


def _key(widths: Widths) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(widths.items()))
