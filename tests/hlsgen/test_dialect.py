"""What becomes of the notes in the kernels, vendor by vendor."""

from __future__ import annotations

import re

import pytest

from hlsgen import dialect
from hlsgen.dialect import CATAPULT, ONEAPI, PLAIN, VITIS, Dialect
from hlsgen.library import FOLDER

TABLE = re.findall(r"^``//@(\w+)( x)?``", dialect.__doc__ or "", re.MULTILINE)
HEADERS = sorted(FOLDER.glob("*.h"))


def notes(text: str) -> list[tuple[str, str]]:
    return re.findall(r"//@(\w+)( \w+)?", text)


def test_the_table_has_every_note_of_the_kernels():
    used = {
        (note, " x" if name else "") for path in HEADERS for note, name in notes(path.read_text())
    }
    assert used == set(TABLE)


@pytest.mark.parametrize("vendors", [VITIS, ONEAPI, CATAPULT])
def test_dialects_know_no_other_notes(vendors):
    named = {note for note, name in TABLE if name}
    for texts in (vendors.before, vendors.behind):
        assert set(texts) <= {note for note, _ in TABLE}
        assert {note for note, text in texts.items() if "{" in text} <= named


@pytest.mark.parametrize("vendors", [PLAIN, VITIS, ONEAPI, CATAPULT])
@pytest.mark.parametrize("path", HEADERS, ids=lambda path: path.stem)
def test_nothing_but_notes_goes(path, vendors):
    """The C++ is as it was, and no note is left."""
    told = re.compile(r"\s*(#pragma (HLS|hls_|unroll).*|\[\[intel::\w+(\(\d+\))?\]\] ?)")
    text = vendors.render(path.read_text())
    assert "//@" not in text
    code = [told.sub("", line).strip() for line in text.splitlines()]
    plain = [re.sub(r" *//@.*", "", line).strip() for line in path.read_text().splitlines()]
    assert [line for line in code if line] == [line for line in plain if line]


TEXT = """\
//@task
void f(int x) {  //@inline
    for (;;) {  //@pipeline
        for (;;) {  //@unroll
            int a[2];  //@registers a
            Lines b;  //@lines b
        }
    }
}
struct Lines {
    int rows[4];  //@rows rows
    int columns[3];  //@window columns
    int plain;  // what it is for
};
"""


@pytest.mark.parametrize(
    ("vendors", "expected"),
    [
        (
            PLAIN,
            """\
void f(int x) {
    for (;;) {
        for (;;) {
            int a[2];
            Lines b;
        }
    }
}
struct Lines {
    int rows[4];
    int columns[3];
    int plain;  // what it is for
};
""",
        ),
        (
            VITIS,
            """\
void f(int x) {
#pragma HLS INLINE
    for (;;) {
#pragma HLS PIPELINE II=1
        for (;;) {
#pragma HLS UNROLL
            int a[2];
#pragma HLS ARRAY_PARTITION variable=a type=complete dim=0
            Lines b;
#pragma HLS ARRAY_PARTITION variable=b.rows type=complete dim=1
#pragma HLS ARRAY_PARTITION variable=b.columns type=complete dim=0
#pragma HLS AGGREGATE variable=b.rows
        }
    }
}
struct Lines {
    int rows[4];
    int columns[3];
    int plain;  // what it is for
};
""",
        ),
        (
            ONEAPI,
            """\
void f(int x) {
    [[intel::initiation_interval(1)]] for (;;) {
        #pragma unroll
        for (;;) {
            [[intel::fpga_register]] int a[2];
            Lines b;
        }
    }
}
struct Lines {
    [[intel::fpga_memory]] int rows[4];
    [[intel::fpga_register]] int columns[3];
    int plain;  // what it is for
};
""",
        ),
        (
            CATAPULT,
            """\
#pragma hls_design block
void f(int x) {
    #pragma hls_pipeline_init_interval 1
    for (;;) {
        #pragma hls_unroll yes
        for (;;) {
            int a[2];
            Lines b;
        }
    }
}
struct Lines {
    int rows[4];
    int columns[3];
    int plain;  // what it is for
};
""",
        ),
    ],
    ids=["plain", "vitis", "oneapi", "catapult"],
)
def test_the_text_of_each_vendor(vendors, expected):
    assert vendors.render(TEXT) == expected


def test_without_a_note_it_concerns_nobody():
    both = Dialect({"task": "#pragma block", "unroll": "#pragma all"}, {"task": "// end"})
    assert both.without("task") == Dialect({"unroll": "#pragma all"})
    assert both.without("rows") == both
