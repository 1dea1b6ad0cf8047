"""Pragmas of Vitis HLS: what is right passes, and what is wrong is told with the line."""

import pytest

from hlsgen.grammar import check
from hlsgen.vendor import Vendor

GOOD = """
#pragma once
#include "defines.h"

namespace net {

template <int N, class T, class U = Wide<(N > 8)>>
void dense(hls::stream<T> &x, hls::stream<U> &y) {
    #pragma HLS INLINE off
    static const weight_t w[N][N] = {{1, 2}, {3, 4}}, bias[N] = {5};
    #pragma HLS ARRAY_PARTITION variable=w type=cyclic factor=N/2 dim=0
    #pragma HLS array_partition variable = bias, w complete dim = 2
    #pragma HLS BIND_STORAGE variable=w type=rom_np impl=bram latency = 2
    T sum[N];
    #pragma HLS ARRAY_RESHAPE variable=sum block factor=2
    #pragma HLS BIND_OP variable=sum op=mul impl=dsp
    #pragma HLS ALLOCATION operation instances=mul limit=Config::limit(N, 3)
    #pragma HLS ALLOCATION function instances=net::step<T, N + 1> limit=1
Rows:
    for (int i = 0; i < N; i++) {
        #pragma HLS PIPELINE II=N * Config::reuse rewind style=stp
        #pragma HLS LOOP_FLATTEN
        #pragma HLS LOOP_TRIPCOUNT min=1 max=N avg=4
        #pragma HLS DEPENDENCE variable=sum type=inter direction=RAW false
    Columns:
        for (int j = 0; j < N; j++) {
            #pragma HLS UNROLL factor = N \\
                skip_exit_check
            sum[j] += w[i][j] * x.read();
        }
    }
    {
        #pragma HLS LATENCY min=1
        #pragma HLS PROTOCOL fixed
        y.write(sum[0]);
    }
}

}  // namespace net

using port_t = hls::stream<ap_uint<8>>;

void top(port_t &in, net::channel<T> &out, T parallel[4], T (&other)[4], ap_uint<1> one) {
    #pragma HLS INTERFACE mode=axis port=in register_mode=both
    #pragma HLS INTERFACE axis port=out
    #pragma HLS INTERFACE mode=ap_none port=parallel,other
    #pragma HLS INTERFACE mode=ap_vld port=one
    #pragma HLS INTERFACE mode=ap_ctrl_hs port=return
    #pragma HLS ARRAY_PARTITION variable=parallel complete
    #pragma HLS ARRAY_RESHAPE variable=other type=complete
    #pragma HLS DATAFLOW
    hls::stream<T> between("between"), second;
    #pragma HLS STREAM variable=between depth=16 type=fifo
    #pragma HLS AGGREGATE variable=second compact=bit
    net::dense<4, T>(in, between);
    auto step = [&](int a) {
        #pragma HLS LATENCY max=3
        return a;
    };
}
"""


def vitis(text: str, **options: object) -> list[str]:
    return list(map(str, check(text, Vendor.VITIS, **options)))


def test_what_is_right_passes():
    assert vitis(GOOD, top="top") == []


def in_function(pragma: str) -> str:
    return f"""
void top(hls::stream<T> &x, int a[4], int &n) {{
    int w[4];
    #pragma HLS {pragma}
}}
"""


def in_loop(pragma: str) -> str:
    return f"""
void top(int a[4]) {{
    for (int i = 0; i < 4; i++) {{
        #pragma HLS {pragma}
    }}
}}
"""


@pytest.mark.parametrize(
    ("pragma", "problem"),
    [
        ("PIPELNE", "directive 'PIPELNE' is unknown; did you mean 'pipeline'?"),
        ("PIPELINE II=0", "option 'II': '0' is not an integer of 1 or more"),
        ("PIPELINE II=1.5", "option 'II': '1.5' is not an integer of 1 or more"),
        ("PIPELINE II", "option 'II' needs a value"),
        ("PIPELINE II=", "option 'II' needs a value"),
        ("PIPELINE II=1 ii=2", "option 'II' is given twice"),
        ("PIPELINE flush", "option 'flush' is unknown; known are 'ii', 'off', 'rewind', 'style'"),
        (
            "PIPELINE enable_flush",
            "option 'enable_flush' is no longer taken; use 'style=flp'",
        ),
        ("PIPELINE style=fast", "option 'style': 'fast' is unknown; known are 'flp', 'frp', 'stp'"),
        ("PIPELINE rewind style=frp", "option 'rewind' goes with style 'stp' only"),
        ("PIPELINE off style=frp", "options 'off' and 'style' do not go together"),
        ("PIPELINE rewind=1", "option 'rewind' takes no value"),
        (
            "STREAM variable=w depht=2",
            "option 'depht' is unknown; did you mean 'depth'?",
        ),
        (
            "ARRAY_PARTITION variable=w cyclic",
            "option 'factor' is missing: type 'cyclic' needs it",
        ),
        (
            "ARRAY_PARTITION variable=w type=complete factor=2",
            "option 'factor' goes with the types 'cyclic' and 'block' only",
        ),
        ("ARRAY_PARTITION complete", "option 'variable' is missing"),
        (
            "ARRAY_PARTITION variable=v",
            "variable 'v' is not declared here; known are 'a', 'n', 'w', 'x'",
        ),
        ("ARRAY_PARTITION variable=&w", "option 'variable': '&w' is not a list of variables"),
        (
            "ARRAY_PARTITION variable=w type=cyclic block factor=2",
            "option 'type' is given twice",
        ),
        (
            "BIND_STORAGE variable=w type=rom_3p",
            "option 'type': 'rom_3p' is unknown; did you mean 'rom_np'?",
        ),
        (
            "BIND_STORAGE variable=w type=ram_1p impl=srl",
            "implementation 'srl' is for type 'fifo' only",
        ),
        ("BIND_OP variable=w op=mull", "option 'op': 'mull' is unknown; did you mean 'mul'?"),
        (
            "INTERFACE port=a",
            "option 'mode' is missing",
        ),
        ("INTERFACE mode=ap_fifo", "option 'port' is missing"),
        (
            "INTERFACE mode=axi port=x",
            "option 'mode': 'axi' is unknown; did you mean 'axis'?",
        ),
        (
            "INTERFACE mode=axis port=a",
            "mode 'axis' needs a stream; port 'a' is a 'int'",
        ),
        (
            "INTERFACE mode=ap_vld port=x",
            "port 'x' is a stream, which takes the modes 'axis' and 'ap_fifo' only",
        ),
        (
            "INTERFACE mode=ap_none port=a",
            "mode 'ap_none' needs 'array_partition': port 'a' is an array",
        ),
        ("INTERFACE mode=ap_ctrl_hs port=n", "mode 'ap_ctrl_hs' is for 'port=return'"),
        (
            "INTERFACE mode=axis port=x bundle=b",
            (
                "option 'bundle' is unknown; known are 'depth', 'mode', 'name', 'port', "
                "'register', 'register_mode'"
            ),
        ),
        (
            "STREAM variable=x depth=2",
            "port 'x' of the top function takes 'interface', not 'stream'",
        ),
        ("UNROLL", "has to stand directly in the body of a loop"),
        ("LOOP_FLATTEN off", "has to stand directly in the body of a loop"),
        ("LOOP_TRIPCOUNT max=4", "has to stand directly in the body of a loop"),
        ("OCCURRENCE cycle=2", "has to stand in a block within a function"),
        ("LATENCY", "one of the options 'min', 'max' is missing"),
        ("ALLOCATION instances=mul limit=1", "option 'type' is missing"),
        (
            "ALLOCATION operation instances=mull limit=1",
            "operation 'mull' is unknown; did you mean 'mul'?",
        ),
        (
            "RESOURCE variable=w core=RAM_1P",
            "directive 'RESOURCE' is no longer taken; use 'bind_op' or 'bind_storage'",
        ),
        ("DATA_PACK variable=w", "directive 'DATA_PACK' is no longer taken; use 'aggregate'"),
        ("CLOCK", "directive 'CLOCK' is no longer taken"),
        (
            "INLINE region",
            "option 'region' is no longer taken; use 'inline' in the functions that are called",
        ),
        (
            "DEPENDENCE variable=w class=array",
            "options 'variable' and 'class' do not go together",
        ),
        (
            "ALIAS ports=a,w",
            "one of the options 'offset', 'distance' is missing",
        ),
    ],
)
def test_what_is_wrong_in_a_function(pragma, problem):
    assert vitis(in_function(pragma), top="top") == [f"line 4: #pragma HLS {pragma}: {problem}"]


@pytest.mark.parametrize(
    ("pragma", "problem"),
    [
        ("UNROLL factor=0", "option 'factor': '0' is not an integer of 1 or more"),
        ("UNROLL complete", "option 'complete' is no longer taken; use 'unroll' alone"),
        ("LOOP_TRIPCOUNT min=1", "option 'max' is missing"),
        ("INLINE", "has to stand directly in the body of a function"),
        ("FUNCTION_INSTANTIATE variable=a", "has to stand directly in the body of a function"),
        (
            "INTERFACE mode=ap_ctrl_hs port=return",
            "has to stand directly in the body of a function",
        ),
        ("ARRAY_PARTITION variable=j", "variable 'j' is not declared here; known are 'a', 'i'"),
    ],
)
def test_what_is_wrong_in_a_loop(pragma, problem):
    assert vitis(in_loop(pragma)) == [f"line 4: #pragma HLS {pragma}: {problem}"]


ANYWHERE = "has to stand directly in the body of a function or a loop"


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("#pragma HLS PIPELINE\nvoid f() {}\n", 1, ANYWHERE),
        ("void f(int a) {\n  if (a) {\n#pragma HLS PIPELINE\n  }\n}\n", 3, ANYWHERE),
        (
            "void f() {\n#pragma HLS DATAFLOW\n#pragma HLS PIPELINE II=1\n}\n",
            3,
            "does not go together with the 'dataflow' in the same body",
        ),
        (
            "void f(int a) {\n#pragma HLS INTERFACE mode=ap_none port=a\n}\n",
            2,
            "function 'f' has no ports: the top function is 'top'",
        ),
        (
            "void top(int a) {\n#pragma HLS INTERFACE mode=ap_none port=b\n}\n",
            2,
            "port 'b' is not a parameter of 'top'; known are 'a'",
        ),
        (
            "void top(int a) {\n#pragma HLS ARRAY_PARTITION variable=w\n  int w[3];\n}\n",
            2,
            "variable 'w' is not declared here; known are 'a'",
        ),
        (
            "struct S {\n  int w[2];\n#pragma HLS ARRAY_PARTITION variable=w\n};\n",
            3,
            "has to stand in a function",
        ),
        ("void f() {\n#pragma hls unroll\n}\n", 2, "pragma 'hls' is unknown; known are 'HLS'"),
        ("void f() {\n#pragma HSL unroll\n}\n", 2, "pragma 'HSL' is unknown; did you mean 'HLS'?"),
        ("#pragma HLS\n", 1, "directive '' is unknown; known are 'aggregate', 'alias', "),
        ("[[intel::fpga_register]]\nint x;\n", 1, "is for oneAPI only"),
    ],
)
def test_what_is_wrong_elsewhere(text, line, problem):
    (told,) = vitis(text, top="top")
    assert told.startswith(f"line {line}: {text.splitlines()[line - 1]}: {problem}")


def test_variables_of_other_files_are_given():
    text = "void f() {\n#pragma HLS ARRAY_PARTITION variable=w2\n}\n"
    assert len(vitis(text)) == 1
    assert vitis(text, declared=["w2"]) == []


def test_members_are_declared_wherever_they_stand():
    text = "struct S {\n void f() {\n#pragma HLS ARRAY_PARTITION variable=w\n }\n int w[2];\n};\n"
    assert vitis(text) == []


def test_each_branch_of_the_preprocessor_is_read():
    text = """
void f() {
#ifdef FAST
    for (int i = 0; i < 4; i++) {
#else
    for (int i = 0; i < 8; i++) {
#endif
        #pragma HLS UNROLL
    }
    #pragma HLS UNROLL
}
"""
    problem = "has to stand directly in the body of a loop"
    assert vitis(text) == [f"line 10: #pragma HLS UNROLL: {problem}"]


def test_comments_and_strings_hold_no_pragma():
    text = '/*\n#pragma HLS A\n*/\n// #pragma HLS B\nconst char *s = "{";\n'
    assert vitis(text + "void f() {\n#pragma HLS INLINE // off\n}\n") == []


def test_several_problems_of_a_pragma_are_all_told():
    assert vitis(in_function("UNROLL factor=x y=1 partial")) == [
        "line 4: #pragma HLS UNROLL factor=x y=1 partial: " + problem
        for problem in (
            "option 'y' is unknown; known are 'factor', 'skip_exit_check'",
            "option 'partial' is no longer taken; use 'factor=...'",
            "has to stand directly in the body of a loop",
        )
    ]
