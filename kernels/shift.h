// Numbers times powers of two that are computed themselves.
#pragma once

#include "elementwise.h"

namespace kernels {

// x * 2**(-Step * places), for places of so many bits without a sign.
template <int Step, int Bits>
struct Shift {
    template <class Y, class X, class Places>
    static Y of(const X &x, const Places &places) {
        constexpr int finer = Format<X>::exp - Format<Y>::exp;
        static_assert(finer >= 0, "a number becomes no coarser where it is shifted down");
        constexpr int bits = Format<X>::width + finer + 2;
        using Code = integer<bits>;
        Code code = lifted<bits>(Code(code_of(x)), finer);
        const int count = static_cast<int>(to_int64(code_of(fixed<Bits, Bits, false>(places))));
        for (int i = 0; i < Bits; ++i) {  //@unroll
            code = (count >> i & 1) != 0 ? Code(code >> (Step << i)) : code;
        }
        return of_code<Y>(code);
    }
};

}  // namespace kernels
