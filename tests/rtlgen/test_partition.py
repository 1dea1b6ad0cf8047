"""Parts of a scheduled graph: every net is made once, and known wherever it is read."""

import pickle

import pytest

from rtlgen.dataflow import Const, Dataflow, operands
from rtlgen.devices import find
from rtlgen.partition import Net, Part, Partition, identifier, module
from rtlgen.registers import register_bits
from rtlgen.schedule import Schedule, schedule
from rtlgen.timing import Timing
from sim.rounding import Interval
from tests.rtlgen.flows import combinational, layers, random_flow, scattered

XILINX, LATTICE = find("xcvu13p"), find("lfe5u-25f")


@pytest.fixture(params=[*range(6), "combinational", "chains"])
def made(request):
    """A random graph in random stages, or in none; or layers of adders that share chains."""
    match request.param:
        case "combinational":
            flow = random_flow(6)
            return Partition(flow, combinational(flow))
        case "chains":
            flow = layers(4, 4, 20)
            plan = schedule(flow, LATTICE, stages=3)
            assert plan.chains
            return Partition(flow, plan)
        case seed:
            flow = random_flow(seed)
            return Partition(flow, scattered(Timing(flow, XILINX), seed))


def read(made, net):
    """What a net is made of, said otherwise than there."""
    if net.stage > made.schedule.stages[net.op]:
        return {(net.op, net.stage - 1)}
    wires = operands(made.flow.ops[net.op])
    return {(w.op, net.stage) for w in wires if not isinstance(made.flow.ops[w.op], Const)}


def levels(made):
    """The top and the nodes; the top and the stages of all nodes."""
    stages = [stage for node in made.nodes for stage in made.stages[node.path]]
    return [made.top, *made.nodes], [made.top, *stages]


def test_every_net_is_made_once_behind_what_it_reads(made):
    for parts in levels(made):
        nets = [net for part in parts for net in part.nets]
        assert len(set(nets)) == len(nets)
        assert {(i, s) for i, s in enumerate(made.schedule.stages)} - {*nets} == {
            (i, s)
            for i, s in enumerate(made.schedule.stages)
            if isinstance(made.flow.ops[i], Const)
        }
        for part in parts:
            known = {*part.inputs}
            for net in part.nets:
                assert read(made, net) <= known
                known.add(net)


def test_ports_are_what_is_read_elsewhere(made):
    results = {
        (wire.op, made.schedule.latency)
        for wire in made.flow.outputs
        if not isinstance(made.flow.ops[wire.op], Const)
    }
    for parts in levels(made):
        home = {net: part.path for part in parts for net in part.nets}
        crossing = set()
        for part in parts:
            foreign = {n for net in part.nets for n in read(made, net) if home[n] != part.path}
            foreign |= {net for net in results if home[net] != ()} if not part.path else set()
            assert [*part.inputs] == sorted(foreign)
            crossing |= foreign
        for part in parts:
            assert [*part.outputs] == sorted(net for net in crossing if home[net] == part.path)


def test_stages_are_those_of_their_node(made):
    for node in made.nodes:
        stages = made.stages[node.path]
        assert {stage.path[:1] for stage in stages} == {node.path}
        assert {net for stage in stages for net in stage.nets} == {*node.nets}
        assert node.clocked == any(stage.clocked for stage in stages)


def test_registers_are_as_many_as_the_report_counts(made):
    timing, plan = Timing(made.flow, XILINX), made.schedule
    counted = register_bits(made.flow, timing, plan.stages, plan.latency)
    found = [0] * len(counted)
    for part in levels(made)[1]:
        for net in part.nets:
            if net.stage > plan.stages[net.op]:
                found[net.op] += max(1, made.flow.intervals[net.op].width)
                assert not part.path or part.path[1] == f"stage_{net.stage}"
                assert part.clocked
    assert found == counted


def test_no_two_nets_have_a_name(made):
    names = [made.name(net) for part in levels(made)[0] for net in part.nets]
    assert len(set(names)) == len(names)


def test_another_process_gets_the_same(made):
    assert levels(pickle.loads(pickle.dumps(made))) == levels(made)


def test_parts():
    flow = Dataflow()
    x, y = flow.input(0, Interval(0, 3, 0)), flow.input(1, Interval(0, 3, 0))
    flow.origin = "/fc 1"
    a = flow.add(x, y)
    b = flow.max(a, x)
    flow.origin = "relu"
    flow.outputs = [flow.max(b, y << 1), x]
    made = Partition(flow, Schedule((0, 0, 0, 1, 1), 2))
    top, fc, relu, *more = levels(made)[0]
    assert not more
    assert top == Part(
        (),
        (Net(0, 0), Net(0, 1), Net(0, 2), Net(1, 0), Net(1, 1)),
        inputs=(Net(4, 2),),
        outputs=(Net(0, 0), Net(0, 1), Net(1, 0), Net(1, 1)),
        clocked=True,
    )
    assert fc == Part(
        ("fc_1",),
        (Net(2, 0), Net(2, 1), Net(3, 1)),
        inputs=(Net(0, 0), Net(0, 1), Net(1, 0)),
        outputs=(Net(3, 1),),
        clocked=True,
    )
    assert made.stages[fc.path] == [
        Part(
            ("fc_1", "stage_1"),
            (Net(2, 0), Net(2, 1)),
            inputs=(Net(0, 0), Net(1, 0)),
            outputs=(Net(2, 1),),
            clocked=True,
        ),
        Part(
            ("fc_1", "stage_2"),
            (Net(3, 1),),
            inputs=(Net(0, 1), Net(2, 1)),
            outputs=(Net(3, 1),),
            clocked=False,
        ),
    ]
    (stage,) = made.stages[relu.path]
    assert stage.path == ("relu", "stage_2")
    assert stage.nets == relu.nets == (Net(4, 1), Net(4, 2))
    assert [made.name(Net(2, stage)) for stage in (0, 1)] == ["fc_1_w2", "fc_1_w2_1"]
    assert made.name(Net(0, 0)) == "w0"
    assert module("top", stage.path) == "top.relu.stage_2"


def test_sums_of_a_chain_stand_with_the_first_and_their_registers_at_home():
    flow = Dataflow()
    x, y = flow.input(0, Interval(0, 3, 0)), flow.input(1, Interval(0, 3, 0))
    flow.origin = "a"
    a = flow.add(x, y)
    flow.origin = "b"
    flow.outputs = [a, flow.add(x, y << 1)]
    made = Partition(flow, Schedule((0, 0, 0, 0), 1, chains=((2, 3),)))
    assert made.path(Net(3, 0)) == ("a", "stage_1")
    assert made.path(Net(3, 1)) == ("b", "stage_1")
    assert made.nodes[1].nets == (Net(3, 1),)
    assert made.nodes[1].inputs == (Net(3, 0),)


def test_identifiers():
    assert identifier("/fc1/Gemm w12") == "fc1_Gemm_w12"
    assert identifier("onnx::Add_0") == "onnx_Add_0"
    assert identifier("7__b") == "n7_b"
    assert identifier("::") == "n"
