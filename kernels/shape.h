// Operators that only move elements: their positions are constants, so they are wires.
//
// Tensors are arrays of any rank here; positions count their elements in the order of memory.
#pragma once

#include "fixed.h"

namespace kernels {

template <class X>
struct Shape {
    static constexpr int size = 1;
};
template <class X, int N>
struct Shape<X[N]> {
    static constexpr int size = N * Shape<X>::size;
};

template <class X>
X &element(X &x, int) {
    return x;
}
template <class X, int N>
auto &element(X (&x)[N], int position) {
    return element(x[position / Shape<X>::size], position % Shape<X>::size);
}

template <class Y, class X>
void assign(Y &y, const X &x) {
    y = as<Y>(x);
}

// The same elements in the same order: Identity, Reshape, Flatten, Squeeze, Unsqueeze, Dropout.
template <class Y, class X>
void reshape(Y &y, const X &x) {
    static_assert(Shape<Y>::size == Shape<X>::size, "shapes do not fit");
    for (int i = 0; i < Shape<Y>::size; ++i) assign(element(y, i), element(x, i));
}

// The elements at these positions: Transpose, Slice, Expand, Tile, Gather.
template <class Y, class X, int N>
void gather(Y &y, const X &x, const int (&positions)[N]) {
    static_assert(Shape<Y>::size == N, "shapes do not fit");
    for (int i = 0; i < N; ++i) assign(element(y, i), element(x, positions[i]));
}

// The elements at these positions, and `value` where a position is negative.
template <class Y, class X, class Value, int N>
void pad(Y &y, const X &x, const Value &value, const int (&positions)[N]) {
    static_assert(Shape<Y>::size == N, "shapes do not fit");
    for (int i = 0; i < N; ++i) {
        if (positions[i] < 0) {
            assign(element(y, i), value);
        } else {
            assign(element(y, i), element(x, positions[i]));
        }
    }
}

// x goes into each of Outer blocks of y, from Start on: one call for each input of Concat.
template <int Outer, int Start, class Y, class X>
void concat(Y &y, const X &x) {
    constexpr int whole = Shape<Y>::size / Outer, part = Shape<X>::size / Outer;
    for (int i = 0; i < Outer; ++i) {
        for (int j = 0; j < part; ++j) {
            assign(element(y, i * whole + Start + j), element(x, i * part + j));
        }
    }
}

// y comes out of each of Outer blocks of x, from Start on: one call for each output of Split.
template <int Outer, int Start, class Y, class X>
void split(Y &y, const X &x) {
    constexpr int whole = Shape<X>::size / Outer, part = Shape<Y>::size / Outer;
    for (int i = 0; i < Outer; ++i) {
        for (int j = 0; j < part; ++j) {
            assign(element(y, i * part + j), element(x, i * whole + Start + j));
        }
    }
}

}  // namespace kernels
