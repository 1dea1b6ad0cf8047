"""How hard, and for which adders, constant products are optimized."""

from __future__ import annotations

from dataclasses import dataclass

EFFORTS = {1: 0, 2: 1, 3: 10, 4: 100, 5: 1000}
"""By effort, how many times as many rounds of the search."""
ROUNDS = 2_500
"""Of one matrix."""
LARGE = 10_000
"""A matrix of more digits has fewer rounds, by the square root of how many more."""


@dataclass(frozen=True)
class Search:
    """The arguments of the search for common subexpressions.

    ``arity`` is 3 where an adder of the target takes three numbers; ``effort`` is 1 to 5;
    outputs may be ``slack`` adders of two deeper than they have to be; an adder
    costs ``ends`` bits besides its own.
    """

    arity: int = 2
    effort: int = 1
    slack: int = 1
    ends: int = 0
    seed: int = 1
    exact: float = 0
    """Seconds that each small product is searched exactly for the fewest adders of two."""

    def rounds(self, digits: int) -> int:
        """How often the sharing of a matrix of so many digits is tried anew.

        A few digits have few ways to be shared, and with many a round takes long.
        """
        most = int(ROUNDS * min(1, (LARGE / max(1, digits)) ** 0.5))
        return EFFORTS[self.effort] * min(most, digits**2)
