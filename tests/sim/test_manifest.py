"""The manifest survives its file, and a file that was edited wrongly says where, and what to do."""

import json
from dataclasses import fields, replace
from itertools import count

import pytest

from sim import manifest
from sim.errors import DataError
from sim.manifest import Manifest, Ports, Tensor

A = Tensor("a", (1, 2), (True, False), (3, 70), (0, -4), (0.5,), (1.0, 2.0))
B = Tensor("b", (), (False,), (1,), (0,))
PACKED = Manifest(latency=5, inputs=(A, B), outputs=(B,))
ELEMENTS = Manifest(
    top="net",
    ports=Ports.ELEMENTS,
    clock=None,
    latency=0,
    inputs=(replace(A, ports=("a_0", "a_1")),),
    outputs=(replace(B, ports=("b_0",)),),
)
ELASTIC = replace(PACKED, latency=None)
ADVICE = "; mend the file or generate the design again"


@pytest.mark.parametrize("design", [PACKED, ELEMENTS, ELASTIC])
def test_file_keeps_everything(design, tmp_path):
    design.write(tmp_path / "manifest.json")
    assert Manifest.read(tmp_path / "manifest.json") == design


def test_file_is_the_documented_format(tmp_path):
    PACKED.write(tmp_path / "manifest.json")
    b = {"name": "b", "shape": [], "signed": [False], "width": [1], "exp": [0]}
    b |= {"scale": [1.0], "offset": [0.0], "ports": []}
    a = {"name": "a", "shape": [1, 2], "signed": [True, False], "width": [3, 70], "exp": [0, -4]}
    a |= {"scale": [0.5], "offset": [1.0, 2.0], "ports": []}
    assert json.loads((tmp_path / "manifest.json").read_text()) == {
        "format": 1,
        "top": "top",
        "ports": "packed",
        "clock": "clk",
        "latency": 5,
        "initiation_interval": 1,
        "inputs": [a, b],
        "outputs": [b],
    }


def test_an_elastic_design_differs_in_a_null(tmp_path):
    for name, design in (("rigid", PACKED), ("elastic", ELASTIC)):
        design.write(tmp_path / name)
    text = (tmp_path / "rigid").read_text().replace(' "latency": 5,', ' "latency": null,')
    assert (tmp_path / "elastic").read_text() == text


def test_schema_knows_every_field():
    assert manifest._TENSOR.keys() == {field.name for field in fields(Tensor)}
    assert manifest._MANIFEST.keys() == {field.name for field in fields(Manifest)} | {"format"}


def test_tensor_counts():
    assert (A.elements, A.bits) == (2, 73)
    assert (B.elements, B.bits) == (1, 1)


def test_port_names():
    assert PACKED.port_names == ("clk", "x__valid", "x__payload", "y__valid", "y__payload")
    assert ELEMENTS.port_names == ("x__valid", "a_0", "a_1", "y__valid", "b_0")
    x, y = (tuple(f"{s}__{port}" for port in ("valid", "ready", "payload")) for s in "xy")
    assert ELASTIC.port_names == ("clk", *x, *y)


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("width", [1, *range(62, 67), *range(126, 131), 1000])
def test_words_are_just_enough(width, signed):
    lo, hi = (-(1 << width - 1), (1 << width - 1) - 1) if signed else (0, (1 << width) - 1)
    enough = next(w for w in count(1) if -(1 << 64 * w - 1) <= lo and hi < 1 << 64 * w - 1)
    wide = Tensor("wide", (2,), (False, signed), (1, width), (0, 0))
    for inputs, outputs in (((B, wide), (B,)), ((B,), (B, wide))):
        assert Manifest(latency=None, inputs=inputs, outputs=outputs).words == enough


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        ({"format": 2}, ": is of another format than 1"),
        ({"latency": "5"}, ": latency: should be an integer or null, is '5'"),
        ({"latency": True}, ": latency: should be an integer or null, is True"),
        ({"latency": -1}, ": latency must be at least 0 and initiation_interval at least 1"),
        ({"clock": 7}, ": clock: should be text or null, is 7"),
        ({"clock": None}, ": latency 5 needs a clock, and clock is null"),
        (
            {"clock": None, "latency": None},
            ": latency null needs a clock, and clock is null",
        ),
        ({"top": "3d"}, ": '3d' is not a Verilog identifier"),
        ({"ports": "packd"}, ": ports: 'packd'; did you mean 'packed'?"),
        ({"inputs": []}, ": needs at least one input and one output"),
        ({"inputs": {}}, ": inputs: should be a list, is {}"),
        ({"inputs": [3]}, ": inputs[0]: should be an object, is 3"),
        ({"latncy": 1}, ": has an unknown 'latncy'; did you mean 'latency'?"),
        (
            {"ports": "elements"},
            ": inputs 'a': ports has 0 entries, should have 2 for shape [1, 2]",
        ),
    ],
)
def test_wrong_manifest(edit, message, tmp_path):
    path = tmp_path / "manifest.json"
    PACKED.write(path)
    path.write_text(json.dumps(json.loads(path.read_text()) | edit))
    with pytest.raises(DataError) as error:
        Manifest.read(path)
    assert str(error.value) == f"{path}{message}{ADVICE}"


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        ({"width": [3]}, "inputs 'a': width has 1 entries, should have 2 for shape [1, 2]"),
        ({"width": [3, 0]}, "inputs 'a': every dimension and every width must be at least 1"),
        ({"width": [3, 1.5]}, "inputs[0]: width[1]: should be an integer, is 1.5"),
        ({"signed": [0, 1]}, "inputs[0]: signed[0]: should be true or false, is 0"),
        (
            {"scale": [1, 2, 3]},
            "inputs 'a': scale has 3 entries, should have 1 or 2 for shape [1, 2]",
        ),
        ({"offset": [float("inf")]}, "inputs 'a': scale and offset must be finite"),
        ({"name": "b"}, "two inputs have the same name"),
        ({"nmae": "a"}, "inputs[0]: has an unknown 'nmae'; did you mean 'name'?"),
    ],
)
def test_wrong_tensor(edit, message, tmp_path):
    path = tmp_path / "manifest.json"
    PACKED.write(path)
    record = json.loads(path.read_text())
    record["inputs"][0] |= edit
    path.write_text(json.dumps(record))
    with pytest.raises(DataError) as error:
        Manifest.read(path)
    assert str(error.value) == f"{path}: {message}{ADVICE}"


def test_missing_key(tmp_path):
    path = tmp_path / "manifest.json"
    path.write_text("{}")
    with pytest.raises(DataError) as error:
        Manifest.read(path)
    assert str(error.value) == f"{path}: has no 'clock'{ADVICE}"


def test_equal_port_names(tmp_path):
    path = tmp_path / "manifest.json"
    ELEMENTS.write(path)
    path.write_text(path.read_text().replace("a_1", "b_0"))
    with pytest.raises(DataError) as error:
        Manifest.read(path)
    assert str(error.value) == f"{path}: two ports have the same name{ADVICE}"


def test_no_file(tmp_path):
    path = tmp_path / "manifest.json"
    with pytest.raises(DataError) as error:
        Manifest.read(path)
    assert str(error.value) == f"{path}: cannot be read (No such file or directory){ADVICE}"


def test_no_json(tmp_path):
    path = tmp_path / "manifest.json"
    path.write_text("{")
    with pytest.raises(DataError) as error:
        Manifest.read(path)
    what = (
        "is not JSON (Expecting property name enclosed in double quotes: line 1 column 2 (char 1))"
    )
    assert str(error.value) == f"{path}: {what}{ADVICE}"


def test_writing_nonsense_is_our_own_mistake(tmp_path):
    with pytest.raises(AssertionError):
        replace(PACKED, latency=-1).write(tmp_path / "manifest.json")
