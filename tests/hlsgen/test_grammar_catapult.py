"""Pragmas of Catapult: what is right passes, and what is wrong is told."""

import pytest

from hlsgen.grammar import check
from hlsgen.vendor import Vendor

GOOD = """
#pragma hls_design block
#pragma hls_pipeline_init_interval 1
template <int N> void dense(ac_channel<beat_t> &x, ac_channel<beat_t> &y) {
    #pragma hls_resource w_rsc variables="w" map_to_module="[Register]"
    static const weight_t w[N] = {1, 2};
    #pragma hls_unroll yes
Rows:
    for (int i = 0; i < N; i++) {
        #pragma hls_unroll N / 2
        #pragma hls_preserve_loop yes
        while (true) {}
    }
    #pragma hls_iterations N
    #pragma hls_pipeline_init_interval Config::reuse
    #pragma hls_pipeline_stall_mode flush
    do {} while (x.available(1));
}

#pragma hls_design ccore
#pragma hls_ccore_type combinational
inline int step(int x) { return x; }

#pragma hls_design top
#pragma hls_resource x:rsc variables="x" map_to_module="ccs_ioport.ccs_in_wait"
void CCS_BLOCK(top)(ac_channel<beat_t> &x, ac_channel<beat_t> &y) {
    #pragma hls_fifo_depth 16
    #pragma hls_resource between:cns variables="between" \\
        map_to_module="ccs_ioport.ccs_pipe" fifo_depth="16"
    static ac_channel<beat_t> between;
    #pragma hls_waive CNS
    dense<4>(x, between);
}

class Block {
  public:
    #pragma hls_design interface top
    void CCS_BLOCK(run)(ac_channel<beat_t> &x) {}

  private:
    #pragma hls_direct_input
    int scale;
};
"""


def catapult(text: str) -> list[str]:
    return list(map(str, check(text, Vendor.CATAPULT)))


def test_what_is_right_passes():
    assert catapult(GOOD) == []


LOOP, CHANNEL = "for (int i = 0; i < 4; i++) {}", "static ac_channel<int> c;"


@pytest.mark.parametrize(
    ("pragma", "before", "problem"),
    [
        ("hls_unrol yes", LOOP, "pragma 'hls_unrol' is unknown; did you mean 'hls_unroll'?"),
        ("hls_unroll", LOOP, "needs a value"),
        (
            "hls_unroll 0",
            LOOP,
            "'0' is not an integer of 1 or more or one of 'yes', 'no', 'y', 'n'",
        ),
        (
            "hls_unroll yes",
            CHANNEL,
            "has to stand in front of a loop, not of a declaration",
        ),
        (
            "hls_pipeline_init_interval -1",
            LOOP,
            "'-1' is not an integer of 0 or more",
        ),
        (
            "hls_pipeline_init_interval 1",
            "x();",
            "has to stand in front of a loop or a function, not of something else",
        ),
        (
            "hls_pipeline_stall_mode flsh",
            LOOP,
            "'flsh' is unknown; did you mean 'flush'?",
        ),
        ("hls_pipeline_stall_mode", LOOP, "needs one of 'bubble', 'flush', 'stall'"),
        (
            "hls_fifo_depth 2",
            LOOP,
            "has to stand in front of a declaration, not of a loop",
        ),
        ("hls_fifo_depth 1 2", CHANNEL, "'1 2' is not an integer of 0 or more"),
        (
            "hls_design top",
            LOOP,
            "has to stand in front of a function or a class, not of a loop",
        ),
        ('hls_resource variables="c"', CHANNEL, "needs the name of a resource"),
        (
            'hls_resource c:cns variables="c" map_to_modul="a.b"',
            CHANNEL,
            "option 'map_to_modul' is unknown; did you mean 'map_to_module'?",
        ),
        (
            'hls_resource c:cns map_to_module="a.b"',
            CHANNEL,
            "option 'variables' is missing",
        ),
        ("hls_direct_input yes", CHANNEL, "takes nothing, not 'yes'"),
        ("unroll yes", LOOP, "pragma 'unroll' is the old spelling; use 'hls_unroll'"),
    ],
)
def test_what_is_wrong_is_told(pragma, before, problem):
    text = f"void f() {{\n    int x;\n    #pragma {pragma}\n    {before}\n}}\n"
    assert f"line 3: #pragma {pragma}: {problem}" in catapult(text)


def test_a_design_is_of_a_kind_that_there_is():
    problem = "'blok' is unknown; did you mean 'block'?"
    told = catapult("#pragma hls_design blok\nvoid f() {}\n")
    assert told == [f"line 1: #pragma hls_design blok: {problem}"]


def test_pragmas_of_vitis_are_refused():
    (told,) = catapult("void f() {\n#pragma HLS INLINE\n}\n")
    assert told.startswith("line 2: #pragma HLS INLINE: pragma 'HLS' is unknown; known are ")
