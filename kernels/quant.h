// The operators that lose information: onto a grid, or onto a staircase.
#pragma once

#include "elementwise.h"

namespace kernels {

// Rounded to the step of a format, then brought into its range, as its modes say.
template <class To>
struct Cast {
    template <class Y, class X>
    static Y of(const X &x) {
        return Y(To(x));
    }
};

// The values k * 2**exp for every integer lo <= k <= hi, each of W bits with a sign.
template <int W>
struct Limits {
    constant<W, W, true> lo, hi;
    int exp;
};

// Rounded to the step of the limits, then brought between them; a Grid holds all that results.
template <class Grid, Rounding R, Overflow O>
struct Quantize {
    template <class Y, class X, int V>
    static Y of(const X &x, const Limits<V> &to) {
        constexpr int finer = larger(0, Format<X>::exp - Format<Grid>::exp);
        constexpr int most = Format<X>::width + 2;  // who drops more bits, drops signs alone
        constexpr int bits = larger(most + finer, larger(V, Format<Grid>::width + 1)) + 4;
        using Code = integer<bits>;
        const int drop = smaller(to.exp - Format<X>::exp, most);
        const Code code(code_of(x));
        const Code rounded =
            drop < 0 ? lifted<bits>(code, -drop) : round<R, bits>(code, larger(0, drop));
        const Code lo(code_of(value(to.lo))), hi(code_of(value(to.hi)));
        const Code limited = limit<O, bits>(rounded, lo, hi);
        return Y(of_code<Grid>(lifted<bits>(limited, to.exp - Format<Grid>::exp)));
    }
};

// The levels of a staircase, ascending.
template <class T, int N>
struct Levels {
    T level[N];
};

// start + step * (how many levels are <= x); x and the levels are compared as numbers of type T.
template <class T>
struct Threshold {
    template <class Y, class X, class Level, int N, class Start, class Step>
    static Y of(const X &x, const Levels<Level, N> &levels, const Start &start,
                const Step &step) {
        int count = 0;
        for (int i = 0; i < N; ++i) {  //@unroll
            count += T(x) < T(value(levels.level[i])) ? 0 : 1;
        }
        constexpr int bits = ceil_log2(N + 1);
        return Y(start + step * fixed<bits, bits, false>(count));
    }
};

}  // namespace kernels
