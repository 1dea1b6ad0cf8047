// Pooling: the largest element, or the sum, of every window.
#pragma once

#include "windows.h"

namespace kernels {

template <class T, int A, int B, int C>
T largest(const T (&x)[A][B][C]) {
    T best = lowest<T>();
    for (int a = 0; a < A; ++a) {
        for (int b = 0; b < B; ++b) {
            for (int c = 0; c < C; ++c) best = maximum(best, x[a][b][c]);
        }
    }
    return best;
}

template <class T, int A, int B, int C>
total_t<T, A * B * C> total(const T (&x)[A][B][C]) {
    using Total = total_t<T, A * B * C>;
    Total sum{0};
    for (int a = 0; a < A; ++a) {
        for (int b = 0; b < B; ++b) {
            for (int c = 0; c < C; ++c) sum = as<Total>(sum + x[a][b][c]);
        }
    }
    return sum;
}

// y = reduce(window) for every window of every channel.
template <class Z, class Y, class X, class Reduce, class Out, class In, int N, int C, int OD,
          int OH, int OW, int D, int H, int W>
void pool(const Reduce &reduce, Out (&y)[N][C][OD][OH][OW], const In (&x)[N][C][D][H][W],
          const In &padding) {
    for (int n = 0; n < N; ++n) {
        for (int c = 0; c < C; ++c) {
            for (int i = 0; i < OD; ++i) {
                for (int j = 0; j < OH; ++j) {
                    for (int k = 0; k < OW; ++k) {
                        In taps[Z::kernel][Y::kernel][X::kernel];
                        window<Z, Y, X>(taps, x[n][c], i, j, k, padding);
                        y[n][c][i][j][k] = as<Out>(reduce(taps));
                    }
                }
            }
        }
    }
}

// The largest element of every window; padding never wins.
template <class Z, class Y, class X, class Out, class In, int N, int C, int OD, int OH, int OW,
          int D, int H, int W>
void max_pool(Out (&y)[N][C][OD][OH][OW], const In (&x)[N][C][D][H][W]) {
    pool<Z, Y, X>([](const auto &taps) { return largest(taps); }, y, x, lowest<In>());
}

// The sum of every window, where padding is zero.
template <class Z, class Y, class X, class Out, class In, int N, int C, int OD, int OH, int OW,
          int D, int H, int W>
void sum_pool(Out (&y)[N][C][OD][OH][OW], const In (&x)[N][C][D][H][W]) {
    pool<Z, Y, X>([](const auto &taps) { return total(taps); }, y, x, In{0});
}

// The largest element of every channel.
template <class Out, class In, int N, int C, int D, int H, int W>
void global_max_pool(Out (&y)[N][C][1][1][1], const In (&x)[N][C][D][H][W]) {
    max_pool<Axis<D>, Axis<H>, Axis<W>>(y, x);
}

// The sum of every channel.
template <class Out, class In, int N, int C, int D, int H, int W>
void global_sum_pool(Out (&y)[N][C][1][1][1], const In (&x)[N][C][D][H][W]) {
    sum_pool<Axis<D>, Axis<H>, Axis<W>>(y, x);
}

}  // namespace kernels
