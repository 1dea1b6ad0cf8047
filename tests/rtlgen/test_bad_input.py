"""What a user can do wrong: the full text, exit code 1, and nothing left behind."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from rtlgen import Options, cli, generate, network
from rtlgen.devices import find
from rtlgen.generation import build
from rtlgen.operations import Ternary
from rtlgen.timing import Timing
from sim.errors import TooSlow
from tests.rtlgen.models import model, saved, tiny

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _workplace(tmp_path, monkeypatch):
    """Be in a folder with a good model, a good data set and the bad ones."""
    monkeypatch.chdir(tmp_path)
    saved(tiny())
    np.savez("good.npz", x=np.zeros((4, 3)))
    np.savez("shape.npz", x=np.zeros((4, 5)))
    np.savez("name.npz", z=np.zeros((4, 3)))
    np.savez("nan.npz", x=np.full((4, 3), np.nan))
    np.savez("text.npz", x=np.array([["1", "2", "3"]]))
    np.savez("none.npz", x=np.zeros((0, 3)))
    np.save("one.npy", np.zeros((4, 3)))
    Path("notes.txt").write_text("hello")
    Path("empty.onnx").touch()
    Path("cut.onnx").write_bytes(Path("net.onnx").read_bytes()[:150])
    Path("folder").mkdir()


def refused(capsys, *arguments: str, out: str = "out") -> str:
    """The error that the command ends with, after which all is as it was before."""
    before = contents(Path.cwd())
    assert cli.main([*arguments, "-o", out]) == 1
    assert contents(Path.cwd()) == before
    lines = capsys.readouterr().err.splitlines()
    told = [line for line in lines if line.startswith("error: ")]
    assert lines[-1:] == told
    return told[0].removeprefix("error: ")


def contents(folder: Path) -> dict[str, bytes | None]:
    return {str(p): p.read_bytes() if p.is_file() else None for p in folder.rglob("*")}


# -- what is asked of formats ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--fit errors", "fit 'errors': unknown; did you mean 'error'?"),
        (
            "--compare",
            (
                "compare: there are no samples to compare the network with the float model on; "
                "give --data DATA.npz or --calibrate DATA.npz"
            ),
        ),
        (
            "--accuracy-drop 0.5",
            "--accuracy-drop '0.5': not a share; write it in percent, as 0.5%",
        ),
        (
            "--accuracy-drop 100% --calibrate good.npz",
            "accuracy drop 1.0: not a share; give one from 0 to 1, as 0.005",
        ),
        (
            "--accuracy-drop 1%",
            (
                "accuracy drop: there are no samples to measure the accuracy on; give --calibrate "
                "DATA.npz with labels"
            ),
        ),
        (
            "--accuracy-drop 1% --calibrate good.npz",
            (
                "labels 'y': there is no such array beside those of the inputs; give the class of "
                "each sample in the file of --calibrate, and the array's name with --labels"
            ),
        ),
        (
            "--calibrate name.npz",
            "data 'name.npz': the model has no input 'z'; known are 'x'",
        ),
    ],
)
def test_formats_that_cannot_be_found(capsys, arguments, message):
    assert refused(capsys, "net.onnx", *arguments.split()) == message


# -- the model -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("absent.onnx", "there is no such file; check the path"),
        ("folder", "this is a directory; give the .onnx file in it"),
        ("empty.onnx", "the file is empty; export the network to ONNX again"),
        ("notes.txt", "the file is not an ONNX model; export the network to ONNX first"),
        (
            "cut.onnx",
            "the file is damaged or cut short after 150 bytes; copy or export it again",
        ),
    ],
)
def test_file(capsys, path, text):
    assert refused(capsys, path) == f"model {path!r}: {text}"


def with_weight(number: float) -> onnx.ModelProto:
    """The network with one other weight, such as the parser cannot read."""
    proto = tiny()
    (w,) = (t for t in proto.graph.initializer if t.name == "w")
    array = numpy_helper.to_array(w).copy()
    array[1, 0] = number
    w.CopyFrom(numpy_helper.from_array(array, "w"))
    return proto


MODELS = {
    "not valid": (
        model("y = MatMul (x)"),
        (
            "model 'm.onnx': it is not valid ONNX: Node with schema(::MatMul:13) has input size "
            "1 not in range [min=2, max=2]. ==> Context: Bad node spec for node. Name: OpType: "
            "MatMul; export the network again"
        ),
    ),
    "dynamic": (
        tiny(inputs="float[N, D] x"),
        (
            "input 'x': axis 1 (named 'D') is dynamic, but hardware has a fixed size and only "
            "axis 0, the batch, may be open; export the network with a size for it, or set it by "
            "onnx.tools.update_model_dims.update_inputs_outputs_dims"
        ),
    ),
    "operator": (
        tiny("a = MatMul (q, w) [odd] y = Bernoulli (a)"),
        (
            "node 'odd': operator Bernoulli is not supported; kernels/README.md "
            "lists those that are, and shows how to add one"
        ),
    ),
    "attribute": (
        tiny(
            "r = Reshape (q, shape)",
            '[odd] y = MaxPool <kernel_shape = [2], auto_pad = "VALID", pads = [1, 1]> (r)',
            more=", int64[3] shape = {1, 1, 3}",
            outputs="float[1, 1, 2] y",
        ),
        (
            "node 'odd': operator MaxPool is not supported with auto_pad='VALID' beside pads=(1, "
            "1); supported is one of the two"
        ),
    ),
    "no format": (
        model("[fc] y = MatMul (x, w)"),
        (
            "node 'fc': its input 'x' has no fixed-point format; put a Quant node before it, or "
            "give it a format: --config FILE or --calibrate DATA.npz"
        ),
    ),
    "nan": (
        with_weight(float("nan")),
        (
            "constant 'w': 1 of its 6 values are not finite, the first is nan at [1, 0]; train or "
            "export the network again"
        ),
    ),
    "infinite": (
        with_weight(float("-inf")),
        (
            "constant 'w': 1 of its 6 values are not finite, the first is -inf at [1, 0]; train or "
            "export the network again"
        ),
    ),
    "scale": (
        tiny(step="0"),
        (
            "node 'quant': operator Quant is not supported with a scale of 0.0; supported is "
            "scales above zero"
        ),
    ),
    "width": (
        tiny(bits="-4"),
        (
            "node 'quant': operator Quant is not supported with a bit width of -4; supported is "
            "one integer from 1 to 62"
        ),
    ),
}


@pytest.mark.parametrize("case", MODELS)
def test_model(capsys, case):
    proto, text = MODELS[case]
    saved(proto, "m.onnx")
    assert refused(capsys, "m.onnx") == text


# -- what is asked of it -------------------------------------------------------------------------

OPTIONS = {
    "--clock 320": "--clock '320': not a frequency; write it with its unit, as 320MHz",
    "--clock 0MHz": "--clock '0MHz': not a frequency; write it with its unit, as 320MHz",
    "--clock 320mhz": "--clock '320mhz': not a frequency; write it with its unit, as 320MHz",
    "--clock 20MHz --stages 0": (
        "clock 20 MHz and 0 stages: a combinational design has no clock; leave one of them out"
    ),
    "--stages -1": "stages -1: too small; give 0 or more",
    "--samples 0": "samples 0: too small; give 1 or more",
    "--seed -1": "seed -1: too small; give 0 or more",
    "--limit 0": "limit 0: too small; give 1 or more",
    "--effort 0": "effort 0: unknown; give 1 (fast) to 5 (thorough)",
    "--effort 6": "effort 6: unknown; give 1 (fast) to 5 (thorough)",
    "--exact -1": "exact -1.0: not a time; give seconds, or 0 for none",
    "--target xcvu13": "part 'xcvu13' is not known; did you mean 'xcvu13p'?",
    "--print-after prun": "--print-after 'prun': there is no such pass; did you mean 'prune'?",
    "--logits": (
        "logits: the network does not end in Softmax, LogSoftmax, Sigmoid or ArgMax, but in "
        "MatMul 'fc'; leave --logits out"
    ),
    "--output fc": "output 'fc': no node of model 'tiny' computes it; known are 'q', 'y'",
    "--limit 4": (
        "node 'fc': the network unrolls into about 5 operations before any are shared, 5 of them "
        "here, and the limit is 4; raise it with --limit, or make HLS C++ of the network: "
        "python -m hlsgen net.onnx -o DIR --vendor vitis"
    ),
    "--config absent.toml": "config 'absent.toml': No such file or directory; give a TOML file",
    "--config folder": "config 'folder': Is a directory; give a TOML file",
    "--config notes.txt": (
        "config 'notes.txt': not TOML: Expected '=' after a key in a key/value pair (at end of "
        "document)"
    ),
    "--calibrate absent.npz": (
        "data 'absent.npz': No such file or directory; give an npz file with an array for each of "
        "'x'"
    ),
    "--calibrate notes.txt": (
        "data 'notes.txt': not an npz file; give an npz file with an array for each of 'x'"
    ),
    "--calibrate one.npy": (
        "data 'one.npy': not an npz file; give an npz file with an array for each of 'x'"
    ),
    "--calibrate shape.npz": (
        "data 'shape.npz': 'x' has the shape [4, 5], but samples have [3]; give an array of the "
        "shape [samples, 3]"
    ),
    "--calibrate name.npz": "data 'name.npz': the model has no input 'z'; known are 'x'",
    "--calibrate nan.npz": ("data 'nan.npz': 'x' holds what is not a finite number; leave it out"),
    "--data text.npz": "data 'text.npz': 'x' holds what is not a finite number; leave it out",
    "--data none.npz": "data 'none.npz': there is no sample in it; give one at least",
}


@pytest.mark.parametrize("arguments", OPTIONS)
def test_options(capsys, arguments):
    assert refused(capsys, "net.onnx", *arguments.split()) == OPTIONS[arguments]


def binary(options):
    """The design with adders of two numbers, which is tried where those of three are too slow."""
    return build(network.read(tiny(), options), options, find("xcvu13p").binary())


def test_a_clock_that_no_operation_meets(capsys):
    design = binary(Options())
    timing = Timing(design.flow, design.target)
    slowest = timing.delays.index(max(timing.delays))
    period = timing.delays[slowest] + timing.register
    assert refused(capsys, "net.onnx", "--clock", "9GHz") == (
        f"node 'fc': operation {type(design.flow.ops[slowest]).__name__} w{slowest}, "
        f"{design.flow.intervals[slowest].width} bits wide, takes {period / 1000:.3f} ns with its "
        f"register on xcvu13p, longer than the 0.111 ns of a 9000 MHz clock; the fastest clock is "
        f"{int(1e7 / period) / 10:g} MHz"
    )


def test_a_clock_that_so_few_stages_do_not_meet(capsys):
    part = "lfe5u-25f"
    reached = generate(tiny(), Options(stages=1, target=part)).report().fastest_mhz
    clock = ["--clock", f"{reached + 1:g}MHz", "--stages", "1", "--target", part]
    assert refused(capsys, "net.onnx", *clock) == (
        f"1 stage runs at up to {reached:g} MHz on {part}, not at {reached + 1:g} MHz; 2 stages "
        f"do, or a slower clock"
    )


def test_a_clock_that_adders_of_three_do_not_meet():
    """The error is that of the kind of adder that reaches more; a design takes what is met."""
    ternary, two = generate(tiny(), Options(stages=1)), binary(Options(stages=2))
    clock = 1e6 * (ternary.report().fastest_mhz + 1)
    assert two.report().fastest_mhz * 1e6 > clock
    with pytest.raises(TooSlow) as refusal:
        generate(tiny(), Options(clock_hz=clock, stages=1))
    assert refusal.value.reached_hz < clock
    design = generate(tiny(), Options(clock_hz=clock))
    assert not any(isinstance(op, Ternary) for op in design.flow.ops)
    assert design.report().fastest_mhz * 1e6 >= clock


CONFIGURATIONS = {
    '[defalts]\nweights = "s8"': (
        "config 'c.toml': table 'defalts' is unknown; did you mean 'defaults'?"
    ),
    '[defaults]\nweight = "s8"': (
        "config 'c.toml': [defaults] key 'weight' is unknown; did you mean 'weights'?"
    ),
    '[layers.fx]\nweights = "s8"': "config: the model has no layer 'fx'; known are 'fc', 'quant'",
    '[layers.fc]\nweigths = "s8"': (
        "config 'c.toml': [layers.'fc'] key 'weigths' is unknown; did you mean 'weights'?"
    ),
    '[formats]\nqq = "s8 e-4"': "config: the model has no value 'qq'; did you mean 'q'?",
    '[formats]\nx = "int8"': (
        "config 'c.toml': [formats] 'x': 'int8' is not a format; write one such as 's8 e-4', "
        "'u6 e-3 half_up wrap' or '16 per element'"
    ),
    "[formats]\nx = 8": (
        "config 'c.toml': [formats] 'x': 8 is not a format; write one such as 's8 e-4', "
        "'u6 e-3 half_up wrap' or '16 per element'"
    ),
    '[formats]\nx = "s8 e-4 half_upp"': (
        "config 'c.toml': [formats] 'x': unknown mode 'half_upp'; did you mean 'half_up'?"
    ),
    '[formats]\nx = "s99 e-4"': (
        "config 'c.toml': [formats] 'x': a format of 99 bits; widths go from 1 (s: 2) to 62"
    ),
    '[formats]\nx = "8"': (
        "config: the format of 'x' leaves its sign or step to the data, but there are none; write "
        "it such as 's8 e-4', 'u6 e-3 half_up wrap', or give --calibrate DATA.npz"
    ),
}


@pytest.mark.parametrize("toml", CONFIGURATIONS)
def test_configuration(capsys, toml):
    Path("c.toml").write_text(toml)
    assert refused(capsys, "net.onnx", "--config", "c.toml") == CONFIGURATIONS[toml]


def test_a_network_that_is_far_too_large_is_refused_before_its_formats_are_settled(
    capsys, monkeypatch
):
    monkeypatch.setattr(network.quantize, "quantize", None)
    big = tiny("[fc] y = MatMul (q, v)", outputs="float[1, 700000] y")
    big.graph.initializer.append(numpy_helper.from_array(np.ones((3, 700_000), np.float32), "v"))
    saved(big, "a big one.onnx")
    assert refused(capsys, "a big one.onnx") == (
        "node 'fc': the network unrolls into about 2,100,000 operations before any are shared, "
        "2,100,000 of them here, and the limit is 100,000; raise it with --limit, or make HLS C++ "
        "of the network: python -m hlsgen 'a big one.onnx' -o DIR --vendor vitis"
    )


# -- the folder ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("out", "text"),
    [
        ("notes.txt", "is not a folder; choose another name"),
        ("notes.txt/out", "'{here}/notes.txt' is not a folder; choose another place"),
        (".", "is where you are, and would be replaced; name a folder in it"),
        ("..", "is where you are, and would be replaced; name a folder in it"),
        (
            "theirs",
            (
                "holds files that are not ours: '.git', 'a.c', 'notes', ...; choose another "
                "folder, or move them away"
            ),
        ),
        (
            "project",  # all of its names are ours, and yet it is no design
            (
                "holds files that are not ours: 'Makefile', 'build'; choose another folder, or "
                "move them away"
            ),
        ),
    ],
)
def test_folder(capsys, out, text):
    Path("theirs").mkdir()
    for name in (
        "a.c",
        ".git",
        "Makefile",
        "notes",
        "z.c",
        "top.v",
        "manifest.json",
        "report.json",
    ):
        Path("theirs", name).write_text(name)
    Path("project/build").mkdir(parents=True)
    Path("project/Makefile").write_text("all:")
    told = refused(capsys, "net.onnx", out=out)
    assert told == f"output {out!r}: {text.format(here=Path.cwd())}"


def test_a_folder_that_is_not_ours_to_write(capsys, monkeypatch):
    # Root may write everywhere: the question is asked of the system, and answered here.
    monkeypatch.setattr("rtlgen.output.os.access", lambda *_: False)
    assert refused(capsys, "net.onnx", out="folder/out") == (
        f"output 'folder/out': {str(Path.cwd() / 'folder')!r} is not yours to write; choose "
        f"another place"
    )


def test_a_disk_that_is_full(capsys, monkeypatch):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("rtlgen.folder.vectors.write", full)
    assert refused(capsys, "net.onnx", out="new/below/out") == (
        "output 'new/below/out': cannot be written (No space left on device); choose another place"
    )


# -- the command itself --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "code", "end"),
    [
        (["absent.onnx", "-o", "out"], 1, "error: model 'absent.onnx': there is no such file"),
        (["net.onnx", "-o", "notes.txt"], 1, "error: output 'notes.txt': is not a folder"),
        (["net.onnx"], 2, "error: the following arguments are required: -o/--out"),
        (["net.onnx", "-o", "out", "--ports", "bus"], 2, "error: argument --ports: invalid choice"),
        (["net.onnx", "-o", "out", "--stages", "two"], 2, "error: argument --stages: invalid int"),
    ],
)
def test_command(arguments, code, end):
    run = subprocess.run(
        [sys.executable, "-m", "rtlgen", *arguments],
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == code
    assert run.stdout == ""
    assert end in run.stderr.splitlines()[-1]
    assert "Traceback" not in run.stderr
    assert not Path("out").exists()
