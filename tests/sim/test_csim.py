"""C++ is compiled and run as it is written, and what cannot be compiled says so."""

import numpy as np
import pytest

from sim import csim
from sim.errors import ToolFailed, ToolNotFound

pytestmark = pytest.mark.slow

HEAD = '#include "csim.h"\nstruct number { %s code; };\n'
FUNCTION = """
extern "C" void f(const std::uint32_t *in, std::uint32_t *out, std::int64_t samples) {
    for (; samples > 0; --samples) {
        number x[2][1], y[3];
        csim::read<%d>(x, in);
        %s
        csim::write<%d>(y, out);
    }
}
"""
SUMS = (
    "y[0].code = x[0][0].code; y[1].code = x[1][0].code; y[2].code = x[0][0].code + x[1][0].code;"
)


def library(folder, code="std::int64_t", words=1, body=SUMS, name="f.cpp"):
    source = folder / name
    source.write_text(HEAD % code + FUNCTION % (words, body, words))
    return csim.build(source, words=words)


def expected(x):
    return np.array([[a, b, a + b] for a, b in x.tolist()], x.dtype)


def test_a_batch_in_one_call(tmp_path):
    x = np.random.default_rng(0).integers(-(1 << 62), 1 << 62, (10_000, 2))
    assert (library(tmp_path).run("f", x, 3) == expected(x)).all()


def test_no_samples(tmp_path):
    assert library(tmp_path).run("f", np.zeros((0, 2), np.int64), 3).shape == (0, 3)


def test_columns_of_a_larger_array(tmp_path):
    x = np.arange(12).reshape(3, 4)[:, ::2]
    assert (library(tmp_path).run("f", x, 3) == expected(x)).all()


def test_codes_of_two_words(tmp_path):
    wide = library(tmp_path, "__int128", words=2)
    ends = [0, -1, 1, 1 << 64, -(1 << 64), (1 << 126) - 1, -(1 << 126), 0x1234_5678_9ABC_DEF0_FEDC]
    x = np.array([[a, b // 2] for a in ends for b in ends], np.object_) // 2
    assert wide.run("f", x, 3).tolist() == expected(x).tolist()


def test_narrow_codes_in_wide_words(tmp_path):
    mixed = library(tmp_path, "std::int64_t", words=3)
    x = np.array([[-5, 7], [1 << 61, -(1 << 61)]])
    assert mixed.run("f", x, 3).tolist() == expected(x).tolist()


def test_two_libraries_side_by_side(tmp_path):
    a = library(tmp_path)
    b = library(tmp_path, body=SUMS.replace("+", "-"), name="g.cpp")
    x = np.array([[5, 3]])
    assert a.run("f", x, 3).tolist() == [[5, 3, 8]]
    assert b.run("f", x, 3).tolist() == [[5, 3, 2]]


def test_a_code_that_does_not_fit_is_a_mistake_of_ours(tmp_path):
    with pytest.raises(AssertionError, match="does not fit into its words"):
        library(tmp_path).run("f", np.array([[1 << 63, 0]], np.object_), 3)


def test_what_cannot_be_compiled(tmp_path):
    with pytest.raises(ToolFailed) as error:
        library(tmp_path, body="nonsense;")
    first, command, log, *told = str(error.value).splitlines()
    source = tmp_path / "f.cpp"
    assert first == f"{source}: cannot be compiled: exit code 1"
    assert command.endswith(
        f" -std=c++17 -O1 -fPIC -shared -I{csim.INCLUDE} {source} -o {tmp_path / 'f.so'}"
    )
    assert log == "the beginning of its log:"
    assert any("nonsense" in line for line in told)
    assert len(told) <= 15


def test_a_missing_compiler(tmp_path):
    with pytest.raises(ToolNotFound) as error:
        csim.build(tmp_path / "f.cpp", environ={"PATH": "/nowhere"})
    assert str(error.value) == (
        "a C++ compiler is needed: found no 'g++' or 'clang++' on PATH '/nowhere'; "
        "try: apt-get install g++"
    )
