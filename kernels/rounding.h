// What a quantizer does to a code: rounding first, then overflow. The names are those of
// sim/rounding.py, which says what others call the same thing.
//
// These functions work on any integer<W>, so whoever includes them has chosen one before.
#pragma once

namespace kernels {

enum class Rounding {
    FLOOR,
    CEIL,
    TO_ZERO,
    AWAY_FROM_ZERO,
    HALF_UP,
    HALF_DOWN,
    HALF_TO_ZERO,
    HALF_AWAY_FROM_ZERO,
    HALF_EVEN,
    HALF_ODD,
};

// SATURATE_SYMMETRIC leaves the lowest code of a signed format out.
enum class Overflow { WRAP, REFLECT, SATURATE, SATURATE_SYMMETRIC, SATURATE_TO_ZERO };

// What to add to the bits that are dropped so that their carry rounds as it should. Half a step is
// `half`; `odd` is said of the number rounded down.
template <Rounding R, class Code>
FIXED_INLINE constexpr Code bias(const Code &half, bool negative, bool odd) {
    const Code zero(0), tie(1), less = half - tie, below = half + less;
    switch (R) {
        case Rounding::FLOOR: return zero;
        case Rounding::CEIL: return below;
        case Rounding::TO_ZERO: return negative ? below : zero;
        case Rounding::AWAY_FROM_ZERO: return negative ? zero : below;
        case Rounding::HALF_UP: return half;
        case Rounding::HALF_DOWN: return less;
        case Rounding::HALF_TO_ZERO: return negative ? half : less;
        case Rounding::HALF_AWAY_FROM_ZERO: return negative ? less : half;
        case Rounding::HALF_EVEN: return odd ? half : less;
        case Rounding::HALF_ODD: return odd ? less : half;
    }
    return zero;
}

// code / 2**drop, rounded, where 0 <= drop < W - 1.
template <Rounding R, int W>
FIXED_INLINE constexpr integer<W> round(const integer<W> &code, int drop) {
    using Code = integer<W>;
    if (drop == 0) return code;
    const Code zero(0), one(1), floor = code >> drop, half = one << (drop - 1);
    const Code rest = code & Code((one << drop) - one);
    const Code biased = rest + bias<R, Code>(half, code < zero, (floor & one) == one);
    return floor + (biased >> drop);
}

// What is left of a division by n > 0, from 0 to n - 1; a mask where n is a power of two.
template <int W>
constexpr integer<W> modulo(const integer<W> &x, const integer<W> &n) {
    using Code = integer<W>;
    const Code zero(0), one(1), mask = n - one;
    if ((n & mask) == zero) return x & mask;
    Code rest = x < zero ? Code(~x) : x;  // -1 - x
    for (int i = W - 2; i >= 0; --i) {
        if (!((rest >> i) < n)) rest = rest - (n << i);
    }
    return x < zero ? Code(mask - rest) : rest;
}

// code, brought into lo..hi; to wrap or to reflect, W is two bits more than each of the three
// needs.
template <Overflow O, int W>
FIXED_INLINE constexpr integer<W> limit(const integer<W> &code, const integer<W> &lo,
                                        const integer<W> &hi) {
    using Code = integer<W>;
    const Code zero(0), one(1);
    const bool below = code < lo, above = hi < code;
    switch (O) {
        case Overflow::WRAP: return lo + modulo<W>(code - lo, hi - lo + one);
        case Overflow::REFLECT: {
            const Code size = hi - lo + one, back = modulo<W>(code - lo, size + size);
            return back < size ? Code(lo + back) : Code(hi - (back - size));
        }
        case Overflow::SATURATE: return below ? lo : above ? hi : code;
        case Overflow::SATURATE_SYMMETRIC: {
            const Code least = lo < zero ? Code(lo + one) : lo;
            return code < least ? least : above ? hi : code;
        }
        case Overflow::SATURATE_TO_ZERO: return below || above ? zero : code;
    }
    return code;
}

}  // namespace kernels
