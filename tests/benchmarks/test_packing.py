"""How many sites LUTs fill, counted by hand."""

import pytest
from netlists import Draft
from packing import sites


def test_nothing_fills_nothing():
    assert sites(Draft().netlist()) == 0


@pytest.mark.parametrize(
    ("luts", "filled"),
    [
        ([(1, 2, 3, 4, 5)], 1),
        ([(1, 2), (1, 3)], 1),
        ([(1, 2), (3, 4)], 2),  # nothing in common
        ([(1, 2, 3), (3, 4, 5)], 1),
        ([(1, 2, 3, 4), (4, 5, 6, 7)], 2),  # seven inputs
        ([(1, 2, 3, 4, 5, 6), (1, 2)], 2),  # six inputs leave no second output
        ([(1, 2), (1, 3), (1, 4)], 2),
        ([(1, 2, 3, 4), (1, 2), (4, 5), (3, 4)], 2),
    ],
)
def test_two_luts_share_a_site_if_five_inputs_do(luts, filled):
    draft = Draft()
    for inputs in luts:
        draft.lut(*inputs)
    assert sites(draft.netlist()) == filled


def test_a_bit_of_a_chain_is_one_site():
    draft = Draft()
    given = draft.new(5)
    data = [draft.lut(*given[:3]) for _ in range(4)]
    select = [draft.lut(*given) for _ in range(4)]
    draft.carry(select, data)
    assert sites(draft.netlist()) == 4


def test_two_that_select_do_not_share_a_site():
    draft = Draft()
    given = draft.new(2)
    draft.carry([draft.lut(*given) for _ in range(4)], given + given)
    assert sites(draft.netlist()) == 4
    draft.lut(*given)
    assert sites(draft.netlist()) == 4


def test_a_shift_register_fills_a_site():
    draft = Draft()
    draft.cell("SRL16E", D=[1], Q=draft.new())
    assert sites(draft.netlist()) == 1
