"""The header of numbers: one file that is a vendor's or ours, whichever condition holds."""

from __future__ import annotations

import re
import subprocess

import pytest

from hlsgen import numbers
from hlsgen.library import FOLDER
from hlsgen.numbers import AC_TYPES, AP_TYPES
from tests.hlsgen.builds import shipped

VENDORS = {AP_TYPES: "vivado/ap_types", AC_TYPES: "catapult/ac_types/include"}
of_each = pytest.mark.parametrize("types", VENDORS, ids=lambda path: path.stem)


def branch(text: str, *, holds: bool) -> list[str]:
    """The lines that a preprocessor leaves, but those that are empty."""
    kept, own = [], [True]
    for line in text.splitlines():
        match line.split(" ")[0]:
            case "#if":
                assert line == "#if VENDORS"
                own.append(holds)
            case "#else":
                own[-1] = not own[-1]
            case "#endif":
                own.pop()
            case _ if all(own) and line:
                kept.append(line)
    assert own == [True]
    return kept


@of_each
def test_without_the_vendors_numbers_they_are_ours(types):
    text = numbers.either(types, "VENDORS")
    assert branch(text, holds=False) == branch(numbers.ours(), holds=True)


@of_each
def test_with_the_vendors_numbers_none_are_ours(types):
    left = branch(numbers.either(types, "VENDORS"), holds=True)
    assert '#include "' not in "\n".join(left)
    own = [line for line in types.read_text().splitlines() if line]
    assert [line for line in own if '#include "' not in line and line not in left] == []
    assert "struct wide {" not in left
    assert any(line.startswith("enum class Rounding") for line in left)


@of_each
def test_what_both_have_is_there_once(types):
    text = numbers.either(types, "VENDORS")
    assert text.count("enum class Rounding {") == 1
    assert text.count("constexpr int larger(int a, int b)") == 1


def test_our_numbers_need_no_other_file():
    assert '#include "' not in numbers.ours() + numbers.channel()
    assert numbers.ours().count("#pragma once") == 1


def test_a_header_that_is_included_twice_is_there_once():
    parts = re.findall(r'#include "(\w+\.h)"', (FOLDER / "fixed.h").read_text())
    assert "rounding.h" in parts
    assert numbers.ours().count("// Arithmetic on sizes, at compile time.") == 1


CHECK = """
#include <type_traits>
#ifdef VENDORS
static_assert(std::is_same<kernels::fixed<8, 4, true>, {number}>::value, "the vendor's");
#endif
long check() {{
    const kernels::fixed<8, 4, true> x(2.5);
    return kernels::to_int64(kernels::code_of(x + x)) + kernels::larger(1, 2);
}}
"""


@pytest.mark.slow
@of_each
@pytest.mark.parametrize("flag", ["-DVENDORS", "-UVENDORS"])
def test_both_branches_are_cpp(types, flag):
    number = {
        AP_TYPES: "ap_fixed<8, 4, AP_TRN, AP_WRAP>",
        AC_TYPES: "ac_fixed<8, 4, true, AC_TRN, AC_WRAP>",
    }
    text = numbers.either(types, "defined(VENDORS)") + CHECK.format(number=number[types])
    include = f"-I{shipped() / VENDORS[types]}"
    command = ["g++", "-std=c++14", "-fsyntax-only", flag, include, "-x", "c++", "-"]
    made = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr
