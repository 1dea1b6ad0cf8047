"""The emulator as a plug-in, loaded by a program that knows what CMS's loader knows."""

from __future__ import annotations

import subprocess

import pytest

from tests.hlsgen.emulators import make, network, write
from tests.numbers import TEMPLATES

pytestmark = pytest.mark.slow

INTERFACE = """
#pragma once
#include <any>
namespace hls4mlEmulator {
class Model {
   public:
    virtual void prepare_input(std::any input) = 0;
    virtual void predict() = 0;
    virtual void read_result(std::any result) = 0;
    virtual ~Model() = default;
};
}
"""
MAIN = r"""
#include <dlfcn.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <stdexcept>
#include <utility>

#include "emulator.h"
%s
using hls4mlEmulator::Model;

struct Loaded {
    void *library;
    Model *model;
    explicit Loaded(const char *path) : library(dlopen(path, RTLD_LAZY | RTLD_LOCAL)) {
        if (!library) throw std::runtime_error(dlerror());
        model = reinterpret_cast<Model *(*)()>(dlsym(library, "create_model"))();
    }
    ~Loaded() {
        reinterpret_cast<void (*)(Model *)>(dlsym(library, "destroy_model"))(model);
        dlclose(library);
    }
    void run(std::any x, std::any y) {
        model->prepare_input(x);
        model->predict();
        model->read_result(y);
    }
};

void run(int count, char **paths) {
%s
}

int main(int count, char **paths) try {
    run(count, paths);
} catch (const std::invalid_argument &error) {
    std::printf("refused: %%s\n", error.what());
}
"""
AP_FIXED = f"{TEMPLATES}/vivado/ap_types"


def one(weights="1, 2, 3, 4"):
    return network(
        "y = MatMul (x, w)",
        "float[2] x",
        "float[2] y",
        f"float[2, 2] w = {{{weights}}}",
        config={"formats": {"x": "s6 e-2"}},
    )


def two():
    return network(
        "s = Add (a, b) r = Neg (a)",
        "float[2] a, float[1] b",
        "float[2] s, float[2] r",
        config={"formats": {"a": "s6 e-2", "b": "s6 e-1"}},
    )


def plugin(folder, of, *arguments, **given):
    stem = write(folder, of, cms=True, samples=10, **given)
    make(folder, f"build/{stem}.so", *arguments)
    return folder / f"build/{stem}.so"


def said(folder, body, *plugins, includes=""):
    """What a program says that loads these plug-ins."""
    (folder / "emulator.h").write_text(INTERFACE)
    (folder / "main.cpp").write_text(MAIN % (includes, body))
    flags = ["-std=c++17", f"-I{folder}", f"-isystem{AP_FIXED}"]
    command = ["g++", *flags, "main.cpp", "-o", "main", "-ldl"]
    subprocess.run(command, cwd=folder, check=True)
    program = [folder / "main", *plugins]
    return subprocess.run(program, capture_output=True, text=True, check=True).stdout


REALS = """
    Loaded loaded(paths[1]);
    double x[] = {1.5, -0.25}, y[2];
    loaded.run(static_cast<double *>(x), static_cast<double *>(y));
    std::printf("%g %g\\n", y[0], y[1]);
"""


def test_real_numbers(tmp_path):
    library = plugin(tmp_path / "emulator", one())
    assert said(tmp_path, REALS, library) == "0.75 2\n"


def test_codes(tmp_path):
    library = plugin(tmp_path / "emulator", one())
    body = """
    Loaded loaded(paths[1]);
    std::int64_t y[2];
    const std::int64_t x[] = {6, -1};
    loaded.run(static_cast<const std::int64_t *>(x), static_cast<std::int64_t *>(y));
    std::printf("%d %d\\n", (int)y[0], (int)y[1]);
"""
    assert said(tmp_path, body, library) == "3 8\n"


def test_two_versions_at_once(tmp_path):
    """Each with its own weights, whichever was loaded first."""
    libraries = [
        plugin(tmp_path / version, one(weights), name="Tagger", version=version)
        for version, weights in (("1", "1, 2, 3, 4"), ("2", "4, 3, 2, 1"))
    ]
    assert [library.name for library in libraries] == ["Tagger_v1.so", "Tagger_v2.so"]
    body = """
    Loaded first(paths[1]), second(paths[2]);
    double x[] = {1.5, -0.25}, y[2], z[2];
    first.run(static_cast<double *>(x), static_cast<double *>(y));
    second.run(static_cast<double *>(x), static_cast<double *>(z));
    std::printf("%g %g %g %g\\n", y[0], y[1], z[0], z[1]);
"""
    assert said(tmp_path, body, *libraries) == "0.75 2 5.5 4.25\n"


def test_a_pair_of_arrays_for_two_outputs(tmp_path):
    library = plugin(tmp_path / "emulator", two())
    body = """
    Loaded loaded(paths[1]);
    double x[] = {1.5, -0.25, 2};
    std::pair<std::array<double, 2>, std::array<double, 2>> y;
    loaded.run(static_cast<double *>(x), &y);
    std::printf("%g %g %g %g\\n", y.first[0], y.first[1], y.second[0], y.second[1]);
"""
    assert said(tmp_path, body, library) == "3.5 1.75 -1.5 0.25\n"


def test_types_of_the_caller(tmp_path):
    """AMD's numbers, as CMS has them: a pointer to the first input, and to a pair of results."""
    result = "std::pair<ap_fixed<8, 5>, std::array<ap_fixed<10, 7, AP_RND_CONV, AP_SAT>, 3>>"
    library = plugin(
        tmp_path / "emulator",
        two(),
        "TYPES=ap_fixed.h",
        "INPUT=ap_fixed<7, 4>",
        f"RESULT={result}",
        f"CXXFLAGS=-O1 -isystem{AP_FIXED}",
    )
    body = f"""
    Loaded loaded(paths[1]);
    ap_fixed<7, 4> x[3] = {{1.5, -0.25, 2}};
    {result} y;
    loaded.run(static_cast<ap_fixed<7, 4> *>(x), &y);
    std::printf("%g", double(y.first));
    for (auto one : y.second) std::printf(" %g", double(one));
"""
    assert said(tmp_path, body, library, includes='#include "ap_fixed.h"') == "3.5 1.75 -1.5 0.25"


def test_the_first_of_an_array_of_the_callers_type(tmp_path):
    library = plugin(
        tmp_path / "emulator",
        one(),
        "TYPES=ap_fixed.h",
        "INPUT=ap_fixed<6, 4>",
        "RESULT=ap_fixed<12, 8>",
        f"CXXFLAGS=-O1 -isystem{AP_FIXED}",
    )
    body = """
    Loaded loaded(paths[1]);
    ap_fixed<6, 4> x[2] = {1.5, -0.25};
    ap_fixed<12, 8> y[2];
    loaded.model->prepare_input(x);
    loaded.model->predict();
    loaded.model->read_result(y);
    std::printf("%g %g", double(y[0]), double(y[1]));
"""
    assert said(tmp_path, body, library, includes='#include "ap_fixed.h"') == "0.75 2"


def test_a_result_that_is_too_small_does_not_compile(tmp_path):
    stem = write(tmp_path, two(), cms=True, samples=10)
    told, code = make(tmp_path, f"build/{stem}.so", "RESULT=std::array<double, 3>", check=False)
    assert code != 0
    assert "the result must have a place for every output" in told


TYPE = "is not a pointer to its type, to double or to std::int64_t\n"


@pytest.mark.parametrize(
    ("calls", "text"),
    [
        ("prepare_input(1.5)", f"refused: tiny_v1: the input {TYPE}"),
        ("prepare_input(static_cast<float *>(nullptr))", f"refused: tiny_v1: the input {TYPE}"),
        ("read_result(1.5)", f"refused: tiny_v1: the result {TYPE}"),
        ("read_result(static_cast<const double *>(x))", f"refused: tiny_v1: the result {TYPE}"),
        (
            "prepare_input(static_cast<double *>(x))",
            "refused: a number of x is infinite, or not a number\n",
        ),
    ],
)
def test_what_is_no_input_and_no_result(calls, text, tmp_path):
    """What is thrown in the plug-in is caught outside of it."""
    library = plugin(tmp_path / "emulator", one())
    body = f"""
    Loaded loaded(paths[1]);
    double x[] = {{1.5, 1e999}};
    loaded.model->{calls};
"""
    assert said(tmp_path, body, library) == text


def test_a_code_that_is_out_of_range_is_refused(tmp_path):
    library = plugin(tmp_path / "emulator", one())
    body = """
    Loaded loaded(paths[1]);
    std::int64_t x[] = {6, 32};
    loaded.model->prepare_input(static_cast<std::int64_t *>(x));
    loaded.model->predict();
"""
    assert (
        said(tmp_path, body, library) == "refused: a code of x is out of the range of its input\n"
    )


def test_codes_where_doubles_cannot_do_it(tmp_path):
    of = network("y = Mul (x, x)", "float[1] x", "float[1] y", config={"formats": {"x": "s40 e0"}})
    library = plugin(tmp_path / "emulator", of)
    body = """
    Loaded loaded(paths[1]);
    std::int64_t x[] = {-(std::int64_t(1) << 39)}, y[2];
    loaded.run(static_cast<std::int64_t *>(x), static_cast<std::int64_t *>(y));
    std::printf("%lld %lld\\n", (long long)y[0], (long long)y[1]);
    double z;
    loaded.run(&z, &z);
"""
    assert said(tmp_path, body, library) == (
        f"0 {2**14}\nrefused: tiny_v1: the input is not a pointer to std::int64_t\n"
    )


@pytest.mark.parametrize("place", ["include/hls4ml", "include"])
def test_the_interface_of_the_loader_is_taken_where_it_is(place, tmp_path):
    """Then ours is not there, or it would be defined twice."""
    stem = write(tmp_path / "emulator", one(), cms=True, samples=10)
    (tmp_path / place).mkdir(parents=True)
    (tmp_path / place / "emulator.h").write_text(f"{INTERFACE}\n#define TAKEN\n")
    with (tmp_path / "emulator/plugin.cpp").open("a") as file:
        file.write("\n#ifndef TAKEN\n#error another one\n#endif\n")
    make(tmp_path / "emulator", f"build/{stem}.so", f"EMULATOR_EXTRAS={tmp_path}")
    assert said(tmp_path, REALS, tmp_path / f"emulator/build/{stem}.so") == "0.75 2\n"
