// Windows of convolutions and pools over three spatial axes; those that a model does not have
// are of one element, with a window of one.
#pragma once

#include "fixed.h"

namespace kernels {

// The windows along one axis, as ONNX describes them, with `Before` elements of padding first.
template <int Kernel, int Stride = 1, int Dilation = 1, int Before = 0>
struct Axis {
    static constexpr int kernel = Kernel;

    static constexpr int position(int window, int tap) {
        return window * Stride + tap * Dilation - Before;
    }
};

// Window (i, j, k) of x, with `padding` for what is outside of x.
template <class Z, class Y, class X, class T, int D, int H, int W>
void window(T (&taps)[Z::kernel][Y::kernel][X::kernel], const T (&x)[D][H][W], int i, int j, int k,
            const T &padding) {
    for (int a = 0; a < Z::kernel; ++a) {
        for (int b = 0; b < Y::kernel; ++b) {
            for (int c = 0; c < X::kernel; ++c) {
                const int z = Z::position(i, a), y = Y::position(j, b), w = X::position(k, c);
                const bool inside = 0 <= z && z < D && 0 <= y && y < H && 0 <= w && w < W;
                taps[a][b][c] = inside ? x[z][y][w] : padding;
            }
        }
    }
}

}  // namespace kernels
