"""The grammars, on thousands of lines that others wrote and that the vendors' compilers took.

What is complained about is deprecated there, or in the wrong braces, which the compilers let pass.
"""

import re
from importlib.util import find_spec
from pathlib import Path

import pytest

from hlsgen.grammar import check
from hlsgen.grammar.places import survey
from hlsgen.vendor import Vendor

ROOTS = (find_spec("hls4ml") or pytest.fail("pip install hls4ml")).submodule_search_locations
TEMPLATES = Path((ROOTS or [""])[0]) / "templates"


def texts(*folders: str) -> list[str]:
    files = [p for folder in folders for p in sorted((TEMPLATES / folder).rglob("*.h"))]
    return [path.read_text(errors="replace") for path in files]


def complaints(vendor: Vendor, *folders: str) -> set[str]:
    """What is said; the words of the text left out."""
    told = (complaint for text in texts(*folders) for complaint in check(text, vendor))
    return {re.sub(r"; known are .*", "", complaint.problem) for complaint in told}


def marks(*folders: str) -> int:
    return sum(len(survey(text).marks) for text in texts(*folders))


def test_vitis():
    assert marks("vivado/nnet_utils", "vitis/nnet_utils") > 900
    assert complaints(Vendor.VITIS, "vivado/nnet_utils", "vitis/nnet_utils") <= {
        "option 'region' is no longer taken; use 'unroll' in the loops inside",
        "option 'region' is no longer taken; use 'inline' in the functions that are called",
        "directive 'RESOURCE' is no longer taken; use 'bind_op' or 'bind_storage'",
        "directive 'data_pack' is no longer taken; use 'aggregate'",
        # alone in the braces of an `if`
        "has to stand directly in the body of a function or a loop",
        "has to stand directly in the body of a function",
        # of the unroll regions above: in front of the loops
        "has to stand directly in the body of a loop",
    }


def test_oneapi():
    assert marks("oneapi") > 600
    assert complaints(Vendor.ONEAPI, "oneapi") == set()


def test_catapult():
    assert marks("catapult/ac_types", "catapult/ac_math") > 100
    assert complaints(Vendor.CATAPULT, "catapult") <= {
        "pragma 'HLS' is unknown",  # left over from the headers for Vivado
        "pragma 'UNROLL' is the old spelling; use 'hls_unroll'",
    }


@pytest.mark.parametrize(
    ("folder", "vendor", "before", "after"),
    [
        ("vivado/nnet_utils", Vendor.VITIS, r"HLS UNROLL\b", "HLS UNROL"),
        ("vivado/nnet_utils", Vendor.VITIS, "variable=", "variabel="),
        ("vivado/nnet_utils", Vendor.VITIS, r"variable=(?!\w+::)", "variable=not_"),
        ("vivado/nnet_utils", Vendor.VITIS, r" complete\b", " cyclic"),
        ("oneapi", Vendor.ONEAPI, r"intel::fpga_register\b", "intel::fpga_registr"),
        ("oneapi", Vendor.ONEAPI, r"#pragma unroll\b", "#pragma unrol"),
        ("catapult/ac_math", Vendor.CATAPULT, r"hls_unroll\b", "hls_unrol"),
    ],
)
def test_a_planted_typo_is_found_wherever_it_stands(folder, vendor, before, after):
    planted = 0
    for text in texts(folder):
        lines = text.split("\n")
        places = [
            i
            for i, line in enumerate(lines)
            if line.lstrip().startswith(("#pragma", "[[")) and re.search(before, line)
        ]
        for i in places:
            lines[i] = re.sub(before, after, lines[i], count=1)
        told = {complaint.line for complaint in check("\n".join(lines), vendor)}
        assert {i + 1 for i in places} <= told
        planted += len(places)
    assert planted > 10
