// Operators that treat every element alike; shapes broadcast as numpy's do.
#pragma once

#include "broadcast.h"

namespace kernels {

template <class Y, class A, class B>
void add(Y &y, const A &a, const B &b) {
    each([](const auto &s, const auto &t) { return s + t; }, y, a, b);
}

template <class Y, class A, class B>
void sub(Y &y, const A &a, const B &b) {
    each([](const auto &s, const auto &t) { return s - t; }, y, a, b);
}

template <class Y, class A, class B>
void mul(Y &y, const A &a, const B &b) {
    each([](const auto &s, const auto &t) { return s * t; }, y, a, b);
}

// -- of any number of tensors ------------------------------------------------------------------

template <class X>
X sum_of(const X &x) {
    return x;
}
template <class A, class B, class... X>
auto sum_of(const A &a, const B &b, const X &...x) {
    return sum_of(a + b, x...);
}

template <class X>
X max_of(const X &x) {
    return x;
}
template <class A, class B, class... X>
auto max_of(const A &a, const B &b, const X &...x) {
    return max_of(maximum(a, b), x...);
}

template <class X>
X min_of(const X &x) {
    return x;
}
template <class A, class B, class... X>
auto min_of(const A &a, const B &b, const X &...x) {
    return min_of(minimum(a, b), x...);
}

template <class Y, class... X>
void sum(Y &y, const X &...x) {
    each([](const auto &...s) { return sum_of(s...); }, y, x...);
}

template <class Y, class... X>
void max(Y &y, const X &...x) {
    each([](const auto &...s) { return max_of(s...); }, y, x...);
}

template <class Y, class... X>
void min(Y &y, const X &...x) {
    each([](const auto &...s) { return min_of(s...); }, y, x...);
}

// -- of one tensor -----------------------------------------------------------------------------

template <class Y, class X>
void neg(Y &y, const X &x) {
    each([](const auto &s) { return -s; }, y, x);
}

template <class Y, class X>
void abs(Y &y, const X &x) {
    each([](const auto &s) { return select(negative(s), -s, s); }, y, x);
}

template <class Y, class X>
void sign(Y &y, const X &x) {
    using Sign = fixed<2, 0, true>;
    each([](const auto &s) { return Sign{(zero_t{0} < s) - negative(s)}; }, y, x);
}

template <class Y, class X>
void relu(Y &y, const X &x) {
    each([](const auto &s) { return maximum(s, zero_t{0}); }, y, x);
}

// x, times slope where it is negative.
template <class Y, class X, class Slope>
void prelu(Y &y, const X &x, const Slope &slope) {
    each([](const auto &s, const auto &t) { return select(negative(s), s * t, s); }, y, x, slope);
}

template <class Y, class X, class Alpha>
void leaky_relu(Y &y, const X &x, const Alpha &alpha) {
    each([&](const auto &s) { return select(negative(s), s * alpha, s); }, y, x);
}

// min(max(x, lo), hi), in this order.
template <class Y, class X, class Lo, class Hi>
void clip(Y &y, const X &x, const Lo &lo, const Hi &hi) {
    each([&](const auto &s) { return minimum(maximum(s, lo), hi); }, y, x);
}

}  // namespace kernels
