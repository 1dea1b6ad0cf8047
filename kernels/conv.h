// Convolution.
#pragma once

#include "windows.h"

namespace kernels {

// The products of one window, summed.
template <class In, class Weight, int A, int B, int C>
total_t<product_t<In, Weight>, A * B * C> dot(const In (&x)[A][B][C],
                                              const Weight (&w)[A][B][C]) {
    using Total = total_t<product_t<In, Weight>, A * B * C>;
    Total total{0};
    for (int a = 0; a < A; ++a) {
        for (int b = 0; b < B; ++b) {
            for (int c = 0; c < C; ++c) total = as<Total>(total + x[a][b][c] * w[a][b][c]);
        }
    }
    return total;
}

// One element of the result: window (i, j, k) of the channels that begin with `first`.
template <class Z, class Y, class X, class In, class Weight, int Channels, int D, int H, int W,
          int C, int KD, int KH, int KW>
total_t<product_t<In, Weight>, C * KD * KH * KW> filter(const In (&x)[Channels][D][H][W],
                                                        const Weight (&w)[C][KD][KH][KW],
                                                        int first, int i, int j, int k) {
    using Total = total_t<product_t<In, Weight>, C * KD * KH * KW>;
    Total total{0};
    for (int c = 0; c < C; ++c) {
        In taps[KD][KH][KW];
        window<Z, Y, X>(taps, x[first + c], i, j, k, In{0});
        total = as<Total>(total + dot(taps, w[c]));
    }
    return total;
}

// y is (batch, filters, ...), x (batch, channels, ...), w (filters, channels / Group, ...).
template <int Group, class Z, class Y, class X, class Out, class In, class Weight, class Bias,
          int N, int F, int OD, int OH, int OW, int Channels, int D, int H, int W, int C>
void conv(Out (&y)[N][F][OD][OH][OW], const In (&x)[N][Channels][D][H][W],
          const Weight (&w)[F][C][Z::kernel][Y::kernel][X::kernel], const Bias (&bias)[F]) {
    static_assert(C * Group == Channels && F % Group == 0, "shapes do not fit");
    for (int n = 0; n < N; ++n) {
        for (int f = 0; f < F; ++f) {
            const int first = f / (F / Group) * C;
            for (int i = 0; i < OD; ++i) {
                for (int j = 0; j < OH; ++j) {
                    for (int k = 0; k < OW; ++k) {
                        y[n][f][i][j][k] =
                            as<Out>(filter<Z, Y, X>(x[n], w[f], first, i, j, k) + bias[f]);
                    }
                }
            }
        }
    }
}

}  // namespace kernels
