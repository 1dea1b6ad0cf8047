"""The portable emulator: bit-exact, self-contained, and alone with its names."""

from __future__ import annotations

import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits

from hlsgen import emulator
from rtlgen import Options
from rtlgen.network import read
from sim.errors import ConfigError, OutputError
from sim.manifest import Manifest
from tests.hlsgen.emulators import LIMIT, build, expected, make, network, rows, write

EXAMPLES = Path(__file__).parents[2] / "examples"
FILES = {
    *("Makefile", "README.md", "exports.map", "fixed.h", "kernels.h", "manifest.json", "ports.h"),
    *("codes.bin", "reals.bin", "test.cpp", "weights.h"),
}
SANITIZED = "-O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all"


def wide():
    """Results of 250 bits."""
    body = "a = Mul (x, x) b = Mul (a, a) y = Mul (b, x)"
    return network(body, "float[2] x", "float[2] y", config={"formats": {"x": "s50 e-20"}})


def two_and_two():
    return network(
        "s = Add (a, b) r = Relu (s) d = MatMul (a, w) t = Sub (d, b)",
        "float[1, 3] a, float[1, 3] b",
        "float[1, 3] r, float[1, 3] t",
        "float[3, 3] w = {1, 2, -0.5, 0, 3, 1, -4, 0.25, 1}",
        config={"formats": {"a": "s7 e-3", "b": "u5 e-4"}},
    )


def per_element():
    return network(
        "y = Add (x, k)",
        "float[3] x",
        "float[3] y",
        "float[3] k = {0.25, 8, 100}",
        config={"formats": {"x": ["s4 e-3", "u7 e2", "s9 e-1"]}},
    )


def straight():
    """The input goes to an output as it is, and to another one in another order."""
    return network(
        "y = Identity (x) z = Transpose <perm = [0, 2, 3, 1]> (x)",
        "float[1, 2, 2, 3] x",
        "float[1, 2, 2, 3] y, float[1, 2, 3, 2] z",
        config={"formats": {"x": "s7 e-3"}},
    )


def zero():
    """What only can be zero has no step of its own."""
    return network(
        "m = Mul (x, none) y = Concat <axis = 0> (m, x)",
        "float[2] x",
        "float[4] y",
        "float[2] none = {0, 1}",
        config={"formats": {"x": "s7 e-3"}},
    )


def kinds():
    """A kernel of every kind: convolution, pools, tables, quantizers that round up and down."""
    return network(
        """
        c = Conv <pads = [1, 1, 1, 1], strides = [2, 1]> (x, w)
        h = Tanh (c) n = LeakyRelu <alpha = 0.25> (h) p = MaxPool <kernel_shape = [2, 2]> (n)
        a = AveragePool <kernel_shape = [2, 2]> (n) d = Sub (p, a) f = Flatten (d)
        g = Transpose <perm = [1, 0]> (f) m = MatMul (f, g) y = Clip (m, lo, hi)
        """,
        "float[1, 1, 4, 4] x",
        "float[1, 1] y",
        "float[2, 1, 3, 3] w = {1, 2, -1, 0, -3, 1, -4, 0.25, 1, -1, 2, 1, 0, 3, -1, 0.5, 1, -2},"
        "float lo = {-0.375}, float hi = {0.3125}",
        config={
            "formats": {"x": "s5 e-2", "h": "s6 e-5", "a": "s7 e-7 floor", "f": "s5 e-4 ceil wrap"}
        },
    )


def example(name):
    return read(EXAMPLES / f"{name}.onnx", Options(limit=LIMIT))


NETWORKS = {
    "digits_cnn": lambda: example("digits_cnn"),
    "digits_mlp": lambda: example("digits_mlp"),
    "kinds": kinds,
    "per_element": per_element,
    "straight": straight,
    "two_and_two": two_and_two,
    "wide": wide,
    "zero": zero,
}


@pytest.fixture(scope="module")
def mlp(tmp_path_factory):
    return build(tmp_path_factory.mktemp("mlp"), example("digits_mlp"), cms=True)


@pytest.fixture(scope="module")
def digits():
    """The pixels of real handwritten digits, in rows."""
    return load_digits().data / 16


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_codes_are_those_of_the_reference(name, tmp_path):
    of = NETWORKS[name]()
    built = build(tmp_path, of)
    codes = of.vectors(2000, seed=7)
    words = Manifest.read(tmp_path / "manifest.json").words
    np.testing.assert_array_equal(built.predict_codes(rows(codes), words), expected(of, codes))


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_nothing_is_undefined(name, tmp_path):
    """Sanitizers end the emulator's own test at the first thing that C++ does not define."""
    write(tmp_path, NETWORKS[name](), samples=200)
    said, _ = make(tmp_path, "test", flags=SANITIZED)
    assert "bit-exact" in said


@pytest.mark.slow
def test_real_numbers_are_those_of_the_reference(mlp, digits):
    np.testing.assert_array_equal(mlp.predict(digits), mlp.of.predict(digits))


@pytest.mark.slow
def test_encode_and_decode_are_the_two_ends_of_predict(mlp, digits):
    codes = np.zeros(digits.shape, np.int64)
    assert mlp.call("encode", digits, codes) == 0
    np.testing.assert_array_equal(codes, np.round(digits * 16).clip(0, 15))
    results = mlp.predict_codes(codes).astype(np.int64)
    np.testing.assert_array_equal(mlp.predict(results, "decode"), mlp.of.predict(digits))


@pytest.mark.slow
def test_what_is_said_of_the_network(tmp_path):
    built = build(tmp_path, two_and_two(), name="pair", version="2.0.1")
    assert built.stem == "pair_v2_0_1"
    assert built.count("abi") == emulator.ABI
    assert built.text("version") == "2.0.1"
    assert built.text("fingerprint") == fingerprint(tmp_path)
    assert (built.count("inputs"), built.count("outputs")) == (2, 2)
    assert [built.text("input_name", i) for i in (-1, 0, 1, 2)] == [None, "a", "b", None]
    assert [built.text("output_name", i) for i in (-1, 0, 1, 2)] == [None, "r", "t", None]
    assert [built.count("input_elements", i) for i in (-1, 0, 1, 2)] == [0, 3, 3, 0]
    assert [built.count("output_elements", i) for i in (-1, 0, 1, 2)] == [0, 3, 3, 0]


def fingerprint(folder):
    return re.search(r"namespace rtlgen_\w+_([0-9a-f]{16}) ", (folder / "ports.h").read_text())[1]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("function", "wrong", "status", "message"),
    [
        ("predict_codes", 16, 1, "a code of x is out of the range of its input"),
        ("predict_codes", -1, 1, "a code of x is out of the range of its input"),
        ("predict_codes", 1 << 62, 1, "a code of x is out of the range of its input"),
        ("predict", np.inf, 2, "a number of x is infinite, or not a number"),
        ("predict", -np.inf, 2, "a number of x is infinite, or not a number"),
        ("predict", np.nan, 2, "a number of x is infinite, or not a number"),
        ("encode", np.nan, 2, "a number of x is infinite, or not a number"),
    ],
)
def test_what_is_no_input_of_the_network(mlp, function, wrong, status, message):
    """The samples before it have their results, the others are left alone."""
    dtype = np.int64 if function == "predict_codes" else np.float64
    x, y = np.zeros((5, 64), dtype), np.full((5, 64 if function == "encode" else 10), 77, dtype)
    x[3, 63] = wrong
    assert mlp.call(function, x, y) == status
    assert mlp.text("message", status) == message
    assert (y[:3] != 77).all()
    assert (y.reshape(-1)[3 * (64 if function == "encode" else 10) :] == 77).all()


@pytest.mark.slow
def test_messages(mlp):
    assert mlp.text("message", 0) == "all is right"
    assert mlp.text("message", 3) == "there is not enough memory"
    assert mlp.text("message", 4) == "no such status"


@pytest.mark.slow
def test_no_samples(mlp):
    assert mlp.predict_codes(np.zeros((0, 64))).shape == (0, 10)


@pytest.mark.slow
def test_threads_do_not_meet(mlp, digits):
    """Calls let go of Python's lock, so they do run at once."""
    parts = [digits[i::8] for i in range(8)] * 8
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(mlp.predict, parts))
    for part, result in zip(parts, results, strict=True):
        np.testing.assert_array_equal(result, mlp.of.predict(part))


@pytest.mark.slow
def test_only_the_interface_is_exported(mlp):
    functions = set(
        re.findall(r"\b(digits_mlp_v1_\w+)\(", (mlp.folder / "digits_mlp_v1.h").read_text())
    )
    assert len(functions) == 14
    library, plugin = (
        mlp.folder / "build/libdigits_mlp_v1.so",
        mlp.folder / "build/digits_mlp_v1.so",
    )
    assert symbols("-D", "--defined-only", library) == {(n, "T") for n in functions}
    more = {"create_model", "destroy_model"}
    assert symbols("-D", "--defined-only", plugin) == {(n, "T") for n in functions | more}


@pytest.mark.slow
def test_nothing_is_shared_and_nothing_else_is_needed(mlp):
    """No variable that can change, and no library but C's."""
    compiled = mlp.folder / "build/digits_mlp_v1.o"
    said = subprocess.run(["size", "-A", compiled], capture_output=True, text=True, check=True)
    sizes = dict(line.split()[:2] for line in said.stdout.splitlines() if line.startswith("."))
    assert [sizes[section] for section in (".data", ".bss")] == ["0", "0"]
    needed = {name for name, kind in symbols(compiled) if kind == "U"}
    assert needed <= {"malloc", "free", "memset", "memcpy"}


def symbols(*arguments):
    said = subprocess.run(["nm", *map(str, arguments)], capture_output=True, text=True, check=True)
    lines = (line.split() for line in said.stdout.splitlines())
    return {(parts[-1], parts[-2]) for parts in lines}


@pytest.mark.slow
def test_a_library_says_which_interface_it_has(mlp):
    library = mlp.folder / "build/libdigits_mlp_v1.so"
    said = subprocess.run(["readelf", "-d", library], capture_output=True, text=True, check=True)
    assert "[libdigits_mlp_v1.so.1]" in said.stdout
    assert library.readlink() == Path("libdigits_mlp_v1.so.1")


@pytest.mark.slow
def test_install(mlp, tmp_path):
    make(mlp.folder, "install", f"PREFIX={tmp_path}")
    installed = {str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*.*")}
    libraries = {f"lib64/libdigits_mlp_v1.{end}" for end in ("a", "so", "so.1")}
    assert installed == {"include/digits_mlp_v1.h", "lib64/digits_mlp_v1.so"} | libraries


@pytest.mark.slow
@pytest.mark.parametrize("name", ["digits_mlp", "wide"])
def test_what_the_readme_says(name, tmp_path):
    """Its lines of C in a program, and its lines of Python as they are."""
    stem = write(tmp_path, NETWORKS[name](), samples=10)
    make(tmp_path)
    text = (tmp_path / "README.md").read_text()
    include, *c = re.search(r"```c\n(.*?)```", text, re.DOTALL)[1].splitlines()
    lines = ["#include <stdio.h>", include, "int main(void) {", *c, "return status; }"]
    (tmp_path / "main.c").write_text("\n".join(lines))
    command = ["gcc", "-Wall", "-Werror", "main.c", "-Lbuild", f"-l{stem}", "-o", "main"]
    subprocess.run(command, cwd=tmp_path, check=True)
    subprocess.run(["env", "LD_LIBRARY_PATH=build", "./main"], cwd=tmp_path, check=True)
    python = re.search(r"```python\n(.*?)```", text, re.DOTALL)[1] + "assert status == 0\n"
    subprocess.run([sys.executable, "-c", python], cwd=tmp_path, check=True)


VENDORS = ("ap_fixed.h", "ap_int.h", "ac_fixed.h", "ac_int.h", "hls_stream.h", "ac_channel.h")


@pytest.mark.slow
def test_no_header_of_a_vendor_is_included(tmp_path):
    write(tmp_path / "emulator", example("digits_cnn"), cms=True)
    vendors = tmp_path / "vendors"
    (vendors / "sycl").mkdir(parents=True)
    for name in (*VENDORS, "sycl/sycl.hpp"):
        (vendors / name).write_text("#error a vendor's header\n")
    make(tmp_path / "emulator", "all", "test", flags=f"-O1 -I{vendors}")


TWO = """
#include <stdio.h>
#include "small_v1.h"
#include "small_v2.h"

int main(void) {
    int64_t x[] = {3, -4}, y[2], z[2];
    if (small_v1_predict_codes(x, y, 1) || small_v2_predict_codes(x, z, 1)) return 1;
    for (int i = 0; i < 2; ++i) printf("%d %d\\n", (int)y[i], (int)z[i]);
    return 0;
}
"""


def small(weights):
    return network(
        "y = MatMul (x, w)",
        "float[2] x",
        "float[2] y",
        f"float[2, 2] w = {{{weights}}}",
        config={"formats": {"x": "s6 e0"}},
    )


@pytest.fixture(scope="module")
def versions(tmp_path_factory):
    """Two of a network; the same source for both would be told apart by nothing."""
    folder = tmp_path_factory.mktemp("versions")
    return [
        build(folder / f"v{version}", small(weights), name="small", version=version)
        for version, weights in (("1", "1, 2, 3, 4"), ("2", "-1, 0, 5, 7"))
    ]


@pytest.mark.slow
def test_two_versions_in_one_process(versions):
    x = np.array([[3, -4]])
    assert versions[0].predict_codes(x).tolist() == [[-9, -10]]
    assert versions[1].predict_codes(x).tolist() == [[-23, -28]]


@pytest.mark.slow
def test_two_versions_in_one_c_program(versions, tmp_path):
    """Static libraries, linked by the compiler of C: nothing of C++ is needed, nothing clashes."""
    (tmp_path / "main.c").write_text(TWO)
    include = [f"-I{v.folder}" for v in versions]
    static = [v.folder / f"build/lib{v.stem}.a" for v in versions]
    command = ["gcc", "-std=c99", "-Wall", "-Werror", *include, "main.c", *static, "-o", "main"]
    subprocess.run(command, cwd=tmp_path, check=True)
    said = subprocess.run([tmp_path / "main"], capture_output=True, text=True, check=True)
    assert said.stdout == "-9 -23\n-10 -28\n"


@pytest.mark.slow
def test_the_same_version_of_two_networks_in_one_process(tmp_path):
    """Somebody forgot to count: what is inside does not clash even so."""
    built = [
        build(tmp_path / name, small(weights), name="small")
        for name, weights in (("a", "1, 2, 3, 4"), ("b", "-1, 0, 5, 7"))
    ]
    x = np.array([[3, -4]])
    assert [b.predict_codes(x).tolist() for b in built] == [[[-9, -10]], [[-23, -28]]]
    assert built[0].text("fingerprint") != built[1].text("fingerprint")


@pytest.mark.slow
def test_large_tensors_are_not_on_the_stack(tmp_path):
    """Tensors of a megabyte and more, and a stack of a quarter of one."""
    of = network(
        "r = Relu (x) s = Add (r, x) y = Neg (s)",
        "float[1, 4, 300, 300] x",
        "float[1, 4, 300, 300] y",
        config={"formats": {"x": "s16 e-8"}},
    )
    write(tmp_path, of, samples=1)
    make(tmp_path, "build/test")
    command = "ulimit -s 256; build/test ."
    said = subprocess.run(
        command, shell=True, cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert "bit-exact" in said.stdout


@pytest.mark.slow
def test_a_changed_weight_is_found(tmp_path):
    stem = write(tmp_path, example("digits_mlp"))
    weights = (tmp_path / "weights.h").read_text()
    (tmp_path / "weights.h").write_text(weights.replace("7, ", "6, ", 1))
    said, code = make(tmp_path, "test", check=False)
    assert code != 0
    assert re.match(r"sample \d+: y\[\d\] is -?\d+ instead of -?\d+\n", said)
    (tmp_path / "weights.h").write_text(weights)
    said, _ = make(tmp_path, "test")
    assert said.splitlines() == [
        f"{stem}: 1000 samples of codes: bit-exact",
        f"{stem}: 885 samples of real numbers: the same",
    ]


@pytest.mark.slow
def test_a_changed_scale_is_found(tmp_path):
    stem = write(tmp_path, example("digits_mlp"))
    source = (tmp_path / f"{stem}.cpp").read_text()
    (tmp_path / f"{stem}.cpp").write_text(source.replace("{0x1p-5, 0x0p+0}", "{0x1p-5, 0x1p-60}"))
    said, code = make(tmp_path, "test", check=False)
    assert code != 0
    assert re.search(r"^sample \d+: y\[\d\] is \S+ instead of \S+$", said, re.MULTILINE)


def test_the_same_network_gives_the_same_files():
    assert emulator.files(two_and_two()) == emulator.files(two_and_two())


def test_another_weight_or_version_gives_another_namespace():
    def namespace(*arguments, **given):
        text = emulator.files(small(*arguments), **given)["kernels.h"]
        return re.search(r"^namespace (\w+) ", text, re.MULTILINE)[1]

    first = namespace("1, 2, 3, 4")
    assert first.startswith("rtlgen_tiny_v1_")
    assert len({first, namespace("1, 2, 3, 5"), namespace("1, 2, 3, 4", version="2")}) == 3


def test_nothing_of_cpp_stands_outside_of_the_namespace():
    files = emulator.files(two_and_two())
    for name in ("fixed.h", "kernels.h", "ports.h", "weights.h"):
        assert not re.search(r"\bkernels\b(?!\.h)", re.sub(r"//.*", "", files[name]))


@pytest.mark.slow
def test_names_that_mean_something_else_in_c(tmp_path):
    """They end neither a string nor a comment, and do not clash with what is there."""
    names = ['a "b"\\\n??/*/ é', "size", "Sample", "evaluate", "weights", "x", "Y", "int"]
    values = "abcdefgh"
    of = network(
        " ".join(f"o{v} = Relu ({v})" for v in values),
        ", ".join(f"float[1] {v}" for v in values),
        ", ".join(f"float[1] o{v}" for v in values),
        called=dict(zip(values, names, strict=True)),
        config={"formats": {"*": "s4 e0"}},
    )
    built = build(tmp_path, of, cms=True)
    assert [built.text("input_name", i) for i in range(8)] == names
    make(tmp_path, "test")


def test_a_folder_of_somebody_else_stays(tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(OutputError) as error:
        emulator.write(tmp_path, {})
    assert str(error.value) == (
        f"output {str(tmp_path)!r}: holds files that are not ours: 'thesis.tex'; choose another "
        f"folder, or move them away"
    )
    assert (tmp_path / "thesis.tex").read_text() == "years of work"


def test_an_earlier_emulator_is_replaced(tmp_path):
    place = tmp_path / "emulator"
    emulator.write(place, emulator.files(small("1, 2, 3, 4"), cms=True))
    (place / "build").mkdir()
    files = emulator.files(two_and_two(), name="pair", version="7")
    emulator.write(place, files)
    assert {p.name for p in place.iterdir()} == set(files) == {*FILES, "pair_v7.cpp", "pair_v7.h"}


def test_a_file_beside_those_of_an_emulator_is_not_lost(tmp_path):
    place = tmp_path / "emulator"
    emulator.write(place, emulator.files(small("1, 2, 3, 4")))
    (place / "notes.txt").write_text("mine")
    with pytest.raises(OutputError, match=r"holds files that are not ours: 'notes\.txt'"):
        emulator.check(place)


@pytest.mark.parametrize("name", ["2jets", "jet tagger", "a__b", "jét", ""])
def test_a_name_that_is_no_identifier(name):
    plain = {"2jets": "n2jets", "jet tagger": "jet_tagger", "a__b": "a_b", "jét": "j_t", "": "n"}
    with pytest.raises(ConfigError) as error:
        emulator.files(small("1, 2, 3, 4"), name=name)
    assert str(error.value) == (f"name {name!r}: not a plain name in C++; write it {plain[name]!r}")


@pytest.mark.parametrize("version", ["", "1..2", "1.2.", "v 1", "1-2", "ä"])
def test_a_version_that_is_no_identifier(version):
    with pytest.raises(ConfigError) as error:
        emulator.files(small("1, 2, 3, 4"), version=version)
    assert str(error.value) == (
        f"version {version!r}: not letters and digits with dots between them; write it as '1' or "
        f"'2.0.1'"
    )
