"""Attributes and pragmas of oneAPI: what is right passes, and what is wrong is told."""

import pytest

from hlsgen.grammar import check
from hlsgen.vendor import Vendor

GOOD = """
#pragma once
template <class In, class Out, int N> [[intel::use_stall_enable_clusters]] void dense() {
    [[intel::fpga_register]] T sum[N];
    [[maybe_unused]] int unused;
    [[intel::fpga_memory("BLOCK_RAM"), intel::numbanks(4), intel::bankwidth(8)]]
    static const T w[N][N] = {{1, 2}, {3, 4}};
    [[intel::merge("rows", "depth")]] int row[N];
Rows:
    [[intel::initiation_interval(N * Config::reuse), intel::ivdep(sum, 4)]]
    [[intel::speculated_iterations(0)]] for (int i = 0; i < N; i++) {
        [[intel::fpga_register]] auto data = In::read();
        #pragma unroll N / 2
        for (int j = 0; j < N; j++) sum[j] += w[i][j] * data;
        #pragma unroll
        while (sum[0] > 1) sum[0] -= 1;
    }
    [[intel::disable_loop_pipelining]] do {
        Out::write(sum);
    } while (0);
}

struct Kernel {
    [[intel::fpga_memory]] T state[4];
    [[intel::kernel_args_restrict]] void operator()() const [[intel::max_concurrency(1)]] {
        queue.single_task<ID>([=]() [[intel::scheduler_target_fmax_mhz(480)]] { dense(); });
    }
};
"""


def oneapi(text: str) -> list[str]:
    return list(map(str, check(text, Vendor.ONEAPI)))


def test_what_is_right_passes():
    assert oneapi(GOOD) == []


LOOP = "for (int i = 0; i < 4; i++) {}"
ARRAY = "int a[4];"


@pytest.mark.parametrize(
    ("mark", "before", "problem"),
    [
        (
            "[[intel::initiation_intervall(1)]]",
            LOOP,
            "attribute 'initiation_intervall' is unknown; did you mean 'initiation_interval'?",
        ),
        (
            "[[intle::ivdep]]",
            LOOP,
            "namespace 'intle' is unknown; did you mean 'intel'?",
        ),
        ("[[ivdep]]", LOOP, "attribute 'ivdep' is unknown; did you mean 'intel::ivdep'?"),
        (
            "[[intel::initiation_interval]]",
            LOOP,
            "attribute 'initiation_interval' takes 1 argument, not 0",
        ),
        (
            "[[intel::initiation_interval(0)]]",
            LOOP,
            "attribute 'initiation_interval': '0' is not an integer of 1 or more",
        ),
        (
            '[[intel::initiation_interval("2")]]',
            LOOP,
            "attribute 'initiation_interval': '\"2\"' is not an integer of 1 or more",
        ),
        ("[[intel::nofusion(0)]]", LOOP, "attribute 'nofusion' takes no argument, not 1"),
        (
            "[[intel::loop_coalesce(2, 3)]]",
            LOOP,
            "attribute 'loop_coalesce' takes 0 to 1 argument, not 2",
        ),
        (
            "[[intel::max_interleaving(2)]]",
            LOOP,
            "attribute 'max_interleaving': '2' is more than 1",
        ),
        (
            "[[intel::numbanks(3)]]",
            ARRAY,
            "attribute 'numbanks': '3' is not a power of two",
        ),
        (
            '[[intel::fpga_memory("M20K")]]',
            ARRAY,
            "attribute 'fpga_memory': 'M20K' is unknown; known are 'BLOCK_RAM', 'MLAB'",
        ),
        (
            "[[intel::fpga_memory(MLAB)]]",
            ARRAY,
            "attribute 'fpga_memory': 'MLAB' is not a string",
        ),
        (
            '[[intel::merge("a", "dept")]]',
            ARRAY,
            "attribute 'merge': 'dept' is unknown; did you mean 'depth'?",
        ),
        (
            "[[intel::fpga_register]]",
            LOOP,
            "attribute 'fpga_register' has to stand in front of a declaration, not of a loop",
        ),
        (
            "[[intel::speculated_iterations(1)]]",
            ARRAY,
            (
                "attribute 'speculated_iterations' has to stand in front of a loop, not of a "
                "declaration"
            ),
        ),
        (
            "[[intel::kernel_args_restrict]]",
            LOOP,
            "attribute 'kernel_args_restrict' has to stand in front of a function, not of a loop",
        ),
        (
            "[[intel::ii(2)]]",
            LOOP,
            "attribute 'ii' is deprecated; use 'initiation_interval'",
        ),
        ("#pragma unroll", ARRAY, "has to stand in front of a loop, not of a declaration"),
        ("#pragma unroll", "x();", "has to stand in front of a loop, not of something else"),
        ("#pragma unroll 0", LOOP, "'0' is not an integer of 1 or more"),
        ("#pragma nounroll 2", LOOP, "takes no number"),
        ("#pragma unrol 2", LOOP, "pragma 'unrol' is unknown; did you mean 'unroll'?"),
        (
            "#pragma HLS UNROLL",
            LOOP,
            "pragma 'HLS' is unknown; known are 'nounroll', 'unroll'",
        ),
    ],
)
def test_what_is_wrong_is_told(mark, before, problem):
    text = f"void f() {{\n    int x;\n{mark}\n    {before}\n}}\n"
    assert oneapi(text) == [f"line 3: {mark}: {problem}"]


def test_a_function_that_needs_no_arguments_is_deprecated():
    text = "[[intel::max_global_work_dim(0)]] void f() {}\n"
    problem = "attribute 'max_global_work_dim' is deprecated"
    assert oneapi(text) == [f"line 1: [[intel::max_global_work_dim(0)]]: {problem}"]


def test_each_attribute_of_a_list_is_looked_at():
    text = "void f() {\n[[intel::nofusion, intel::ivdpe]] for (;;) {}\n}\n"
    problem = "attribute 'ivdpe' is unknown; did you mean 'ivdep'?"
    assert oneapi(text) == [f"line 2: [[intel::nofusion, intel::ivdpe]]: {problem}"]
