"""Which node tests are refused: the committed list.

``python -m tests.onnx_backend.listing`` writes it anew, and prints what has changed.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from traceback import format_exc

from tests.onnx_backend.judging import PASSED, judged
from tests.onnx_backend.suite import VERSION, NodeTest, by_operator

FILE = Path(__file__).with_name("refused.toml")

Outcomes = Mapping[str, str]
"""What became of each test, by its name: passed, or the class of the error."""


def outcomes(tests: Iterable[NodeTest]) -> dict[str, str]:
    """By the name of the test; what is raised by one that fails says which it is."""
    found = {}
    for test in tests:
        try:
            found[test.name] = judged(test)
        except Exception as error:
            error.add_note(f"in {test.name}")
            raise
    return found


def read() -> tuple[str, dict[str, dict[str, object]]]:
    """The version of ONNX, and the table of each operator."""
    tables = tomllib.loads(FILE.read_text())
    return tables.pop("onnx"), tables


def table(found: Outcomes) -> dict[str, object]:
    """How many tests of an operator pass, and the names of the others, by the error."""
    kinds = sorted(set(found.values()) - {PASSED})
    passed = sum(outcome == PASSED for outcome in found.values())
    return {PASSED: passed} | {
        kind: sorted(name for name, outcome in found.items() if outcome == kind) for kind in kinds
    }


def written(tables: Mapping[str, Mapping[str, object]]) -> str:
    """The list as TOML."""
    return "\n".join([f'onnx = "{VERSION}"', *_lines(tables), ""])


def _lines(tables: Mapping[str, Mapping[str, object]]) -> Iterator[str]:
    for operator, entries in tables.items():
        yield ""
        yield f'["{operator}"]' if ":" in operator else f"[{operator}]"
        for key, value in entries.items():
            match value:
                case list():
                    yield "\n".join([f"{key} = [", *(f'    "{name}",' for name in value), "]"])
                case _:
                    yield f"{key} = {value}"


def main() -> None:
    """Judge all tests and write the list, if none of them fails."""
    show, failed = sys.stdout.write, 0
    before = read()[1] if FILE.exists() else {}
    tables = {}
    for operator, tests in by_operator().items():
        found = {}
        for test in tests:
            try:
                found[test.name] = judged(test)
            except Exception:  # noqa: BLE001  # all failures are shown, of whatever kind
                show(f"{test.name} failed: {format_exc(limit=-3)}\n")
                failed += 1
        tables[operator] = table(found)
        if tables[operator] != (was := before.get(operator)):
            show(f"{operator}: {tables[operator][PASSED]} pass, {(was or {}).get(PASSED)} did\n")
    passed = sum(int(str(entries[PASSED])) for entries in tables.values())
    show(f"{passed} of {sum(map(len, by_operator().values()))} pass, {failed} fail\n")
    if failed:
        sys.exit(1)
    FILE.write_text(written(tables))


if __name__ == "__main__":
    main()
