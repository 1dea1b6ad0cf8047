"""The search for the fewest stages, and what becomes of a failure."""

import pytest
from environment import Failed
from measurement import Bench, Row, _failures


class Known(Bench):
    """Designs whose longest stages are known: 12 ns, divided."""

    def _length(self, case, contender, stages):
        return 12 / stages


def bench():
    nothing = (None,) * 3
    return Known(*nothing, frozenset(), frozenset(), 0, 0, 2, print)


@pytest.mark.parametrize(
    ("stages", "length", "fewest"),
    [(4, 3.0, 4), (4, 4.0, 3), (4, 100.0, 1), (4, 2.0, 6), (1, 12.0, 1), (3, 1.8, 7)],
)
def test_the_fewest_stages_are_found_from_both_sides(stages, length, fewest):
    assert bench()._fewest(None, None, stages, length) == fewest


def test_a_length_that_is_never_reached_is_said():
    with pytest.raises(Failed) as raised:
        bench()._fewest(None, None, 3, 1.0)
    assert f"{raised.value}" == "more than 7 stages"


def test_a_failure_is_kept_in_its_row(capsys):
    row = Row("a", "ours")
    with _failures(row, "xflat"):
        raise Failed("much\nerror: yosys: failed\n")
    assert row.missing == {"xflat": "error: yosys: failed"}
    assert capsys.readouterr().err == "a: ours: xflat: much\nerror: yosys: failed\n\n"
