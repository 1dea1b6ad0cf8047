// The numbers of the kernels, as ac_fixed and ac_int.
//
// Whoever includes this has included those, and said how many bits a number has at least.
#pragma once

#include <cstdint>

#include "sizes.h"

#define FIXED_INLINE inline

namespace kernels {

template <int W>
using integer = ac_int<W, true>;

template <int W>
inline integer<W> lifted(const integer<W> &x, int by) {
    return x << by;
}

}  // namespace kernels

#include "rounding.h"

namespace kernels {

// -- what the vendor calls our modes; the defaults stand for what it does not have ---------------

constexpr ac_q_mode vendors(Rounding mode) {
    switch (mode) {
        case Rounding::TO_ZERO: return AC_TRN_ZERO;
        case Rounding::HALF_UP: return AC_RND;
        case Rounding::HALF_DOWN: return AC_RND_MIN_INF;
        case Rounding::HALF_TO_ZERO: return AC_RND_ZERO;
        case Rounding::HALF_AWAY_FROM_ZERO: return AC_RND_INF;
        case Rounding::HALF_EVEN: return AC_RND_CONV;
        case Rounding::HALF_ODD: return AC_RND_CONV_ODD;
        default: return AC_TRN;
    }
}

constexpr ac_o_mode vendors(Overflow mode) {
    switch (mode) {
        case Overflow::SATURATE: return AC_SAT;
        case Overflow::SATURATE_SYMMETRIC: return AC_SAT_SYM;
        case Overflow::SATURATE_TO_ZERO: return AC_SAT_ZERO;
        default: return AC_WRAP;
    }
}

template <int W, int I, bool S, Rounding Q, Overflow O>
struct number {
    static_assert(Q == Rounding::FLOOR || vendors(Q) != AC_TRN,
                  "ac_fixed does not round like this; round the code instead");
    static_assert(O == Overflow::WRAP || vendors(O) != AC_WRAP,
                  "ac_fixed does not limit like this; limit the code instead");
    static_assert(W > 1 || !S || O != Overflow::SATURATE_SYMMETRIC, "no bit is left beside a sign");
    static constexpr int more = larger(W, least_bits) - W;
    static_assert(more == 0 || O == Overflow::WRAP, "the type is too wide to limit; limit the code");
    using type = ac_fixed<W + more, I + more, S, vendors(Q), vendors(O)>;
};
template <int W, int I, bool S = true, Rounding Q = Rounding::FLOOR, Overflow O = Overflow::WRAP>
using fixed = typename number<W, I, S, Q, O>::type;

template <class T>
struct Format;
template <int W, int I, bool S, ac_q_mode Q, ac_o_mode O>
struct Format<ac_fixed<W, I, S, Q, O>> {
    static constexpr int width = W;
    static constexpr int exp = I - W;
    static constexpr bool is_signed = S;
};

// -- bits ---------------------------------------------------------------------------------------

template <int W, int I, bool S, ac_q_mode Q, ac_o_mode O>
integer<W + !S> code_of(const ac_fixed<W, I, S, Q, O> &x) {
    return x.template slc<W>(0);
}

template <class T, int V>
T of_code(const integer<V> &code) {
    T x = 0;
    x.set_slc(0, ac_int<Format<T>::width, false>(code));
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

template <int W, int I, bool S, ac_q_mode Q, ac_o_mode O>
double to_double(const ac_fixed<W, I, S, Q, O> &x) {
    return x.to_double();
}

template <int W, bool S>
struct rom {
    using type = ac_int<W, S>;
};

}  // namespace kernels

#include "numbers.h"
