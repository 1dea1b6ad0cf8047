// What a quantizer does to a code: rounding first, then overflow. The names are those of
// sim/rounding.py, which says what vendors call the same thing.
#pragma once

#include "integer.h"

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

enum class Overflow { WRAP, REFLECT, SATURATE, SATURATE_TO_ZERO };

// Whether a number that lies between `floor` and `floor + 1` becomes the latter. `odd` is said of
// `floor`; the number is `half` way between the two, or `above_half`, or below.
constexpr bool rounds_up(Rounding rounding, bool negative, bool odd, bool half, bool above_half) {
    switch (rounding) {
        case Rounding::FLOOR: return false;
        case Rounding::CEIL: return true;
        case Rounding::TO_ZERO: return negative;
        case Rounding::AWAY_FROM_ZERO: return !negative;
        case Rounding::HALF_UP: return above_half || half;
        case Rounding::HALF_DOWN: return above_half;
        case Rounding::HALF_TO_ZERO: return above_half || (half && negative);
        case Rounding::HALF_AWAY_FROM_ZERO: return above_half || (half && !negative);
        case Rounding::HALF_EVEN: return above_half || (half && odd);
        case Rounding::HALF_ODD: return above_half || (half && !odd);
    }
    return false;
}

// code / 2**drop, rounded, where 0 <= drop < W - 1.
template <Rounding R, int W>
integer<W> round(const integer<W> &code, int drop) {
    using Code = integer<W>;
    if (drop == 0) return code;
    const Code zero(0), one(1), floor = code >> drop, half = one << (drop - 1);
    const Code rest = code & Code((one << drop) - one);
    const bool up = rounds_up(R, code < zero, !((floor & one) == zero), rest == half, half < rest);
    return up && !(rest == zero) ? Code(floor + one) : floor;
}

// code, brought into lo..hi, where W is two bits more than each of the three needs.
template <Overflow O, int W>
integer<W> limit(const integer<W> &code, const integer<W> &lo, const integer<W> &hi) {
    using Code = integer<W>;
    const Code size = hi - lo + Code(1);
    const bool below = code < lo, above = hi < code;
    switch (O) {
        case Overflow::WRAP: return lo + modulo<W>(code - lo, size);
        case Overflow::REFLECT: {
            const Code back = modulo<W>(code - lo, size + size);
            return back < size ? Code(lo + back) : Code(hi - (back - size));
        }
        case Overflow::SATURATE: return below ? lo : above ? hi : code;
        case Overflow::SATURATE_TO_ZERO: return below || above ? Code(0) : code;
    }
    return code;
}

}  // namespace kernels
