"""What a user gets to see who asks for what there is not: one error, exit code 1, no folder."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest

from hlsgen import Options, cli, generate
from kernels.base import Operator
from sim.errors import ConfigError
from tests.hlsgen.builds import EXAMPLES
from tests.hlsgen.graphs import formats, model, node

MLP, CNN = (str(EXAMPLES / f"digits_{name}.onnx") for name in ("mlp", "cnn"))


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The error of a command that leaves nothing behind."""
    before = sorted(Path().iterdir())
    assert cli.main([*arguments, "-o", "out"]) == 1
    assert sorted(Path().iterdir()) == before
    lines = capsys.readouterr().err.splitlines()
    return next(line for line in lines if line.startswith("error: ")).removeprefix("error: ")


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--vendor", "vitus"], "vendor 'vitus' is unknown; did you mean 'vitis'?"),
        (["--vendor", "x"], "vendor 'x' is unknown; known are 'catapult', 'oneapi', 'vitis'"),
        (["--io", "streams"], "io 'streams' is unknown; did you mean 'stream'?"),
        (["--strategy", "resouce"], "strategy 'resouce' is unknown; did you mean 'resource'?"),
        (["--reuse", "0"], "reuse 0: too small; give 1 or more"),
        (["--samples", "0"], "samples 0: too small; give 1 or more"),
        (
            ["--clock", "200"],
            "--clock '200': not a frequency; write it with its unit, as 320MHz",
        ),
        (["--top", "my-net"], "top 'my-net': not a plain name in C++; write it 'my_net'"),
        (
            ["--part", "xcvu13"],
            (
                "part 'xcvu13': neither a part with its package, such as 'xcvu13p-flga2577-2-e', "
                "nor a device that is known to vitis; did you mean 'xcvu13p'?"
            ),
        ),
        (
            ["--vendor", "oneapi", "--part", "Agilex"],
            (
                "part 'Agilex': neither a part with its package, such as 'Agilex7', nor a device "
                "that is known to oneapi; did you mean 'Agilex7'?"
            ),
        ),
        (
            ["--reuse", "3"],
            (
                "node 'fc1': reuse 3 does not divide its 2,048 products; the nearest that do are 2 "
                "and 4"
            ),
        ),
        (
            ["--reuse", "2", "--strategy", "latency"],
            (
                "node 'fc1': reuse 2 with the strategy 'latency', which has a multiplier for every "
                "product; choose the strategy 'resource', or reuse 1"
            ),
        ),
    ],
)
def test_arguments(arguments, text, capsys):
    assert refused(capsys, MLP, *arguments) == text


@pytest.mark.parametrize(
    ("table", "text"),
    [
        ("strategi = 'resource'", "[hls] key 'strategi' is unknown; did you mean 'strategy'?"),
        ("strategy = 'resorce'", "[hls] strategy 'resorce' is unknown; did you mean 'resource'?"),
        ("reuse = 1.5", "[hls] reuse 1.5: give a whole number of 1 or more"),
        ("layers = 3", "[hls.layers]: 3 is not a table"),
        ("layers.fc1.reus = 2", "[hls.layers.'fc1'] key 'reus' is unknown; did you mean 'reuse'?"),
    ],
)
def test_a_configuration(table, text, capsys):
    Path("net.toml").write_text(f"[hls]\n{table}\n")
    message = refused(capsys, MLP, "--config", "net.toml")
    assert message == f"config 'net.toml': {text}"


@pytest.mark.parametrize(
    ("table", "text"),
    [
        ("layers.fc4.reuse = 2", "config: the model has no layer 'fc4'; did you mean 'fc3'?"),
        (
            "operators.Gem.reuse = 2",
            "config: the model has no operator 'Gem'; did you mean 'Gemm'?",
        ),
        (
            "layers.relu1_quant.reuse = 2",
            "config: reuse for the layer 'relu1_quant', which multiplies no matrix; leave it out",
        ),
    ],
)
def test_a_configuration_of_another_model(table, text, capsys):
    Path("net.toml").write_text(f"[hls]\n{table}\n")
    assert refused(capsys, MLP, "--config", "net.toml") == text


def test_a_folder_with_other_files(capsys):
    Path("out").mkdir()
    Path("out/mine.txt").write_text("precious")
    assert refused(capsys, MLP) == (
        "output 'out': holds files that are not ours: 'mine.txt'; choose another folder, or move "
        "them away"
    )
    assert Path("out/mine.txt").read_text() == "precious"


def test_a_file_of_somebody_in_a_project(capsys):
    assert cli.main([MLP, "-o", "out", "--no-verify"]) == 0
    Path("out/build").mkdir()
    Path("out/digits_mlp_prj").mkdir()  # of a vendor's compiler
    assert cli.main([MLP, "-o", "out", "--no-verify"]) == 0
    Path("out/notes.txt").write_text("precious")
    assert refused(capsys, MLP) == (
        "output 'out': holds files that are not ours: 'notes.txt'; choose another folder, or move "
        "them away"
    )


def test_a_product_of_data_in_a_stream():
    source = model([node("MatMul", "a b", "y", "mul")], {"a": [2, 3], "b": [3, 2]}, {"y": [2, 2]})
    config = formats(a="s4 e0", b="s4 e0")
    with pytest.raises(Exception) as error:  # noqa: PT011  # its text is what counts
        generate(source, Options(io="stream", config=config))
    assert str(error.value) == (
        "node 'mul': MatMul of what comes in a stream needs a single constant matrix beside it; "
        "use --io parallel"
    )


def test_a_convolution_over_three_axes_position_by_position():
    conv = node("MaxPool", "x", "y", "pool", kernel_shape=[2, 2, 2])
    source = model([conv], {"x": [1, 1, 3, 3, 3]}, {"y": [1, 1, 2, 2, 2]})
    with pytest.raises(Exception) as error:  # noqa: PT011
        generate(source, Options(strategy="resource", config=formats(x="s4 e0")))
    assert str(error.value) == (
        "node 'pool': MaxPool over 3 spatial axes has no kernel that takes one position after the "
        "other, which streams and the strategy 'resource' need; use --io parallel and the "
        "strategy 'latency'"
    )


def test_an_operator_without_a_kernel(capsys, monkeypatch):
    """An operator of rtlgen that nobody has written C++ for."""
    relu = Operator.registry["Relu"]
    own = type("Own", (relu,), {})
    monkeypatch.setattr(own, "onnx", ("Relu",))
    monkeypatch.setitem(Operator.registry, "Relu", own)
    monkeypatch.setattr("hlsgen.operators.elementwise.Relu", int)
    onnx.save(model([node("Relu", "x", "y", "act")], {"x": [1, 2]}, {"y": [1, 2]}), "net.onnx")
    Path("net.toml").write_text('[formats]\nx = "s4 e0"\n')
    message = refused(capsys, "net.onnx", "--config", "net.toml")
    assert message.endswith("has no C++ kernel; kernels/README.md shows how to write one")
    assert message.startswith("node 'act': operator ")


def test_a_compiler_that_is_not_there(capsys, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.delenv("CXX", raising=False)
    assert cli.main([MLP, "-o", "out"]) == 1
    assert capsys.readouterr().err.splitlines()[-1] == (
        "error: a C++ compiler is needed: found no 'g++' or 'clang++' on PATH '/nowhere'; try: "
        "apt-get install g++"
    )
    assert Path("out/digits_mlp.cpp").is_file()


def test_a_vendors_compiler_that_is_not_there(capsys, monkeypatch):
    for variable in ("XILINX_VITIS", "XILINX_HLS"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("PATH", "/nowhere")
    assert cli.main([MLP, "-o", "out", "--no-verify", "--build"]) == 1
    assert capsys.readouterr().err.splitlines()[-1] == (
        "error: Vitis HLS is needed: found no 'vitis-run' or 'vitis_hls' or 'v++' on PATH "
        "'/nowhere'; XILINX_VITIS is not set, XILINX_HLS is not set; source settings64.sh in the "
        "folder of Vitis (2022.2 or newer)"
    )


@pytest.mark.parametrize("clock", [0.0, -1.0, float("nan"), float("inf")])
def test_a_clock_that_there_is_not(clock):
    with pytest.raises(ConfigError) as error:
        Options(clock_hz=clock)
    assert str(error.value) == f"clock {clock!r} Hz: not a frequency; give one above zero"


def test_a_model_that_is_not_there(capsys):
    assert refused(capsys, "nothing.onnx") == (
        "model 'nothing.onnx': there is no such file; check the path"
    )


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--cms"], "--cms: is a shape of an emulator; give --emulator, too"),
        (
            ["--emulator", "--build"],
            "--build: an emulator is not for a vendor's compiler; leave out --emulator or --build",
        ),
    ],
)
def test_arguments_that_do_not_go_together(arguments, text, capsys):
    assert refused(capsys, MLP, *arguments) == text
