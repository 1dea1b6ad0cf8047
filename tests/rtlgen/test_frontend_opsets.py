"""The same network gives the same nodes from every opset, and they mean what the old ones did."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import helper, parser, version_converter

from rtlgen.frontend import load
from rtlgen.frontend.opsets import CHANGES
from rtlgen.frontend.reading import NEWEST, OLDEST
from sim.errors import ModelError, UnsupportedAttribute
from tests.rtlgen.frontend_oracle import form, run

PERCEPTRON = """
<ir_version: 7, opset_import: ["" : 7]>
perceptron (float[N, 4] x) => (float[N, 3] y)
<float[4, 6] w = {W}, float[6] b = {0, 0.5, 1, -0.5, 0, 0.25},
 float[6] scale = {1, 2, 0.5, 1, 1, 1}, float[6] shift = {0, 0, 0, 0, 0.125, 0},
 float[6] mean = {0, 1, 0, 1, 0, 0}, float[6] var = {1, 1, 2, 1, 1, 3}, float[6, 3] v = {V}>
{
  [gemm] g = Gemm <alpha = 0.5> (x, w, b)
  [norm] n = BatchNormalization <epsilon = 0.001> (g, scale, shift, mean, var)
  [relu] r = Relu (n)
  [clip] c = Clip <min = 0.0, max = 6.0> (r)
  [drop] d = Dropout <ratio = 0.25> (c)
  [wide] u = Unsqueeze <axes = [1]> (d)
  [mean_] m = ReduceMean <axes = [1], keepdims = 1> (u)
  [thin] s = Squeeze <axes = [1]> (m)
  [mul] p = MatMul (s, v)
  [soft] y = Softmax (p)
}
"""
CONVOLUTION = """
<ir_version: 7, opset_import: ["" : 7]>
convolution (float[1, 2, 5, 5] x) => (float[1, 4, 1, 1] y)
<float[4, 2, 3, 3] w = {K}>
{
  [pad] p = Pad <pads = [0, 0, 1, 1, 0, 0, 1, 1], value = 0.5> (x)
  [conv] c = Conv (p, w)
  [pool] m = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (c)
  [part] s = Slice <axes = [2, 3], starts = [0, 0], ends = [1, 1]> (m)
  [split] a, b = Split <axis = 1> (s)
  [join] y = Concat <axis = 1> (b, a)
}
"""


def parse(text):
    rng = np.random.default_rng(1)
    for mark, size in (("{W}", 24), ("{V}", 18), ("{K}", 72)):
        values = ", ".join(str(v) for v in rng.integers(-8, 8, size) / 8)
        text = text.replace(mark, f"{{{values}}}")
    return parser.parse_model(text)


OPSETS = [7, 8, 9, 10, 11, 12, 13, 15, 17, 18, 20, 21, 23, NEWEST]


@pytest.mark.parametrize("opset", OPSETS)
@pytest.mark.parametrize("text", [PERCEPTRON, CONVOLUTION], ids=["perceptron", "convolution"])
def test_every_opset_gives_the_same_nodes(text, opset):
    proto = parse(text)
    converted = version_converter.convert_version(proto, opset)
    assert form(load(converted)) == form(load(proto))


def test_nodes_of_the_perceptron():
    found = [(kind, inputs) for kind, _, inputs, _, _ in form(load(parse(PERCEPTRON)))]
    assert [kind for kind, _ in found] == [
        *("Gemm", "BatchNormalization", "Relu", "Clip", "Unsqueeze", "ReduceSum", "Div"),
        *("Squeeze", "MatMul", "Softmax"),
    ]
    assert found[3][1] == ["r", ("float64", 0.0), ("float64", 6.0)]
    assert found[4][1] == ["c", ("int64", [1])]


def test_attributes_have_their_defaults():
    nodes = {node.name: node.attributes for node in load(parse(PERCEPTRON)).nodes}
    assert nodes["gemm"] == {"alpha": 0.5, "beta": 1.0, "transA": 0, "transB": 0}
    assert nodes["norm"]["training_mode"] == 0
    assert nodes["soft"] == {"axis": -1}


def test_added_constants_are_named_after_their_node_and_attribute():
    constants = load(parse(CONVOLUTION)).constants
    assert constants.keys() == {
        *("w", "pad.pads", "pad.constant_value", "part.starts", "part.ends", "part.axes")
    }
    assert constants["pad.pads"].tolist() == [0, 0, 1, 1, 0, 0, 1, 1]


def test_added_constants_never_take_a_name_that_is_taken():
    model = parse(CONVOLUTION)
    model.graph.initializer[0].name = "pad.pads"
    model.graph.node[1].input[1] = "pad.pads"
    constants = load(model).constants
    assert constants["pad.pads"].shape == (4, 2, 3, 3)
    assert constants["pad.pads_"].tolist() == [0, 0, 1, 1, 0, 0, 1, 1]


# -- old forms against onnxruntime, which reads them all ---------------------------------------


OLD = {
    "pad_value": (7, "Pad <pads = [0, 1, 2, 0], value = 2.5> (x)", [4, 6]),
    "pad_reflect": (9, 'Pad <mode = "reflect", pads = [1, 0, 1, 2]> (x)', [4, 6]),
    "clip_low": (7, "Clip <min = -0.5> (x)", [4, 6]),
    "clip_high": (10, "Clip <max = 0.5> (x)", [4, 6]),
    "slice": (9, "Slice <starts = [1, -3], ends = [9, 5]> (x)", [4, 6]),
    "top_k": (9, "TopK <k = 2> (x)", [4, 6]),
    "reduce_all": (7, "ReduceSum <keepdims = 0> (x)", [4, 6]),
    "reduce_max": (12, "ReduceMax <axes = [-1]> (x)", [4, 6]),
    "softmax_last": (11, "Softmax <axis = -1> (x)", [4, 6]),
    "softmax_default": (7, "Softmax (x)", [4, 6]),
    "softmax_of_one": (12, "Softmax (x)", [4, 1]),
    "softmax_thin": (12, "Softmax (x)", [4, 6, 1, 1]),
    "softmax_thin_first": (9, "LogSoftmax (x)", [4, 1, 6]),
    "hardmax": (11, "Hardmax (x)", [4, 6]),
    "squeeze_all": (9, "Squeeze (x)", [4, 1, 3]),
    "flatten": (7, "Flatten (x)", [2, 3, 4]),
    "upsample_7": (7, "Upsample <scales = [1.0, 1.0, 2.0, 3.0]> (x)", [1, 2, 3, 2]),
    "upsample_linear": (
        7,
        'Upsample <mode="linear", scales = [1.0, 1.0, 2.0, 2.0]> (x)',
        [1, 2, 3, 2],
    ),
    "space_to_depth": (9, "SpaceToDepth <blocksize = 2> (x)", [1, 2, 4, 4]),
    "depth_to_space": (9, "DepthToSpace <blocksize = 2> (x)", [1, 8, 2, 2]),
    "max_pool": (7, "MaxPool <kernel_shape = [2, 2]> (x)", [1, 2, 4, 4]),
    "average_pool": (
        7,
        "AveragePool <kernel_shape = [2, 2], pads = [1, 1, 1, 1]> (x)",
        [1, 2, 4, 4],
    ),
}


@pytest.mark.parametrize(("opset", "node", "shape"), OLD.values(), ids=OLD)
def test_old_forms_mean_the_same(opset, node, shape):
    count = 2 if node.startswith("TopK") else 1
    check_against_onnxruntime(one_node(opset, node, shape, count), shape)


@pytest.mark.parametrize("opset", [9, 10])
@pytest.mark.parametrize("mode", ["nearest", "linear"])
@pytest.mark.parametrize("scale", [1.5, 2.0, 3.0])
def test_old_resizes_mean_the_same(opset, mode, scale):
    """Both take the scales as an input."""
    operator = {9: "Upsample", 10: "Resize"}[opset]
    proto = one_node(opset, f'{operator} <mode = "{mode}"> (x, s)', [1, 2, 4, 4])
    scales = np.array([1, 1, scale, scale], np.float32)
    proto.graph.initializer.append(onnx.numpy_helper.from_array(scales, "s"))
    check_against_onnxruntime(proto, [1, 2, 4, 4])


@pytest.mark.parametrize("text", [PERCEPTRON, CONVOLUTION], ids=["perceptron", "convolution"])
def test_networks_mean_the_same(text):
    proto = parse(text)
    check_against_onnxruntime(proto, list(load(proto).inputs["x"]))


@pytest.mark.parametrize(
    ("opset", "node", "shape", "constant"),
    [
        (16, "GridSample (x, s)", [1, 2, 4, 4], np.float32([[[[0.5, -0.25], [0.1, 1.0]]]])),
        (16, 'GridSample <mode = "bicubic"> (x, s)', [1, 2, 4, 4], np.float32([[[[0.3, -0.2]]]])),
        (9, "Scatter (x, s, x)", [2, 2], np.int64([[1, 0], [0, 1]])),
        (15, "RoiAlign (x, s, b)", [1, 1, 4, 4], np.float32([[0, 0, 2, 3]])),
    ],
    ids=["grid_sample", "grid_sample_cubic", "scatter", "roi_align"],
)
def test_old_forms_with_a_constant_mean_the_same(opset, node, shape, constant):
    proto = one_node(opset, node, shape)
    batch = np.zeros(1, np.int64)
    tensors = {"s": constant, "b": batch}
    proto.graph.initializer.extend(onnx.numpy_helper.from_array(v, n) for n, v in tensors.items())
    check_against_onnxruntime(proto, shape)


def one_node(opset, node, shape, count=1):
    outputs = ["y", "z"][:count]
    dims = ", ".join(map(str, shape))
    types = ["float", "int64"]
    results = ", ".join(f"{t}[] {o}" for t, o in zip(types, outputs, strict=False))
    proto = parser.parse_model(
        f'<ir_version: 4, opset_import: ["" : {opset}]>\n'
        f"g (float[{dims}] x) => ({results}) {{ {', '.join(outputs)} = {node} }}"
    )
    for output in proto.graph.output:
        output.type.tensor_type.ClearField("shape")
    return proto


def check_against_onnxruntime(proto, shape):
    """Equal up to a few units in the last place of what goes in, for exp and interpolation."""
    x = np.random.default_rng(2).integers(-16, 16, shape).astype(np.float32) / 8
    session = onnxruntime.InferenceSession(proto.SerializeToString())
    wanted = session.run(None, {"x": x})
    got = run(load(proto), {"x": x}).values()
    for a, b in zip(got, wanted, strict=True):
        assert a.shape == b.shape
        assert np.abs(a - b).max() <= 4e-7 * max(1.0, np.abs(x).max(), np.abs(b).max())


# -- every change of a form between the oldest opset and the newest is taken or refused ---------

SAFE = {
    "Constant": "is gone before",
    "Dropout": "does nothing",
    "Scan": "is control flow",
    **dict.fromkeys(("Softmax", "LogSoftmax", "Hardmax"), "settled once shapes are known"),
}


def histories():
    for schema in onnx.defs.get_all_schemas_with_history():
        if not schema.domain and schema.since_version <= NEWEST:
            yield schema


def default(attribute):
    value = attribute.default_value
    return helper.get_attribute_value(value) if value.name else None


def changed(old, new):
    """Whether the old form, read as the new one, would be lost or mean something else."""
    given, read = ([i.name for i in schema.inputs] for schema in (old, new))
    kept = all(
        name in new.attributes and default(attribute) == default(new.attributes[name])
        for name, attribute in old.attributes.items()
    )
    return new.deprecated or not kept or given != read[: len(given)] or new.min_input > len(given)


def test_every_change_is_known():
    newest = {}
    for schema in sorted(histories(), key=lambda s: s.since_version):
        newest[schema.name] = schema
    lost = set()
    for opset in range(OLDEST, NEWEST + 1):
        for name, new in newest.items():
            try:
                old = onnx.defs.get_schema(name, opset, "")
            except onnx.defs.SchemaError:
                continue
            if not old.deprecated and changed(old, new):
                lost.add(name)
    assert lost - CHANGES.keys() - SAFE.keys() == {"DFT"}  # which is refused by its attribute
    assert CHANGES.keys() - lost == {"RoiAlign"}  # whose new attribute has another meaning


# -- refusals ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("opset", "node", "shape", "error", "message"),
    [
        (
            *(11, "Softmax (x)", [1, 2, 3], UnsupportedAttribute),
            (
                "node 'Softmax_y': operator Softmax is not supported with axis=1 in opset 11, "
                "which flattens the 6 values of axes 1, 2; supported is the last axis, 2, or an "
                "export with opset 13"
            ),
        ),
        (
            *(10, "Resize (x, s)", [1, 2, 4, 4], UnsupportedAttribute),
            (
                "node 'Resize_y': operator Resize is not supported with scales=(1.0, 1.0, 0.5, "
                "0.5) in opset 10; supported is scales of at least 1, or an export with opset 11"
            ),
        ),
        (
            *(10, "Resize (x, x)", [4], UnsupportedAttribute),
            (
                "node 'Resize_y': operator Resize is not supported with computed scales in opset "
                "10; supported is scales of at least 1, or an export with opset 11"
            ),
        ),
        (
            *(7, "BatchNormalization <spatial = 0> (x, s, s, s, s)", [1, 4], UnsupportedAttribute),
            (
                "node 'BatchNormalization_y': operator BatchNormalization is not supported with "
                "spatial=0; supported is spatial=1"
            ),
        ),
        (
            *(17, "DFT <axis = 1> (x)", [1, 4, 1], UnsupportedAttribute),
            (
                "node 'DFT_y': attribute axis of DFT in opset 17 has no counterpart in opset "
                f"{NEWEST}; export the network with a newer opset"
            ),
        ),
    ],
)
def test_refused_old_forms(opset, node, shape, error, message):
    proto = one_node(opset, node, shape)
    if "s" in proto.graph.node[0].input:
        scales = np.array([1, 1, 0.5, 0.5], np.float32)
        proto.graph.initializer.append(onnx.numpy_helper.from_array(scales, "s"))
    with pytest.raises(error) as caught:
        load(proto)
    assert str(caught.value) == message


def test_old_batch_normalization_in_training_mode():
    proto = parse(PERCEPTRON)
    proto.graph.node[1].output.extend(["k", "l", "o", "q"])
    with pytest.raises(UnsupportedAttribute) as caught:
        load(proto)
    assert str(caught.value) == (
        "node 'norm': operator BatchNormalization is not supported with 5 outputs in opset 7, "
        "which is its training mode; supported is one output; export the network in inference mode"
    )


@pytest.mark.parametrize(
    ("opset", "message"),
    [
        (
            6,
            (
                "model 'perceptron': its opset 6 is too old; 7 to 28 are read; convert or export "
                "it with onnx.version_converter.convert_version(model, 13)"
            ),
        ),
        (
            29,
            (
                "model 'perceptron': its opset 29 is too new; 7 to 28 are read; convert or export "
                "it with opset_version=28"
            ),
        ),
    ],
)
def test_opsets_out_of_reach(opset, message):
    proto = parse(PERCEPTRON)
    proto.opset_import[0].version = opset
    with pytest.raises(ModelError) as caught:
        load(proto)
    assert str(caught.value) == message.replace("28", str(NEWEST))
