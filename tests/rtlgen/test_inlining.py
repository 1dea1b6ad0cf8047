"""Control flow that is written out means the same to ONNX Runtime."""

import numpy as np
import pytest
from onnx import numpy_helper, parser

from rtlgen.frontend import load
from sim.errors import ModelError, ShapeError, TooLarge, UnsupportedAttribute, UnsupportedOperator
from tests.rtlgen.test_expanding import as_loaded, check, run

X = "float[1, 3] x"


def net(body, inputs=X, outputs="float[N, M] y", constants="", opset=22):
    given = f"<{constants}> " if constants else ""
    return parser.parse_model(
        f'<ir_version: 10, opset_import: ["" : {opset}]> net ({inputs}) => ({outputs}) {given}'
        f"{{ {body} }}"
    )


def kinds(proto):
    return [node.op_type for node in load(proto).nodes]


# -- If -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("condition", [0, 1])
def test_a_branch(condition):
    branches = "then_branch = g () => (z) {z = Relu (x)}, else_branch = h () => (z) {z = Neg (x)}"
    proto = net(f"y = If (b) <{branches}>", constants=f"bool b = {{{condition}}}")
    assert kinds(proto) == [["Neg", "Relu"][condition]]
    check(proto)


@pytest.mark.parametrize("condition", [0, 1])
def test_branches_that_read_what_is_around_them(condition):
    """And hold constants of the same name."""
    branches = (
        "then_branch = g () => (z, v) <float[3] c = {1, 2, 3}> {z = Mul (a, c) v = Add (x, a)}, "
        "else_branch = h () => (z, w) <float[3] c = {3, 2, 1}> {z = Mul (x, c) w = Sub (a, k)}"
    )
    body = f"a = Abs (x) y, u = If (b) <{branches}>"
    constants = f"bool b = {{{condition}}}, float[1] k = {{2}}"
    check(net(body, outputs="float[1, 3] y, float[1, 3] u", constants=constants))


def test_a_condition_of_shapes():
    branches = (
        "then_branch = g () => (z) {z = Squeeze (a, k)}, else_branch = h () => (w) {w = Relu (a)}"
    )
    body = f"a = Neg (x) s = Shape (x) f = Gather (s, k) b = Equal (f, one) y = If (b) <{branches}>"
    proto = net(body, outputs="float[M] y", constants="int64[1] k = {0}, int64[1] one = {1}")
    assert kinds(proto) == ["Neg", "Squeeze"]
    check(proto)


@pytest.mark.parametrize("outer", [0, 1])
@pytest.mark.parametrize("inner", [0, 1])
def test_a_branch_in_a_branch(outer, inner):
    deep = "then_branch = i () => (p) {p = Mul (q, x)}, else_branch = j () => (p) {p = Add (q, a)}"
    branches = (
        f"then_branch = g () => (z) {{q = Neg (x) z = If (c) <{deep}>}}, "
        f"else_branch = h () => (z) {{q = Relu (x) z = If (c) <{deep}>}}"
    )
    constants = f"bool b = {{{outer}}}, bool c = {{{inner}}}"
    check(net(f"a = Abs (x) y = If (b) <{branches}>", constants=constants))


def test_one_that_decides_another():
    first = "then_branch = g () => (z) {z = Identity (t)}, else_branch = h () => (z) {z = Not (t)}"
    second = "then_branch = g () => (z) {z = Relu (x)}, else_branch = h () => (z) {z = Neg (x)}"
    body = f"c = If (b) <{first}> y = If (c) <{second}>"
    proto = net(body, constants="bool b = {0}, bool t = {1}")
    assert kinds(proto) == ["Neg"]
    check(proto)


# -- Loop ---------------------------------------------------------------------------------------

LOOP = (
    "body = g (int64 i, bool go, float[1, 3] s) => (on, t, e) "
    "<float[3] w = {0.5, -1, 2}> "
    "{on = Identity (go) m = Mul (s, w) t = Add (m, x) e = Relu (t)}"
)


@pytest.mark.parametrize("trips", [1, 2, 5])
@pytest.mark.parametrize("condition", ["", "go"])
def test_a_loop(trips, condition):
    proto = net(
        f"n, e = Loop (trips, go, x) <{LOOP}> y = Relu (n)",
        outputs="float[1, 3] y, float[T, 1, 3] e",
        constants=f"int64 trips = {{{trips}}}, bool go = {{1}}",
    )
    proto.graph.node[0].input[1] = condition
    assert kinds(proto).count("Mul") == trips
    assert sum(value.shape == (3,) for value in load(proto).constants.values()) == 1
    check(proto)


@pytest.mark.parametrize(("trips", "condition"), [(0, 1), (3, 0)])
def test_a_loop_without_a_step(trips, condition):
    loop = "body = g (int64 i, bool go, float[1, 3] s) => (go, t) {t = Neg (s)}"
    body = f"n = Loop (trips, go, x) <{loop}> y = Relu (n)"
    constants = f"int64 trips = {{{trips}}}, bool go = {{{condition}}}"
    proto = net(body, constants=constants)
    assert kinds(proto) == ["Relu"]
    check(proto)


def test_steps_that_are_counted():
    """The number of the step is a constant, and what depends on it alone."""
    loop = (
        "body = g (int64 i, bool go, float[1, 3] s) => (go, t) "
        "{j = Mod (i, three) v = Gather <axis = 1> (x, j) t = Add (s, v)}"
    )
    proto = net(
        f"y = Loop (trips, go, x) <{loop}>",
        constants="int64 trips = {5}, bool go = {1}, int64[1] three = {3}",
    )
    assert kinds(proto) == ["Gather", "Add"] * 5
    check(proto)


@pytest.mark.parametrize("most", [0, 100, 9223372036854775807])
def test_a_condition_that_every_step_computes(most):
    """Of a number that doubles: of constants alone, so that it is known."""
    loop = (
        "body = g (int64 i, bool go, int64 k, float[1, 3] s) => (on, l, t) "
        "{l = Add (k, k) on = Less (l, end) f = Cast <to = 1> (k) t = Mul (s, f)}"
    )
    proto = net(
        f"q, y = Loop (most, go, one, x) <{loop}>",
        constants="bool go = {1}, int64 one = {1}, int64 end = {16}, "
        f"int64 most = {{{most}}}",
    )
    if not most:
        proto.graph.node[0].input[0] = ""
    assert kinds(proto) == ["Mul"] * 4
    check(proto)


def test_a_loop_in_a_loop():
    inner = (
        "body = h (int64 j, bool on, float[1, 3] u) => (on, v, c) "
        "{p = Mul (u, s) v = Add (p, x) c = Neg (v)}"
    )
    outer = (
        "body = g (int64 i, bool go, float[1, 3] s) => (go, t, d) "
        f"{{b = Add (i, one) t, e = Loop (b, go, x) <{inner}> "
        "d = ReduceSum <keepdims = 0> (e, zero)}"
    )
    proto = net(
        f"y, z = Loop (trips, go, x) <{outer}>",
        outputs="float[1, 3] y, float[T, 1, 3] z",
        constants="int64 trips = {3}, bool go = {1}, int64 one = {1}, int64[1] zero = {0}",
    )
    check(proto)


def test_a_branch_in_a_loop():
    branches = "then_branch = p () => (z) {z = Mul (s, x)}, else_branch = q () => (z) {z = Neg (s)}"
    loop = (
        "body = g (int64 i, bool go, float[1, 3] s) => (go, t) "
        f"{{m = Mod (i, two) b = Equal (m, zero) t = If (b) <{branches}>}}"
    )
    proto = net(
        f"y = Loop (trips, go, x) <{loop}>",
        constants="int64 trips = {4}, bool go = {1}, int64 two = {2}, int64 zero = {0}",
    )
    assert kinds(proto) == ["Mul", "Neg", "Mul", "Neg"]
    check(proto)


def test_old_forms_in_a_body():
    """Axes were attributes once."""
    loop = (
        "body = g (int64 i, bool go, float[1, 3] s) => (go, t) "
        "{a = Unsqueeze <axes = [0]> (s) b = Squeeze <axes = [0]> (a) t = Add (b, x)}"
    )
    constants = "int64 trips = {3}, bool go = {1}"
    check(net(f"y = Loop (trips, go, x) <{loop}>", constants=constants, opset=11))


# -- Scan ---------------------------------------------------------------------------------------


def scan(attributes="", inputs="float[4, 1, 3] x, float[1, 3] h"):
    body = (
        "body = g (float[1, 3] s, float[1, 3] v) => (t, o) "
        "<float[3] w = {0.5, -1, 2}> {m = Mul (s, w) t = Add (m, v) o = Neg (t)}"
    )
    return net(
        f"y, z = Scan <num_scan_inputs = 1, {attributes} {body}> (h, x)",
        inputs,
        "float[1, 3] y, float[A, B, C] z",
    )


@pytest.mark.parametrize("given", ["", "scan_input_directions = [1],"])
@pytest.mark.parametrize("made", ["", "scan_output_directions = [1],"])
@pytest.mark.parametrize("axis", ["", "scan_output_axes = [1],", "scan_output_axes = [-1],"])
def test_a_scan(given, made, axis):
    proto = scan(given + made + axis)
    assert kinds(proto).count("Mul") == 4
    check(proto)


@pytest.mark.parametrize("axis", [1, -2])
def test_a_scan_along_another_axis(axis):
    check(scan(f"scan_input_axes = [{axis}],", "float[1, 4, 3] x, float[1, 3] h"))


def test_several_of_everything():
    body = (
        "body = g (float[3] s, float[2] r, float[3] a, float[2] b) => (t, q, o, p) "
        "{t = Add (s, a) q = Mul (r, b) o = Sub (t, k) p = Neg (q)}"
    )
    attributes = (
        "num_scan_inputs = 2, scan_input_axes = [0, 1], scan_input_directions = [1, 0], "
        "scan_output_axes = [1, 0], scan_output_directions = [0, 1]"
    )
    proto = net(
        f"y, u, v, w = Scan <{attributes}, {body}> (h, g, x, z)",
        "float[5, 3] x, float[2, 5] z, float[3] h, float[2] g, float[3] k",
        "float[3] y, float[2] u, float[3, 5] v, float[5, 2] w",
    )
    check(proto)


def test_a_scan_without_a_state():
    body = "body = g (float[1, 3] v) => (o) {o = Add (v, c)}"
    proto = net(
        f"y = Scan <num_scan_inputs = 1, {body}> (x)",
        "float[4, 1, 3] x",
        "float[4, 1, 3] y",
        "float[3] c = {1, 2, 3}",
    )
    check(proto)


def test_a_cell_in_a_scan():
    """Operators with expansions of their own."""
    body = "body = g (float[1, 3] s, float[1, 3] v) => (t, o) {t = Mean (s, v) o = Relu (t)}"
    proto = net(
        f"y, z = Scan <num_scan_inputs = 1, {body}> (h, x)",
        "float[4, 1, 3] x, float[1, 3] h",
        "float[1, 3] y, float[4, 1, 3] z",
    )
    check(proto)


# -- functions of the model ---------------------------------------------------------------------


def test_functions_in_functions_and_bodies():
    text = """
        <ir_version: 10, opset_import: ["" : 22, "own" : 1]>
        net (float[1, 3] x) => (float[1, 3] y)
        <int64 trips = {2}, bool go = {1}>
        { y = Loop (trips, go, x) <body = g (int64 i, bool on, float[1, 3] s) => (on, t)
            { t = own.outer <slope = 0.5> (s) }> }
        <domain: "own", opset_import: ["" : 22, "own" : 1]>
        outer <slope> (a) => (b) { c = own.inner (a) b = LeakyRelu <alpha: float = @slope> (c) }
        <domain: "own", opset_import: ["" : 22]>
        inner (a) => (b) { one = Constant <value = float {1}> () b = Sub (a, one) }
    """
    proto = parser.parse_model(text)
    assert kinds(proto) == ["Sub", "LeakyRelu"] * 2
    check(proto)


CYCLE = (
    "Cycle detected in model-local function references: own::f -> own::f. Model-local functions "
    "must not be recursive"
)


def function(outer, inner, body):
    """Of another opset than the model."""
    return parser.parse_model(
        f'<ir_version: 10, opset_import: ["" : {outer}, "own" : 1]> '
        f"net (float[1, 3] x) => (float[1, 3] y) {{ y = own.f (x) }} "
        f'<domain: "own", opset_import: ["" : {inner}, "own" : 1]> f (a) => (b) {{ {body} }}'
    )


def test_a_function_of_another_opset():
    """Which ONNX Runtime does not take."""
    body = "c = Unsqueeze <axes: ints = [0]> (a) b = Squeeze <axes: ints = [0]> (c)"
    proto = function(22, 11, body)
    assert kinds(proto) == ["Unsqueeze", "Squeeze"]
    x = np.float32([[1, -2, 3]])
    assert np.array_equal(run(as_loaded(proto), {"x": x})[0], x)


@pytest.mark.parametrize(
    ("reason", "proto"),
    [
        ("No Previous Version of Gelu exists", function(9, 22, "b = Gelu (a)")),
        (
            CYCLE,
            function(22, 22, "b = own.f (a)"),
        ),
    ],
)
def test_functions_that_cannot_be_written_out(reason, proto):
    message = (
        f"model 'net': its own functions cannot be written out: {reason}; export the network with "
        f"one opset for all of it"
    )
    refused(ModelError, message, proto)


# -- refusals -----------------------------------------------------------------------------------


def refused(kind, message, proto):
    with pytest.raises(kind) as caught:
        load(proto)
    assert str(caught.value) == message


def test_a_computed_trip_count():
    loop = "body = g (int64 i, bool go, float[1, 3] s) => (go, t) {t = Neg (s)}"
    message = (
        "node 'l': operator Loop is not supported with a trip count that the model computes, 'n'; "
        "supported is a constant one"
    )
    body = f"[l] y = Loop (n, go, x) <{loop}>"
    proto = net(body, f"{X}, int64 n", constants="bool go = {1}")
    refused(UnsupportedAttribute, message, proto)


def test_a_computed_condition():
    loop = (
        "body = g (int64 i, bool go, float[1, 3] s) => (on, t) "
        "{t = Neg (s) r = ReduceMax <keepdims = 0> (t) on = Less (r, c)}"
    )
    message = (
        "node 'l': operator Loop is not supported with a condition that the model computes, 'on'; "
        "supported is a constant one"
    )
    body = f"[l] y = Loop (n, go, x) <{loop}>"
    constants = "bool go = {1}, int64 n = {3}, float c = {0}"
    refused(UnsupportedAttribute, message, net(body, constants=constants))


def test_a_condition_of_several_numbers():
    branches = "then_branch = g () => (z) {z = Relu (x)}, else_branch = h () => (z) {z = Neg (x)}"
    message = (
        "node 'i': operator If is not supported with a condition of 2 numbers, 'b'; supported is a "
        "constant one"
    )
    proto = net(f"[i] y = If (b) <{branches}>", constants="bool[2] b = {0, 1}")
    refused(UnsupportedAttribute, message, proto)


def test_nothing_to_collect():
    message = (
        "node 'l': operator Loop is not supported with no step, but outputs of all of them; "
        "supported is a step at least"
    )
    body = f"[l] y, e = Loop (n, go, x) <{LOOP}>"
    constants = "bool go = {1}, int64 n = {0}"
    refused(UnsupportedAttribute, message, net(body, constants=constants))


def test_too_many_steps():
    message = (
        "node 'l': Loop is unrolled, and its 5,001 steps of 4 nodes are more than 20,000 nodes; "
        "export the network with fewer steps"
    )
    body = f"[l] y, e = Loop (n, go, x) <{LOOP}>"
    constants = "bool go = {1}, int64 n = {1000000000}"
    refused(TooLarge, message, net(body, constants=constants))


def test_a_scan_of_inputs_that_differ():
    body = "body = g (float[3] a, float[3] b) => (t) {t = Add (a, b)}"
    message = "node 's': its scanned inputs have 4 and 5 steps; check the shapes in the model"
    proto = net(
        f"[s] y = Scan <num_scan_inputs = 2, {body}> (x, z)", "float[4, 3] x, float[5, 3] z"
    )
    refused(ShapeError, message, proto)


def test_a_scan_along_no_axis():
    body = "body = g (float[3] a) => (t) {t = Neg (a)}"
    message = (
        "node 's': the shape of its input 'x' [4, 3] has no axis 2, on which Scan depends; export "
        "the network with static shapes"
    )
    proto = net(
        f"[s] y = Scan <num_scan_inputs = 1, scan_input_axes = [2], {body}> (x)", "float[4, 3] x"
    )
    refused(ShapeError, message, proto)


def test_too_few_axes():
    body = "body = g (float[3] a, float[3] b) => (t) {t = Add (a, b)}"
    message = (
        "node 's': operator Scan is not supported with scan_input_axes=(0,); supported is 2 of them"
    )
    proto = net(
        f"[s] y = Scan <num_scan_inputs = 2, scan_input_axes = [0], {body}> (x, z)",
        "float[4, 3] x, float[4, 3] z",
    )
    refused(UnsupportedAttribute, message, proto)


def test_a_scan_of_opset_8():
    message = (
        "node 's': operator Scan is not supported in opset 8, where it has another form; export "
        "the network with opset 9 or newer"
    )
    body = "body = g (float[3] a) => (t) {t = Neg (a)}"
    proto = net(f"[s] y = Scan <num_scan_inputs = 1, {body}> (x)", "float[4, 3] x", opset=8)
    refused(UnsupportedOperator, message, proto)


def test_graphs_that_are_no_control_flow():
    body = "body = g (float[3] a) => (t) {t = Neg (a)}"
    message = (
        "node 'm': operator SequenceMap is not supported; of those that hold graphs, If, Loop, "
        "Scan are; export the network without it"
    )
    proto = net(f"s = SequenceConstruct (x) [m] y = SequenceMap <{body}> (s)")
    refused(UnsupportedOperator, message, proto)


def test_a_value_that_nothing_gives_in_a_branch():
    branches = "then_branch = g () => (z) {z = Relu (q)}, else_branch = h () => (z) {z = Neg (x)}"
    message = "node 'i': value 'q' is read, but nothing gives it; export the network again"
    proto = net(f"[i] y = If (b) <{branches}>", constants="bool b = {1}")
    refused(ModelError, message, proto)


def test_a_constant_in_a_branch_that_is_not_a_number():
    branches = "then_branch = g () => (z) {z = Mul (x, c)}, else_branch = h () => (z) {z = Neg (x)}"
    proto = net(f"[i] y = If (b) <{branches}>", constants="bool b = {1}")
    branch = next(a.g for a in proto.graph.node[0].attribute if a.name == "then_branch")
    branch.initializer.append(numpy_helper.from_array(np.float32(np.nan), "c"))
    message = (
        "constant 'c': 1 of its 1 values are not finite, the first is nan at []; train or export "
        "the network again"
    )
    refused(ModelError, message, proto)
