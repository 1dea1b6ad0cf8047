"""The longest stage, added up by hand."""

from netlists import Draft
from static_timing import Path as Way
from static_timing import longest


def test_without_logic_there_are_only_registers():
    draft = Draft()
    q = draft.register(draft.register(1))
    assert longest(draft.netlist(q)) == Way(150)
    assert longest(Draft().netlist()) == Way()


def test_luts_between_registers():
    draft = Draft()
    q = draft.register(1)
    a = draft.lut(q, q)
    draft.register(draft.lut(a, q))
    assert longest(draft.netlist()) == Way(2 * 450 + 150, 2)


def test_a_path_ends_at_an_output():
    draft = Draft()
    assert longest(draft.netlist(draft.lut(1))) == Way(450 + 150, 1)


def test_a_register_cuts_a_path():
    draft = Draft()
    q = draft.register(draft.lut(1))
    assert longest(draft.netlist(draft.lut(q))) == Way(450 + 150, 1)


def test_an_inverter_is_free():
    draft = Draft()
    [made] = draft.new()
    draft.cell("INV", I=[draft.lut(1)], O=[made])
    assert longest(draft.netlist(made)) == Way(450 + 150, 1)


def test_a_sum_of_eight_bits():
    draft = Draft()
    select, data = [draft.lut(1) for _ in range(8)], draft.new(8)
    _, carry = draft.carry(select[:4], data[:4])
    sums, _ = draft.carry(select[4:], data[4:], carry)
    # a LUT, its site's net, onto the carry, out of it into the last sums
    assert longest(draft.netlist(*sums)) == Way(450 + 60 + 120 + 60 + 150, 1, 1)


def test_a_chain_of_twelve_bits_goes_through_its_middle():
    draft = Draft()
    select, data = [draft.lut(1) for _ in range(12)], draft.new(12)
    before = "0"
    for i in (0, 4, 8):
        sums, before = draft.carry(select[i : i + 4], data[i : i + 4], before)
    assert longest(draft.netlist(*sums)) == Way(450 + 60 + 120 + 15 + 60 + 150, 1, 1)


def test_the_data_of_a_bit_are_not_in_its_own_sum():
    draft = Draft()
    late = draft.lut(1)
    sums, _ = draft.carry([1, 2, 3, 4], [5, 6, 7, late])
    assert longest(draft.netlist(*sums)) == Way(350 + 120 + 60 + 150, 0, 1)
    sums, _ = draft.carry([1, 2, 3, 4], [5, 6, late, 7])
    assert longest(draft.netlist(*sums)) == Way(450 + 350 + 120 + 60 + 150, 1, 1)
