"""Masks of constants before a Softmax, in the forms that exporters write."""

import numpy as np
import pytest
from onnx import numpy_helper, parser

from rtlgen.frontend import load
from tests.rtlgen.test_expanding import check

CAUSAL = np.tril(np.ones((4, 4), bool))
BY_HEAD = np.stack([CAUSAL, CAUSAL[::-1]])[None]
HOLES = np.array([[1, 0, 1, 0], [0, 1, 0, 0], [1, 0, 1, 0], [1, 1, 1, 1]], bool)
KEYS = np.array([1, 1, 0, 1], bool)


def net(body, **constants):
    """Scores ``x`` of two heads, four queries and four keys."""
    proto = parser.parse_model(
        '<ir_version: 10, opset_import: ["" : 22]> '
        f"net (float[1, 2, 4, 4] x) => (float[1, 2, 4, 4] y) {{ {body} }}"
    )
    for name, value in constants.items():
        proto.graph.initializer.append(numpy_helper.from_array(np.asarray(value), name))
    return proto


def sizes(proto):
    model = load(proto)
    return [model.shapes[n.outputs[0]] for n in model.nodes if n.op_type == "Softmax"]


def added(seen, low, rest=0):
    return np.where(seen, np.float32(rest), np.float32(low))


@pytest.mark.parametrize("low", [-np.inf, -3.4028235e38, -1e9, -65504.0, -10000.0])
@pytest.mark.parametrize("seen", [CAUSAL, HOLES, KEYS], ids=["causal", "holes", "keys"])
@pytest.mark.parametrize("order", ["x, m", "m, x"])
def test_what_is_added(low, seen, order):
    proto = net(f"s = Add ({order}) y = Softmax (s)", m=added(seen, low))
    assert sum(np.prod(size) for size in sizes(proto)) == 2 * np.broadcast_to(seen, (4, 4)).sum()
    check(proto)


def test_what_is_added_to_those_that_are_seen():
    bias = np.random.default_rng(3).normal(size=(4, 4)).astype(np.float32)
    proto = net("s = Add (x, m) y = Softmax (s)", m=added(CAUSAL, -np.inf, 1) + bias)
    assert "Add" in [node.op_type for node in load(proto).nodes]
    check(proto)


@pytest.mark.parametrize("low", [-np.inf, -1e9])
def test_a_choice(low):
    low = np.float32(low)
    check(net("s = Where (m, x, l) y = Softmax (s)", m=HOLES, l=low))
    proto = net("s = Where (m, l, x) y = Softmax (s)", m=~HOLES, l=low)
    assert sizes(proto) == [(1, 2, 2, 2), (1, 2, 1, 1), (1, 2, 1, 4)]
    check(proto)


def test_rows_that_see_nothing_of_finite_numbers_are_all_alike():
    """So they stay as they are."""
    seen = HOLES & (np.arange(4) > 0)[:, None]
    for body, given in (
        ("s = Add (x, m) y = Softmax (s)", {"m": added(seen, -1e4)}),
        ("s = Where (m, x, l) y = Softmax (s)", {"m": seen, "l": np.float32(-1e4)}),
    ):
        check(net(body, **given), digits=3)


def test_rows_that_see_nothing_of_infinities_are_zeros():
    """Of which ONNX Runtime makes no numbers, which exporters put zeros in the place of."""
    seen = HOLES & (np.arange(4) > 0)[:, None]
    model = load(net("s = Add (x, m) y = Softmax (s)", m=added(seen, -np.inf)))
    assert [value.sum() for value in model.constants.values() if value.shape == (1, 2, 1, 4)] == [0]


def test_nothing_is_hidden_by_a_small_number():
    proto = net("s = Add (x, m) y = Softmax (s)", m=added(CAUSAL, -9999))
    assert [node.op_type for node in load(proto).nodes] == ["Add", "Softmax"]
    check(proto)


def test_another_axis_is_left_alone():
    proto = net("s = Add (x, m) y = Softmax <axis = 1> (s)", m=added(CAUSAL, -1e9))
    assert [node.op_type for node in load(proto).nodes] == ["Add", "Softmax"]


@pytest.mark.parametrize("low", [-np.inf, -1e9])
def test_a_mask_for_each_head(low):
    proto = net("s = Add (x, m) y = Softmax (s)", m=added(BY_HEAD, low))
    assert sizes(proto).count((1, 1, 1, 4)) == 2
    assert len(sizes(proto)) == 8
    check(proto)


def test_scores_that_are_read_elsewhere():
    proto = net("s = Add (x, m) p = Softmax (s) y = Add (p, s)", m=added(CAUSAL, -1e4))
    check(proto, digits=3)


@pytest.mark.parametrize("body", ["s = Where (m, x, l)", "n = Not (m) s = Where (n, l, x)"])
def test_a_computed_choice(body):
    """Of minus infinity, which no number is."""
    proto = net(
        f"m = Greater (x, c) {body} y = Softmax (s)", l=np.float32(-np.inf), c=np.float32(-2)
    )
    assert all(np.isfinite(value).all() for value in load(proto).constants.values())
    check(proto)


def test_a_mask_that_hides_everything():
    model = load(
        net("s = Add (x, m) p = Softmax (s) y = Add (p, x)", m=added(CAUSAL & False, -np.inf))
    )
    assert [node.op_type for node in model.nodes] == ["Add"]
    assert not model.constants[model.nodes[0].inputs[0]].any()
