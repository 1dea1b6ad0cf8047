"""What is wrong with a pragma or an attribute."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Complaint:
    line: int
    """Counted from 1, of the text that was checked."""
    text: str
    """The pragma or attribute, in a line."""
    problem: str
    """With the nearest known word, if a word is unknown."""

    def __str__(self) -> str:
        return f"line {self.line}: {self.text}: {self.problem}"
