"""The numbers in C++, ours and those of two vendors, in formats drawn at random, against Python."""

import struct
from fractions import Fraction
from random import Random

import pytest

from sim.rounding import Overflow
from tests.numbers import AC, ALL, AP, OURS, Number, any_number, function, results, run

pytestmark = pytest.mark.slow

of_all = pytest.mark.parametrize("types", ALL, ids=lambda t: t.name)


@of_all
@pytest.mark.parametrize("seed", [0])
def test_conversion_between_any_two_formats(types, seed, tmp_path):
    random = Random(seed)
    pairs = [(any_number(random), any_number(random, mode)) for mode in types.modes()]
    pairs += [(y, any_number(random)) for _, y in pairs[::4]]
    functions = [
        function(f"f{i}", [x], [f"const {y} y = a;", "put(code_of(y), out);"])
        for i, (x, y) in enumerate(pairs)
    ]
    library = types.build(tmp_path, functions)
    for i, (x, y) in enumerate(pairs):
        codes = x.codes(random)
        expected = [[y.code(x.value(c))] for c in codes]
        assert run(library, f"f{i}", [[c] for c in codes], 1) == expected, (x, y)


def shifted(code, by, number):
    """The bits of a code, moved within its format."""
    moved = code << by if by > 0 else code >> -by
    return Overflow.WRAP.limit(moved, *number.range[:2])


@of_all
@pytest.mark.parametrize("seed", [0])
def test_arithmetic(types, seed, tmp_path):
    random = Random(seed)
    modes = list(types.modes())
    pairs = [[any_number(random, random.choice(modes)) for _ in "ab"] for _ in range(8)]
    operations = ["a + b", "a - b", "a * b", "-a"]
    compared = ["<", "<=", ">", ">=", "==", "!="]
    shifts = [-3, 1, 2, 70]
    writes = [
        "using A = decltype(a + b);",
        *(f"put(code_of({r}), out);" for r in operations),
        *(f"put_format<decltype({r})>(out);" for r in operations),
        *(f"put(code_of(a {op} ({by})), out);" for by in shifts for op in ("<<", ">>")),
        *(f"put(integer<2>(A(a) {op} A(b)), out);" for op in compared),
        "put(integer<2>(negative(a)), out);",
    ]
    functions = [function(f"f{i}", [a, b], writes) for i, (a, b) in enumerate(pairs)]
    library = types.build(tmp_path, functions)
    for i, (a, b) in enumerate(pairs):
        formats = results(a, b)
        x = [(c, d) for c in a.codes(random, 20) for d in b.codes(random, 20)]
        expected = []
        for c, d in x:
            v, w = a.value(c), b.value(d)
            exact = [v + w, v - w, v * w, -v]
            expected.append(
                [
                    *(f.exactly(e) for e, f in zip(exact, formats, strict=True)),
                    *(n for f in formats for n in (f.width, f.exp, f.signed)),
                    *(shifted(c, s, a) for by in shifts for s in (by, -by)),
                    *(v < w, v <= w, v > w, v >= w, v == w, v != w, v < 0),
                ]
            )
        assert run(library, f"f{i}", x, len(expected[0])) == expected, (a, b)


@of_all
@pytest.mark.parametrize("seed", [0])
def test_codes_and_numbers(types, seed, tmp_path):
    """Codes go in and out; integers and doubles come in."""
    random = Random(seed)
    modes = list(types.modes())
    numbers = [any_number(random, mode, most=150) for mode in modes[:: len(modes) // 12]]
    writes = [
        "using A = std::remove_const<decltype(a)>::type;",
        "put(code_of(of_code<A>(code_of(b))), out);",
        "put(code_of(exactly<A>(code_of(a))), out);",
        "put(code_of(value(a)), out);",
        "put(code_of(lowest<A>()), out);",
        "put_format<A>(out);",
        "put(code_of(A(static_cast<int>(to_int64(code_of(b))))), out);",
        "put(code_of(A(take_double(in))), out);",
    ]
    bits = Number(128, 128)
    functions = [
        "#include <type_traits>\n",
        *(function(f"f{i}", [x, bits], writes) for i, x in enumerate(numbers)),
    ]
    library = types.build(tmp_path, functions)
    for i, x in enumerate(numbers):
        rows, expected = [], []
        for c in x.codes(random):
            any_bits = random.getrandbits(127) >> random.randrange(127)
            double = (
                random.choice([-1, 1]) * random.random() * 2.0 ** random.randint(-90, x.whole + 90)
            )
            word = any_bits % 2**32 - (any_bits % 2**32 >> 31 << 32)
            rows.append((c, any_bits, _bits(double)))
            expected.append(
                [
                    Overflow.WRAP.limit(any_bits, *x.range[:2]),
                    *(c, c, x.range.lo, x.width, x.exp, x.signed),
                    x.code(Fraction(word)),
                    x.code(Fraction(double)),
                ]
            )
        assert run(library, f"f{i}", rows, len(expected[0])) == expected, x


@pytest.mark.parametrize(("types", "most"), [(OURS, 150), (AP, 150), (AC, 53)])
@pytest.mark.parametrize("seed", [0])
def test_doubles_go_out(types, most, seed, tmp_path):
    """The nearest ones; those of ac_fixed may be one beside them, where none is exact."""
    random = Random(seed)
    numbers = [*(any_number(random, most=most) for _ in range(12)), Number(most, most // 2)]
    write = "put_double(to_double(a), out);"
    functions = [function(f"f{i}", [x], [write]) for i, x in enumerate(numbers)]
    library = types.build(tmp_path, functions)
    for i, x in enumerate(numbers):
        ties = [c for c in (2**53 + 1, 2**53 + 3) if c <= x.range.hi]
        codes = x.codes(random) + ties
        expected = [[_bits(float(x.value(c)))] for c in codes]
        assert run(library, f"f{i}", [[c] for c in codes], 1) == expected, x


def _bits(x):
    return struct.unpack("<q", struct.pack("<d", x))[0]


@of_all
@pytest.mark.parametrize("seed", [0])
def test_sums_wrap(types, seed, tmp_path):
    random = Random(seed)
    cases = []
    for _ in range(6):
        a, b = any_number(random, most=40), any_number(random, most=40)
        width, finer = random.choice([1, 8, 31, 32, 40, 64, 65, 128, 150]), random.choice([0, 3])
        exp = a.exp + b.exp - finer
        cases.append((a, b, Number(width, exp + width, random.random() < 0.6)))
    writes = "s.add(a * b); s.add(c); s.add(a * b); put(code_of(s.value()), out);"
    functions = [
        function(f"f{i}", [a, b, total], [f"Sum<{total}> s(c);", writes])
        for i, (a, b, total) in enumerate(cases)
    ]
    library = types.build(tmp_path, functions)
    for i, (a, b, total) in enumerate(cases):
        x = [[random.choice(n.codes(random)) for n in (a, b, total)] for _ in range(100)]
        expected = [[total.code(2 * (a.value(c) * b.value(d) + total.value(e)))] for c, d, e in x]
        assert run(library, f"f{i}", x, 1) == expected, (a, b, total)


@of_all
def test_constants(types, tmp_path):
    """Codes at both ends of every width that has another type in a compiler."""
    formats = [
        Number(w, w // 2, signed) for w in (1, 6, 8, 9, 16, 17, 32, 33, 64, 65, 100, 130)
        for signed in (False, True)
    ]  # fmt: skip
    constants, writes, expected = [], [], []
    for i, f in enumerate(formats):
        template = f"<{f.width}, {f.whole}, {str(f.signed).lower()}>"
        codes = [f.range.lo, 0, f.range.hi]
        texts = ", ".join(f"{{{_literal(c, f.width + (not f.signed))}}}" for c in codes)
        constants.append(f"static const constant{template} c{i}[1][3] = {{{{{texts}}}}};")
        writes += [f"put(code_of(value(c{i}[0][{k}])), out);" for k in range(3)]
        writes.append(f"put_format<decltype(value(c{i}[0][0]))>(out);")
        expected += [*codes, f.width, f.exp, f.signed]
    library = types.build(tmp_path, [*constants, function("f", [], writes)])
    assert run(library, "f", [[0]], len(expected)) == [expected]


def _literal(code, width):
    if -(1 << 62) < code < 1 << 62:
        return f"{code}"
    kind = f"integer<{width}>"
    return (
        f"{kind}({kind}({_literal(code >> 30, width)}) * {kind}(1 << 30) + {kind}({code % 2**30}))"
    )
