"""Networks of sparse neurons become tables, as far as these are proved."""

from dataclasses import replace

import pytest
from networks import logic_network

import rtlgen.design
from rtlgen import Options, generate
from rtlgen.cost import luts
from rtlgen.covering import contents
from rtlgen.operations import Lookup
from rtlgen.proof import strange_tables

OPTIONS = Options(stages=3)


def tables(design):
    return {contents(op) for op in design.flow.ops if isinstance(op, Lookup)}


@pytest.fixture(name="made")
def designs_made(monkeypatch):
    """All designs of whose proof somebody asked, in their order."""
    made, prove = [], rtlgen.design.Design.proof

    def asked(design):
        if design not in made:
            made.append(design)
        return prove(design)

    monkeypatch.setattr("rtlgen.design.Design.proof", asked)
    return made


@pytest.mark.parametrize(
    ("fan_in", "bits", "most"), [(3, 2, 128 * 2), (6, 1, 128 + 5 * 6), (4, 2, 128 * 2 * 5)]
)
def test_neurons_are_tables_and_proved(fan_in, bits, most):
    """Of no more LUTs than tables of all hidden neurons take, and sums of the last layer."""
    design = generate(logic_network(fan_in, bits), OPTIONS)
    assert design.proof().unproved == ()
    assert len(tables(design)) > 20
    assert luts(design.flow, design.target) <= most


def test_only_tables_that_the_network_has_nothing_of_are_left_out(made):
    """One of them adds up a part of what a neuron of the last layer shares with another."""
    design = generate(logic_network(3, 2), OPTIONS)
    first, second = made
    assert first.proof().unproved
    assert second is design
    assert not second.proof().unproved
    strange = {contents(first.flow.ops[i]) for i in strange_tables(first.network.graph, first.flow)}
    assert strange
    assert strange <= tables(first)
    assert tables(second) >= tables(first) - strange
    assert not strange & tables(second)
    assert not strange_tables(second.network.graph, second.flow)
    assert luts(second.flow, second.target) < 1.2 * luts(first.flow, first.target)


def test_all_tables_are_left_out_if_that_is_what_it_takes(monkeypatch):
    monkeypatch.setattr("rtlgen.generation.strange_tables", lambda *_: [])
    design = generate(logic_network(3, 2), OPTIONS)
    assert design.proof().unproved == ()
    assert not tables(design)


def test_what_cannot_be_proved_at_all_keeps_its_tables(monkeypatch):
    prove = rtlgen.design.prove
    monkeypatch.setattr(
        "rtlgen.design.prove", lambda *given: replace(prove(*given), unproved=("y",))
    )
    design = generate(logic_network(6, 1), OPTIONS)
    assert design.proof().unproved == ("y",)
    assert tables(design)
