"""The search for the fewest stages, and what becomes of a failure."""

from types import SimpleNamespace

import pytest
from contenders import DA4ML, OURS, OURS_BINARY, OURS_ECP5
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


def test_each_kind_of_adders_has_its_own_fewest_stages():
    class OfTwoKinds(Bench):
        def _length(self, case, contender, stages):
            return {OURS.name: 12, OURS_BINARY.name: 6}[contender.name] / stages

    nothing = (None,) * 3
    made = OfTwoKinds(*nothing, frozenset({"stages"}), frozenset(), 0, 0, 2, lambda _: None)
    rows = [Row("a", DA4ML.name, {"stages": 3}, {"stage": 3.0})]
    rows += [Row("a", own.name, {"stages": 3}) for own in (OURS, OURS_BINARY, OURS_ECP5)]
    rows.append(Row("a", OURS.name))  # which has no design
    made._add_shortest(SimpleNamespace(name="a"), rows)
    assert [row.figures.get("fewest") for row in rows] == [3, 4, 2, None, None]
    assert not any(row.missing for row in rows)


def test_a_failure_is_kept_in_its_row(capsys):
    row = Row("a", "ours")
    with _failures(row, "xflat"):
        raise Failed("much\nerror: yosys: failed\n")
    assert row.missing == {"xflat": "error: yosys: failed"}
    assert capsys.readouterr().err == "a: ours: xflat: much\nerror: yosys: failed\n\n"
