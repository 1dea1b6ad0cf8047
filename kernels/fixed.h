// Fixed-point numbers, and arithmetic that never loses a bit: results grow as wide as they must.
// Only what becomes a number of a given format is rounded and limited, as that format says.
#pragma once

#include "integer.h"
#include "rounding.h"

namespace kernels {

// code * 2**(I - W), where the code has W bits, and a sign among them if S. I, the bits before
// the point, may be negative, or more than W.
template <int W, int I, bool S = true, Rounding Q = Rounding::FLOOR, Overflow O = Overflow::WRAP>
struct fixed;

// -- what becomes of a code --------------------------------------------------------------------

// An integer of V bits, brought into W bits.
template <int W, bool S, Overflow O, int V>
FIXED_INLINE constexpr integer<W + !S> limited(const integer<V> &code) {
    using Code = integer<V>;
    const Code lo = static_cast<Code>(lowest_code<W, S>());
    const Code hi = static_cast<Code>(highest_code<W, S>());
    return O == Overflow::WRAP ? keep<W, S>(code)
                               : static_cast<integer<W + !S>>(limit<O, V>(code, lo, hi));
}

// The code of a number of the format X in the format Y: all but the code is known beforehand, so
// a step that changes nothing costs nothing.
template <class Y, class X>
struct conversion;
template <int W, int I, bool S, Rounding Q, Overflow O, int V, int J, bool R, Rounding P,
          Overflow N>
struct conversion<fixed<W, I, S, Q, O>, fixed<V, J, R, P, N>> {
    static constexpr int shift = (J - V) - (I - W);
    static constexpr int from = V + !R, to = W + !S;  // bits, with a sign
    static constexpr int up = larger(0, shift);
    static constexpr int down = smaller(larger(0, -shift), from + 1);  // all beyond are signs
    static constexpr bool carries = down > 0 && Q != Rounding::FLOOR && Q != Rounding::TO_ZERO;
    static constexpr int rounded = larger(1, from + up - down) + carries;
    static constexpr bool ends_early = O == Overflow::SATURATE_SYMMETRIC && S && R;
    static constexpr bool fits = (S || !R) && rounded + ends_early <= to;
    static constexpr int ends =
        fits || O == Overflow::WRAP ? 1 : to + 2 * (O == Overflow::REFLECT);
    static constexpr int bits = larger(larger(from + up, down + 2), ends);

    static FIXED_INLINE constexpr integer<to> code(const integer<from> &x) {
        using Code = integer<bits>;
        const Code y = round<Q, bits>(lifted<bits>(static_cast<Code>(x), up), down);
        return fits ? static_cast<integer<to>>(y) : limited<W, S, O, bits>(y);
    }
};

template <int W, int I, bool S, Rounding Q, Overflow O>
integer<W + !S> code_of_double(double x) {
    constexpr int digits = 53, bits = W + digits + 7;
    using Code = integer<bits>;
    int exp = 0;
    const double fraction = __builtin_frexp(x, &exp);
    const Code whole(static_cast<std::int64_t>(__builtin_ldexp(fraction, digits)));
    const int shift = exp - digits - (I - W);
    const int up = smaller(larger(0, shift), W + 2);  // beyond, only zeros are left in W bits
    const int down = smaller(larger(0, -shift), digits + 2);  // beyond, only signs are left
    return limited<W, S, O, bits>(round<Q, bits>(lifted<bits>(whole, up), down));
}

// -- numbers -----------------------------------------------------------------------------------

template <int W, int I, bool S, Rounding Q, Overflow O>
struct fixed {
    static_assert(W >= 1, "a number has a bit at least");
    static_assert(W > 1 || !S || O != Overflow::SATURATE_SYMMETRIC, "no bit is left beside a sign");

    integer<W + !S> code;  // kernels say code_of and of_code

    fixed() = default;
    // From any finite number: rounded as Q says, then limited as O says.
    FIXED_INLINE constexpr fixed(int x) : code(conversion<fixed, fixed<32, 32>>::code(x)) {}
    fixed(double x) : code(code_of_double<W, I, S, Q, O>(x)) {}
    template <int V, int J, bool R, Rounding P, Overflow N>
    FIXED_INLINE constexpr fixed(const fixed<V, J, R, P, N> &x)
        : code(conversion<fixed, fixed<V, J, R, P, N>>::code(x.code)) {}
};

// What the type of a number says: it is a code of `width` bits times 2**exp.
template <class T>
struct Format;
template <int W, int I, bool S, Rounding Q, Overflow O>
struct Format<fixed<W, I, S, Q, O>> {
    static constexpr int width = W;
    static constexpr int exp = I - W;
    static constexpr bool is_signed = S;
};

template <class X>
FIXED_INLINE constexpr integer<Format<X>::width + !Format<X>::is_signed> code_of(const X &x) {
    return x.code;
}

// The number with this code, which is known to fit.
template <class T>
FIXED_INLINE constexpr T exactly(const decltype(T::code) &code) {
    T y{};
    y.code = code;
    return y;
}

// The number whose low bits are these.
template <class T, class Code>
FIXED_INLINE constexpr T of_code(const Code &code) {
    return exactly<T>(keep<Format<T>::width, Format<T>::is_signed>(code));
}

FIXED_INLINE constexpr double nearest(std::int32_t x) { return x; }
FIXED_INLINE constexpr double nearest(std::int64_t x) { return static_cast<double>(x); }
FIXED_INLINE constexpr double nearest(__int128 x) { return static_cast<double>(x); }
template <int N>
double nearest(const wide<N> &x) {
    const wide<N> signs(x < wide<N>(0) ? -1 : 0);
    int digits = 0;
    while (x >> digits != signs) ++digits;
    const int drop = larger(0, digits - 53);
    const auto high = round<Rounding::HALF_EVEN, 32 * N>(x, drop);
    return __builtin_ldexp(static_cast<double>(to_int64(high)), drop);
}

// The nearest one, which is the same number if it has no more than 53 digits.
template <class X>
double to_double(const X &x) {
    return __builtin_ldexp(nearest(x.code), Format<X>::exp);
}

// -- arithmetic --------------------------------------------------------------------------------

template <int W, int E, bool S>
using in_steps = fixed<W, W + E, S>;

// The narrowest format that holds the numbers of two others, of V and W bits; and their sums,
// differences and products.
template <class A, class B, int V, int W>
struct both {
    static constexpr bool one_signed = Format<A>::is_signed, other_signed = Format<B>::is_signed;
    static constexpr int exp = smaller(Format<A>::exp, Format<B>::exp);
    static constexpr int width =
        larger(V + Format<A>::exp + (other_signed && !one_signed),
               W + Format<B>::exp + (one_signed && !other_signed)) - exp;
    using hull = in_steps<width, exp, one_signed || other_signed>;
    using sum = in_steps<width + 1, exp, one_signed || other_signed>;
    using difference = in_steps<width + 1, exp, true>;
    using product =
        in_steps<V + W, Format<A>::exp + Format<B>::exp, one_signed || other_signed>;
};
// Of what has no format, there is no such type, and none of these operators.
template <class A, class B>
using both_of = both<A, B, Format<A>::width, Format<B>::width>;

template <class A, class B, class Y = typename both_of<A, B>::sum>
FIXED_INLINE constexpr Y operator+(const A &a, const B &b) {
    return exactly<Y>(Y(a).code + Y(b).code);
}

template <class A, class B, class Y = typename both_of<A, B>::difference>
FIXED_INLINE constexpr Y operator-(const A &a, const B &b) {
    return exactly<Y>(Y(a).code - Y(b).code);
}

template <class A, class B, class Y = typename both_of<A, B>::product>
FIXED_INLINE constexpr Y operator*(const A &a, const B &b) {
    using Code = decltype(Y::code);
    return exactly<Y>(static_cast<Code>(a.code) * static_cast<Code>(b.code));
}

template <class X, class Y = in_steps<Format<X>::width + 1, Format<X>::exp, true>>
FIXED_INLINE constexpr Y operator-(const X &x) {
    return exactly<Y>(-Y(x).code);
}

// Bits move within the format, and what leaves it is lost.
template <class X, int W = Format<X>::width>
FIXED_INLINE constexpr X operator<<(const X &x, int by) {
    constexpr int bits = W + !Format<X>::is_signed;
    return by < 0   ? exactly<X>(x.code >> smaller(-by, bits - 1))
           : by < W ? of_code<X>(lifted<bits>(x.code, by))
                    : X(0);
}
template <class X, int W = Format<X>::width>
FIXED_INLINE constexpr X operator>>(const X &x, int by) {
    return x << -by;
}

// Kernels compare numbers of one type only: not everybody's types compare others right.
template <class A, class B, class Y = typename both_of<A, B>::hull>
FIXED_INLINE constexpr bool operator<(const A &a, const B &b) {
    return Y(a).code < Y(b).code;
}
template <class A, class B, class Y = typename both_of<A, B>::hull>
FIXED_INLINE constexpr bool operator==(const A &a, const B &b) {
    return Y(a).code == Y(b).code;
}
template <class A, class B, class = both_of<A, B>>
FIXED_INLINE constexpr bool operator!=(const A &a, const B &b) {
    return !(a == b);
}
template <class A, class B, class = both_of<A, B>>
FIXED_INLINE constexpr bool operator>(const A &a, const B &b) {
    return b < a;
}
template <class A, class B, class = both_of<A, B>>
FIXED_INLINE constexpr bool operator<=(const A &a, const B &b) {
    return !(b < a);
}
template <class A, class B, class = both_of<A, B>>
FIXED_INLINE constexpr bool operator>=(const A &a, const B &b) {
    return !(a < b);
}

template <class T>
class Sum;

// What wraps may wrap once only, at the end.
template <int W, int I, bool S, Rounding Q, Overflow O>
class Sum<fixed<W, I, S, Q, O>> {
    static_assert(O == Overflow::WRAP, "a sum wraps");
    using T = fixed<W, I, S, Q, O>;
    modular<W> total;

   public:
    Sum() = default;
    FIXED_INLINE constexpr explicit Sum(const T &x) : total(static_cast<modular<W>>(x.code)) {}

    template <class X>
    FIXED_INLINE constexpr void add(const X &x) {
        constexpr int shift = Format<X>::exp - Format<T>::exp;
        static_assert(shift >= 0, "a sum does not round");
        if (shift < W) total = total + (static_cast<modular<W>>(x.code) << smaller(shift, W - 1));
    }

    FIXED_INLINE constexpr T value() const { return of_code<T>(total); }
};

}  // namespace kernels

#include "numbers.h"
