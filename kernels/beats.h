// Tensors, seen one position at a time.
//
// A tensor has positions and lanes: the pixels of an image and their channels, or one position
// with all elements of a vector. It is an array x[positions][lanes], or a channel that carries a
// beat for each position, in order. A kernel takes either, and reads and writes in order; those
// that cannot are said to need arrays.
#pragma once

#include "fixed.h"

namespace kernels {

// All lanes of one position, as they travel in a channel.
template <class T, int N>
struct Beat {
    using type = T;
    static constexpr int lanes = N;

    T lane[N];

    T &operator[](int i) { return lane[i]; }
    const T &operator[](int i) const { return lane[i]; }
};

// The lanes at position p; an array of one position stands for all.
template <class T, int P, int N>
const T (&get(const T (&x)[P][N], int p))[N] {
    return x[P == 1 ? 0 : p];
}
template <class Channel>
auto get(Channel &&x, int) -> decltype(x.read()) {
    return x.read();
}

template <class T, int P, int N>
void put(T (&y)[P][N], int p, const Beat<T, N> &beat) {
    for (int i = 0; i < N; ++i) {  //@unroll
        y[p][i] = beat[i];
    }
}
template <class Channel, class T, int N>
auto put(Channel &&y, int, const Beat<T, N> &beat) -> decltype(y.read(), void()) {
    y.write(beat);
}

// What a tensor carries: its Beat. Never called.
template <class T, int P, int N>
Beat<T, N> beat_of(const T (&)[P][N]);
template <class Channel>
auto beat_of(Channel &&x) -> decltype(x.read());

// What value(x) is of an element of an array.
template <class T>
struct numeral {
    using type = T;
};
template <int W, int I, bool S>
struct numeral<constant<W, I, S>> {
    using type = fixed<W, I, S>;
};
template <class T>
using value_t = typename numeral<T>::type;

// What is in a lane; a single one stands for all.
template <int W, int I, bool S, int N>
fixed<W, I, S> lane(const constant<W, I, S> (&row)[N], int i) {
    return value(row[N == 1 ? 0 : i]);
}
template <class T, int N>
const T &lane(const T (&row)[N], int i) {
    return row[N == 1 ? 0 : i];
}
template <class T, int N>
const T &lane(const Beat<T, N> &row, int i) {
    return row[N == 1 ? 0 : i];
}

// A row as a beat, in its numbers.
template <class B, class Row>
B beat(const Row &row) {
    B y;
    for (int i = 0; i < B::lanes; ++i) {  //@unroll
        y[i] = typename B::type(lane(row, i));
    }
    return y;
}

}  // namespace kernels
