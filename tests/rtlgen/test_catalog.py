"""The table of operators: complete, up to date, and true."""

from pathlib import Path

import pytest

from kernels.base import Operator
from rtlgen.frontend.catalog import internal, table
from rtlgen.frontend.expansions import EXPANSIONS
from rtlgen.frontend.reading import NEWEST

README = Path(__file__).parents[2] / "kernels/README.md"
ROWS = {row.split(" | ")[0].removeprefix("| "): row for row in table().splitlines()[2:]}


@pytest.mark.skipif(NEWEST < 28, reason="this onnx knows fewer opsets than the table names")
@pytest.mark.parametrize("made", [table, internal])
def test_the_readme_is_up_to_date(made):
    assert made() in README.read_text(), "run python -m rtlgen.frontend.catalog"


def test_every_operator_has_a_row():
    written_out = {f"{d}::{n}" if d else n for d, names in EXPANSIONS.items() for n in names}
    assert Operator.registry.keys() | written_out <= ROWS.keys()


@pytest.mark.parametrize(
    ("name", "row"),
    [
        (
            "BatchNormalization",
            (
                "| BatchNormalization | 7-28 | `epsilon`, `momentum` (any), `training_mode`=0 | - "
                "| `BatchNormalization` of `real.py`: its parameters are constants |"
            ),
        ),
        (
            "Mean",
            "| Mean | 7-28 | - | - | written out in `Div`, `Sum`: Of any number of tensors |",
        ),
        ("Gelu", "| Gelu | 20-28 | `approximate` | - | `Gelu` of `curves.py` |"),
    ],
)
def test_rows(name, row):
    assert ROWS[name] == row
