// The operators that lose information: onto a grid, or onto a staircase.
#pragma once

#include "broadcast.h"
#include "rounding.h"

namespace kernels {

// The values k * 2**exp for every integer lo <= k <= hi, each of W bits with a sign.
template <int W>
struct Interval {
    integer<W> lo, hi;
    int exp;
};

// One number, brought into one interval; a To holds all numbers of the interval.
template <class To, Rounding R, Overflow O, int W, int E, bool S, int V>
To quantized(const fixed<W, E, S> &x, const Interval<V> &to) {
    constexpr int finer = larger(0, E - To::exp);
    constexpr int most = W + 2;  // whoever drops more bits than that, drops nothing but signs
    constexpr int bits = larger(W + finer, larger(V, To::width)) + 4;
    using Code = integer<bits>;
    const int drop = smaller(to.exp - E, most);
    const Code code(x.code);
    const Code rounded = drop < 0 ? Code(code << -drop) : round<R, bits>(code, larger(0, drop));
    const Code limited = limit<O, bits>(rounded, Code(to.lo), Code(to.hi));
    return To{keep<To::width, To::is_signed>(Code(limited << (to.exp - To::exp)))};
}

// Round to the step of an interval, then bring into its range; the intervals broadcast to x.
template <class To, Rounding R, Overflow O, class Y, class X, class Intervals>
void quantize(Y &y, const X &x, const Intervals &to) {
    each([](const auto &s, const auto &t) { return quantized<To, R, O>(s, t); }, y, x, to);
}

// How many of the ascending levels x is at or above.
template <class X, class Level, int Levels>
fixed<ceil_log2(Levels + 1), 0, false> reached(const X &x, const Level (&levels)[Levels]) {
    int count = 0;
    for (int i = 0; i < Levels; ++i) count += !(x < levels[i]);
    return {count};
}

// A staircase: start + step * (how many thresholds are <= x). The thresholds have one axis more
// than x, and broadcast to it as start and step do.
template <class Y, class X, class Thresholds, class Start, class Step>
void threshold(Y &y, const X &x, const Thresholds &thresholds, const Start &start,
               const Step &step) {
    each([](const auto &s, const auto &levels, const auto &from,
            const auto &by) { return from + by * reached(s, levels); },
         y, x, thresholds, start, step);
}

}  // namespace kernels
