// The numbers of the kernels, as AMD's ap_fixed and ap_int.
//
// Numbers of different types cannot be compared here: some versions of the vendor's header take a
// signed number for an unsigned one where the other is unsigned and, in the finer of the two steps,
// has at least 32 bits, and no fewer. Simulate with -DNDEBUG: an assertion in there fails where a
// number is rounded to steps beyond its own bits, which it does well.
#pragma once

#include <ap_fixed.h>
#include <ap_int.h>

#include <cstdint>

#include "sizes.h"

#define FIXED_INLINE inline

namespace kernels {

template <int W>
using integer = ap_int<W>;

template <int W>
inline integer<W> lifted(const integer<W> &x, int by) {
    return x << by;
}

}  // namespace kernels

#include "rounding.h"

namespace kernels {

// -- what the vendor calls our modes; the defaults stand for what it does not have ---------------

constexpr ap_q_mode vendors(Rounding mode) {
    switch (mode) {
        case Rounding::FLOOR: return AP_TRN;
        case Rounding::TO_ZERO: return AP_TRN_ZERO;
        case Rounding::HALF_UP: return AP_RND;
        case Rounding::HALF_DOWN: return AP_RND_MIN_INF;
        case Rounding::HALF_TO_ZERO: return AP_RND_ZERO;
        case Rounding::HALF_AWAY_FROM_ZERO: return AP_RND_INF;
        case Rounding::HALF_EVEN: return AP_RND_CONV;
        default: return AP_TRN;
    }
}

constexpr ap_o_mode vendors(Overflow mode) {
    switch (mode) {
        case Overflow::SATURATE: return AP_SAT;
        case Overflow::SATURATE_SYMMETRIC: return AP_SAT_SYM;
        case Overflow::SATURATE_TO_ZERO: return AP_SAT_ZERO;
        default: return AP_WRAP;
    }
}

template <int W, int I, bool S, ap_q_mode Q, ap_o_mode O>
struct either {
    using type = ap_fixed<W, I, Q, O>;
};
template <int W, int I, ap_q_mode Q, ap_o_mode O>
struct either<W, I, false, Q, O> {
    using type = ap_ufixed<W, I, Q, O>;
};

template <int W, int I, bool S, Rounding Q, Overflow O>
struct number {
    static_assert(Q == Rounding::FLOOR || vendors(Q) != AP_TRN,
                  "ap_fixed does not round like this; round the code instead");
    static_assert(O == Overflow::WRAP || vendors(O) != AP_WRAP,
                  "ap_fixed does not limit like this; limit the code instead");
    static_assert(W > 1 || !S || O != Overflow::SATURATE_SYMMETRIC, "no bit is left beside a sign");
    using type = typename either<W, I, S, vendors(Q), vendors(O)>::type;
};
template <int W, int I, bool S = true, Rounding Q = Rounding::FLOOR, Overflow O = Overflow::WRAP>
using fixed = typename number<W, I, S, Q, O>::type;

template <class T>
struct Format;
template <int W, int I, bool S, ap_q_mode Q, ap_o_mode O, int N>
struct Format<ap_fixed_base<W, I, S, Q, O, N>> {
    static constexpr int width = W;
    static constexpr int exp = I - W;
    static constexpr bool is_signed = S;
};
template <int W, int I, ap_q_mode Q, ap_o_mode O, int N>
struct Format<ap_fixed<W, I, Q, O, N>> : Format<ap_fixed_base<W, I, true, Q, O, N>> {};
template <int W, int I, ap_q_mode Q, ap_o_mode O, int N>
struct Format<ap_ufixed<W, I, Q, O, N>> : Format<ap_fixed_base<W, I, false, Q, O, N>> {};

// -- bits ---------------------------------------------------------------------------------------

template <int W, int I, bool S, ap_q_mode Q, ap_o_mode O, int N>
integer<W + !S> code_of(const ap_fixed_base<W, I, S, Q, O, N> &x) {
    return integer<W + !S>(ap_uint<W>(x.range()));
}

template <class T, int V>
T of_code(const integer<V> &code) {
    T x = 0;
    x.range() = ap_uint<Format<T>::width>(code);
    return x;
}

template <class T, int V>
T exactly(const integer<V> &code) {
    return of_code<T>(code);
}

template <int W>
std::int64_t to_int64(const integer<W> &code) {
    return code.to_int64();
}

template <int W, int I, bool S, ap_q_mode Q, ap_o_mode O, int N>
double to_double(const ap_fixed_base<W, I, S, Q, O, N> &x) {
    return x.to_double();
}

template <int W, bool S>
struct rom {
    using type = ap_int<W>;
};
template <int W>
struct rom<W, false> {
    using type = ap_uint<W>;
};

}  // namespace kernels

#include "numbers.h"
