// Fixed-point numbers, and arithmetic that never loses a bit: results grow as wide as they must.
#pragma once

#include "integer.h"

namespace kernels {

// code * 2**E, where the code has W bits. An aggregate, so that a list of codes is a constant.
template <int W, int E, bool S>
struct fixed {
    static_assert(W >= 1, "a number has a bit at least");
    static constexpr int width = W;
    static constexpr int exp = E;
    static constexpr bool is_signed = S;
    integer<W + !S> code;
};

// The narrowest format that holds all numbers of two others.
template <class A, class B>
struct both {
    static constexpr int exp = smaller(A::exp, B::exp);
    static constexpr bool is_signed = A::is_signed || B::is_signed;
    static constexpr int width = larger(A::width + (is_signed && !A::is_signed) + A::exp - exp,
                                        B::width + (is_signed && !B::is_signed) + B::exp - exp);
};
template <class A, class B>
using hull = fixed<both<A, B>::width, both<A, B>::exp, both<A, B>::is_signed>;

template <class A, class B>
using sum_t = fixed<both<A, B>::width + 1, both<A, B>::exp, both<A, B>::is_signed>;
template <class A, class B>
using difference_t = fixed<both<A, B>::width + 1, both<A, B>::exp, true>;
template <class A, class B>
using product_t =
    fixed<A::width + B::width, A::exp + B::exp, A::is_signed || B::is_signed>;

constexpr int ceil_log2(int n) { return n > 1 ? 1 + ceil_log2((n + 1) / 2) : 0; }

// The sum of N numbers.
template <class A, int N>
using total_t = fixed<A::width + ceil_log2(N), A::exp, A::is_signed>;

// The same number in another format: exact if that holds it. Else the bits below its step are
// cut off and those above its range are lost, as wires do (AP_TRN, AP_WRAP).
template <class Y, int W, int E, bool S>
Y as(const fixed<W, E, S> &x) {
    constexpr int left = larger(0, E - Y::exp);
    constexpr int right = smaller(larger(0, Y::exp - E), W + !S - 1);
    using Code = integer<W + !S + left>;
    return Y{keep<Y::width, Y::is_signed>(Code(Code(Code(x.code) << left) >> right))};
}

template <int V, int D, bool R, int W, int E, bool S>
sum_t<fixed<V, D, R>, fixed<W, E, S>> operator+(const fixed<V, D, R> &a,
                                                const fixed<W, E, S> &b) {
    using Y = sum_t<fixed<V, D, R>, fixed<W, E, S>>;
    return Y{as<Y>(a).code + as<Y>(b).code};
}

template <int V, int D, bool R, int W, int E, bool S>
difference_t<fixed<V, D, R>, fixed<W, E, S>> operator-(const fixed<V, D, R> &a,
                                                       const fixed<W, E, S> &b) {
    using Y = difference_t<fixed<V, D, R>, fixed<W, E, S>>;
    return Y{as<Y>(a).code - as<Y>(b).code};
}

template <int W, int E, bool S>
fixed<W + 1, E, true> operator-(const fixed<W, E, S> &x) {
    using Y = fixed<W + 1, E, true>;
    return Y{-as<Y>(x).code};
}

template <int V, int D, bool R, int W, int E, bool S>
product_t<fixed<V, D, R>, fixed<W, E, S>> operator*(const fixed<V, D, R> &a,
                                                    const fixed<W, E, S> &b) {
    using Y = product_t<fixed<V, D, R>, fixed<W, E, S>>;
    using Code = decltype(Y::code);
    return Y{Code(a.code) * Code(b.code)};
}

template <int V, int D, bool R, int W, int E, bool S>
bool operator<(const fixed<V, D, R> &a, const fixed<W, E, S> &b) {
    using Y = hull<fixed<V, D, R>, fixed<W, E, S>>;
    return as<Y>(a).code < as<Y>(b).code;
}

template <int V, int D, bool R, int W, int E, bool S>
bool operator==(const fixed<V, D, R> &a, const fixed<W, E, S> &b) {
    using Y = hull<fixed<V, D, R>, fixed<W, E, S>>;
    return as<Y>(a).code == as<Y>(b).code;
}

template <class A, class B>
hull<A, B> select(bool condition, const A &yes, const B &no) {
    return condition ? as<hull<A, B>>(yes) : as<hull<A, B>>(no);
}

template <class A, class B>
hull<A, B> maximum(const A &a, const B &b) {
    return select(a < b, b, a);
}

template <class A, class B>
hull<A, B> minimum(const A &a, const B &b) {
    return select(a < b, a, b);
}

// Zero, in one bit.
using zero_t = fixed<1, 0, false>;

template <class X>
bool negative(const X &x) {
    return x < zero_t{0};
}

// The least number of a format.
template <class X>
X lowest() {
    using Code = decltype(X::code);
    return X{X::is_signed ? Code(-(Code(1) << (X::width - 1))) : Code(0)};
}

}  // namespace kernels
