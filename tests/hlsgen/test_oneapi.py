"""Projects for oneAPI: run on a stand-in for SYCL, and checked against Intel's own headers."""

import os
import re
import subprocess
from itertools import pairwise
from pathlib import Path
from signal import SIGABRT

import pytest

from hlsgen.formats import number
from hlsgen.grammar import check
from hlsgen.options import Options
from hlsgen.playing import Play
from hlsgen.project import generate
from hlsgen.vendor import Vendor
from sim import csim, toolchain
from sim.rounding import Interval
from tests.corpus.corpus import data, needs_corpus, path_of
from tests.hlsgen.fakes import icpx, tool
from tests.hlsgen.intel import OFF, check_types, numbers
from tests.hlsgen.intel import headers as headers  # noqa: PLC0414  # a fixture
from tests.rtlgen.models import QUANTIZED, model

slow = pytest.mark.slow

EXAMPLES = Path(__file__).parents[2] / "examples"
THREADS = ("-DSYCL_THREADS", "-pthread")
RESOURCE = {"strategy": "resource", "reuse": 2}
STYLES = [(io, more) for io in ("parallel", "stream") for more in ({}, RESOURCE)]
of_all = pytest.mark.parametrize("name", ["digits_mlp", "digits_cnn"])
in_all_styles = pytest.mark.parametrize(("io", "more"), STYLES)


def project(source, io="stream", **more):
    return generate(source, Options(vendor="oneapi", io=io, **more))


def example(name, io, **more):
    return project(EXAMPLES / f"{name}.onnx", io, **more)


def written(made, folder, right="", wrong=""):
    """A project in a folder, with something wrong in it."""
    made.write(folder)
    texts = {path: path.read_text() for path in folder.iterdir() if path.suffix in (".h", ".cpp")}
    assert any(right in text for text in texts.values())
    for path, text in texts.items():
        path.write_text(text.replace(right, wrong) if right else text)
    return folder


def replay(made, folder, *flags):
    """Compile a project with all warnings, and hold it against the reference."""
    library = csim.build(
        folder / "bridge.cpp",
        [folder],
        ["-Wall", "-Wextra", "-Werror", *OFF, *flags],
        made.manifest.words,
        beside=[folder / f"{made.top}.cpp"],
    )
    return csim.replay(folder, library)


@slow
@of_all
@in_all_styles
def test_what_runs_is_the_reference(name, io, more, tmp_path):
    made = example(name, io, samples=2000, **more)
    assert replay(made, written(made, tmp_path / "made")) == 2000


@slow
@of_all
@pytest.mark.parametrize("more", [{}, RESOURCE])
def test_with_a_thread_for_each_layer_and_pipes_of_their_depths(name, more, tmp_path):
    made = example(name, "stream", samples=300, **more)
    assert replay(made, written(made, tmp_path / "made"), *THREADS) == 300


@slow
@needs_corpus
@pytest.mark.parametrize(("io", "flags"), [("parallel", ()), ("stream", ()), ("stream", THREADS)])
def test_the_jet_tagger_on_real_jets(io, flags, tmp_path):
    more = {"logits": True, "config": {"formats": {"global_in": "s16 e-12"}}}
    more["data"] = {"global_in": data("jsc_hlf_1000")["x"]}
    made = project(path_of("qonnx_jettag_qkeras3"), io, samples=1000, **more)
    assert replay(made, written(made, tmp_path / "made"), *flags) == 1000


@slow
@pytest.mark.parametrize("io", ["parallel", "stream"])
def test_the_test_bench_as_cmake_builds_it(io, tmp_path):
    """With a compiler that only looks like Intel's."""
    made = example("digits_cnn", io, samples=200)
    folder = written(made, tmp_path / "made")
    environ = {**os.environ, "CPLUS_INCLUDE_PATH": f"{csim.INCLUDE}"}
    environ["PATH"] = f"{icpx(tmp_path)}{os.pathsep}{os.environ['PATH']}"
    cmake = tool("cmake")
    for words in (["-S", ".", "-B", "build"], ["--build", "build", "--target", "fpga_emu"]):
        subprocess.run([cmake, *words], cwd=folder, env=environ, check=True)
    program = folder / f"build/{made.top}.fpga_emu"
    result = subprocess.run([program], cwd=folder, capture_output=True, text=True, check=False)
    assert result.stdout == "200 of 200 samples are bit-exact\n"


def ports():
    """Two outputs, one of them an input; three inputs, one of them unread."""
    return model(
        QUANTIZED,
        QUANTIZED.replace("[quant] q", "[quant2] q2").replace("(x,", "(x2,"),
        QUANTIZED.replace("[quant] q", "[quant3] q3").replace("(x,", "(x3,"),
        "[fc] y = MatMul (q, w)",
        "[same] z = Identity (q2)",
        inputs="float[1, 3] x, float[1, 3] x2, float[1, 3] x3",
        outputs="float[1, 2] y, float[1, 3] z",
    )


@slow
@pytest.mark.parametrize("io", ["parallel", "stream"])
def test_many_ports(io, tmp_path, headers):
    made = project(ports(), io, samples=200)
    folder = written(made, tmp_path / "made")
    assert complaints(made, folder, headers) == ""
    assert replay(made, folder, *(THREADS if io == "stream" else ())) == 200


@slow
@pytest.mark.parametrize("io", ["parallel", "stream"])
def test_names_that_a_project_gives_to_other_things(io, tmp_path):
    steps = ["x_task", "x_pipe", "queue", "Channel", "pipes", "x_whole", "y_t"]
    body = [f"[n{i}] {to} = Neg ({x})" for i, (x, to) in enumerate(pairwise(["q", *steps, "y"]))]
    made = project(model(QUANTIZED, *body, outputs="float[1, 3] y"), io, samples=20)
    assert replay(made, written(made, tmp_path / "made")) == 20


# -- depths ----------------------------------------------------------------------------------------


def residual():
    """An image, and its convolution added to it: the image waits until the convolution begins."""
    return model(
        QUANTIZED,
        "[conv] c = Conv <pads = [1, 1, 1, 1]> (q, kernel)",
        "[add] y = Add (q, c)",
        inputs="float[1, 1, 5, 5] x",
        outputs="float[1, 1, 5, 5] y",
        more=", float[1, 1, 3, 3] kernel = {0.25, 0.5, -0.25, 0, 1, -1, 0.5, 0, 0.75}",
    )


MAIN = """
#include <cstdint>
extern "C" void kernel(const std::uint32_t *, std::uint32_t *, std::int64_t);
std::uint32_t x[2 * 25 * 3], y[2 * 25 * 3];
int main() { kernel(x, y, 3); }
"""
NEEDED = 6
"""Positions: the first window ends with the seventh pixel, and that one is in the hands of the task
that copies pixels, which gives them to the convolution first."""


def run(made, depth, folder):
    """What a project does with threads if the image has so much room."""
    _, waits, _ = made.depths
    room = f"{made.depths[waits]}> {waits};"
    written(made, folder, room, f"{depth}> {waits};")
    (folder / "main.cpp").write_text(MAIN)
    command = [toolchain.compiler(), "-std=c++17", *THREADS, *OFF, f"-I{csim.INCLUDE}"]
    command += ["main.cpp", "bridge.cpp", f"{made.top}.cpp", "-o", "main"]
    subprocess.run(command, cwd=folder, check=True)
    return subprocess.run(["./main"], cwd=folder, capture_output=True, text=True, check=False)


@slow
def test_one_position_less_than_needed_is_a_deadlock(tmp_path):
    made = project(residual())
    result = run(made, NEEDED - 1, tmp_path / "made")
    branch, waits, convolved = made.depths
    reasons = [f"{name}_pipe is empty" for name in (branch, convolved)]
    reasons += [f"{waits}_pipe is full, with room for 5", "the kernel waits for a task"]
    assert result.returncode == -SIGABRT
    assert result.stderr.splitlines() == [
        "deadlock: all that is left to do waits",
        *(f"    {reason}" for reason in sorted(reasons)),
    ]


@slow
def test_as_many_positions_as_needed_are_none(tmp_path):
    result = run(project(residual()), NEEDED, tmp_path / "made")
    assert (result.returncode, result.stderr) == (0, "")


@slow
def test_the_computed_depths_are_enough(tmp_path):
    made = project(residual(), samples=300)
    _, waits, _ = made.depths
    assert made.depths[waits] >= NEEDED
    assert Play(made.program, made.depths | {waits: NEEDED - 1}).waiting
    assert replay(made, written(made, tmp_path / "made"), *THREADS) == 300


# -- what Intel's compiler reads -------------------------------------------------------------------


def complaints(made, folder, headers):
    """Of a compiler that sees Intel's headers, about all files of a project."""
    sources = (folder / f"{made.top}.cpp", folder / "bridge.cpp")
    return "".join(check_types(source, headers, folder.parent) for source in sources)


@slow
@in_all_styles
def test_types_fit_those_of_intel(io, more, tmp_path, headers):
    made = example("digits_cnn", io, **more)
    assert complaints(made, written(made, tmp_path / "made"), headers) == ""


MISUSES = [
    ("return pipe::read();", "return pipe::reed();", "'?reed'? is not a member"),
    ("pipelined<>", "pipelined<1, 2>", "wrong number of template arguments"),
    (".async();", ".async(1);", "no matching function for call"),
    ("fpga_emulator_selector_v", "fpga_emulation_selector_v", "did you mean"),
]


@slow
@pytest.mark.parametrize(("right", "wrong", "said"), MISUSES)
def test_a_misuse_is_found(right, wrong, said, tmp_path, headers, monkeypatch):
    monkeypatch.setenv("LC_ALL", "C")
    made = example("digits_mlp", "stream")
    folder = written(made, tmp_path / "made", right, wrong)
    assert re.search(said, complaints(made, folder, headers))


def bits():
    """Numbers of one bit: those of a quantizer, constants, and products."""
    quant = "qonnx.custom_op.general.Quant"
    unsigned = f'{quant} <signed = 0, narrow = 0, rounding_mode = "ROUND">'
    return model(
        QUANTIZED,
        f"[first] b = {unsigned} (q, one, zero, single)",
        "[fc] s = MatMul (b, ones)",
        f"[second] t = {unsigned} (s, one, zero, single)",
        "[both] y = Mul (t, t)",
        more=", float one = {1}, float single = {1}, float[3, 2] ones = {1, 0, 0, 1, 1, 1}",
    )


@slow
@pytest.mark.parametrize("io", ["parallel", "stream"])
def test_numbers_of_one_bit(io, tmp_path, headers):
    """Which Intel's types are not: they have two at least."""
    made = project(bits(), io, samples=200)
    folder = written(made, tmp_path / "made")
    assert "fixed<1, 1, false>" in made.files[f"{made.top}.h"]
    assert complaints(made, folder, headers) == ""
    assert replay(made, folder) == 200


@slow
@pytest.mark.parametrize("io", ["parallel", "stream"])
def test_numbers_of_one_bit_that_are_wider_mean_the_same(io, tmp_path):
    made = project(bits(), io, samples=200)
    folder = written(made, tmp_path / "made")
    assert replay(made, folder, *numbers(tmp_path)) == 200


@slow
@pytest.mark.parametrize("io", ["parallel", "stream"])
def test_with_numbers_that_are_not_ours(io, tmp_path):
    made = example("digits_cnn", io, samples=200)
    folder = written(made, tmp_path / "made")
    assert replay(made, folder, *numbers(tmp_path)) == 200


@slow
def test_a_number_of_one_bit_that_is_not_widened_is_found(tmp_path, headers):
    made = project(bits())
    folder = written(made, tmp_path / "made", "least_bits = 2", "least_bits = 1")
    assert "a conversion to one bit" in complaints(made, folder, headers)


def test_a_sign_alone_is_no_number():
    assert number(Interval(-1, 0, 0)) == "fixed<2, 2, true>"


@slow
@of_all
def test_constants_are_known_before_anything_runs(name, tmp_path):
    """As device code needs them: no constructor runs."""
    made = example(name, "stream")
    folder = written(made, tmp_path / "made", "static const ", "static constexpr ")
    assert replay(made, folder) > 0


@of_all
@in_all_styles
def test_attributes_stand_where_they_may(name, io, more):
    files = example(name, io, **more).files
    assert not [c for text in files.values() for c in check(text, Vendor.ONEAPI)]


def test_an_attribute_that_is_misspelt_is_found():
    text = example("digits_mlp", "parallel").files["kernels.h"]
    wrong = text.replace("initiation_interval", "initiation_intervals")
    problems = {complaint.problem for complaint in check(wrong, Vendor.ONEAPI)}
    assert problems == {
        "attribute 'initiation_intervals' is unknown; did you mean 'initiation_interval'?"
    }
