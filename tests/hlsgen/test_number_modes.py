"""Modes of the numbers in C++ beyond those that every vendor's types have, and its oddities."""

import signal
import subprocess
import sys
from fractions import Fraction

import pytest

from sim.errors import ToolFailed
from sim.rounding import Rounding
from tests.definitions import ROUND, limit
from tests.numbers import AC, ALL, AP, OVERFLOWS, Number, function, run

pytestmark = pytest.mark.slow

of_all = pytest.mark.parametrize("types", ALL, ids=lambda t: t.name)
CODES = range(-70, 70)


@of_all
@pytest.mark.parametrize("width", [20, 70])
def test_every_mode_on_codes(types, width, tmp_path):
    """What kernels do where the types of a vendor cannot; the wide ones are rounded far up."""
    up = width - 20
    ranges = [(-4, 3), (0, 7), (-5, 6), (0, 0), (2, 9), (-7, -3)]
    n = f"integer<{width}>"
    head = [f"const {n} a(take(in));"]
    rounds = ["const int drop = to_int64(take(in));"]
    rounds += [f"put(round<Rounding::{r.name}, {width}>(a, drop), out);" for r in Rounding]
    limits = [
        f"put(limit<Overflow::{o}, {width}>(a, {n}({lo}), {n}({hi})), out);"
        for o in OVERFLOWS
        for lo, hi in ranges
    ]
    functions = [function("rounds", [], head + rounds), function("limits", [], head + limits)]
    library = types.build(tmp_path, functions)
    x = [(code << up, up + drop) for code in CODES for drop in range(9)]
    expected = [[r(Fraction(c, 1 << drop)) for r in map(ROUND.get, Rounding)] for c, drop in x]
    assert run(library, "rounds", x, len(Rounding)) == expected
    expected = [
        [
            limit(o, c, lo + (narrow and lo < 0), hi)
            for o, narrow in OVERFLOWS.values()
            for lo, hi in ranges
        ]
        for c in CODES
    ]
    assert run(library, "limits", [[c] for c in CODES], len(limits)) == expected


@pytest.mark.parametrize(
    ("types", "mode", "verb"),
    [
        (AP, "HALF_ODD", "round"),
        (AP, "REFLECT", "limit"),
        (AC, "CEIL", "round"),
        (AC, "REFLECT", "limit"),
    ],
)
def test_a_mode_that_a_vendor_lacks_is_refused(types, mode, verb, tmp_path):
    modes = ("FLOOR", mode) if mode in OVERFLOWS else (mode, "WRAP")
    with pytest.raises(ToolFailed) as caught:
        types.build(tmp_path, [f"{Number(4, 4, True, *modes)} x = 1;"])
    says = f"{types.name}_fixed does not {verb} like this; {verb} the code instead"
    assert says in str(caught.value)


@of_all
def test_a_symmetric_format_of_one_bit_is_refused(types, tmp_path):
    """Of which the vendors would make one that is not symmetric."""
    with pytest.raises(ToolFailed) as caught:
        types.build(tmp_path, [f"{Number(1, 1, True, 'FLOOR', 'SATURATE_SYMMETRIC')} x = 0;"])
    assert "no bit is left beside a sign" in str(caught.value)


# -- where a vendor's header is not what it should be --------------------------------------------


def test_ap_fixed_takes_a_signed_number_for_an_unsigned_one(tmp_path):
    """Which is why kernels compare numbers of one type."""
    pairs = {
        (Number(31, 31, signed=False), Number(31, 31)): False,
        (Number(32, 32, signed=False), Number(32, 32)): True,
        (Number(4, -1, signed=False), Number(8, -30)): True,
    }
    less = ["put(integer<2>(a < b), out);"]
    library = AP.build(tmp_path, [function(f"f{i}", ab, less) for i, ab in enumerate(pairs)])
    got = [run(library, f"f{i}", [(1, -1)], 1) for i in range(len(pairs))]
    assert got == [[[wrong]] for wrong in pairs.values()]


def test_ap_fixed_does_not_expect_to_round_all_bits_away(tmp_path):
    """An assertion of the header fails, where the result is right without it."""
    y = Number(4, 9, rounding="HALF_UP")
    text = f'extern "C" void f() {{ {y} y = {Number(4, 4)}(-3); }}'
    AP.build(tmp_path, [text], "-UNDEBUG", "-Wno-unused-variable")
    call = f"import ctypes; ctypes.CDLL({f'{tmp_path}/ap.so'!r}).f()"
    result = subprocess.run([sys.executable, "-c", call], capture_output=True, check=False)
    assert result.returncode == -signal.SIGABRT
    assert b"Attempting to read bit beyond MSB" in result.stderr
