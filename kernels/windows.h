// Windows of convolutions and pools.
//
// Images have three spatial axes where whole arrays are read, and two where pixels come one after
// the other; those that a model does not have are of one element, with a window of one.
#pragma once

#include "beats.h"

namespace kernels {

// The windows along one axis, as ONNX describes them, with `Before` elements of padding first.
template <int Size, int Kernel, int Stride = 1, int Dilation = 1, int Before = 0,
          int Count = Size>
struct Axis {
    static constexpr int size = Size;
    static constexpr int kernel = Kernel;
    static constexpr int dilation = Dilation;
    static constexpr int count = Count;
    static constexpr int span = (Kernel - 1) * Dilation + 1;
    // How far pixels are followed, padding included: all are read, and the last window ends there.
    static constexpr int extent = larger(Before + Size, (Count - 1) * Stride + span);

    static constexpr int position(int window, int tap) {
        return window * Stride + tap * Dilation - Before;
    }
    static constexpr bool inside(int place) {
        return Before <= place && place < Before + Size;
    }
    // Whether a window ends at this place.
    static constexpr bool ends(int place) {
        return place >= span - 1 && (place - span + 1) % Stride == 0 &&
               (place - span + 1) / Stride < Count;
    }
};

// Window (i, j, k) of image n, for lane c of x; `padding` is what lies outside.
template <class Z, class Y, class X, class T, int P, int C>
void window(T *taps, const T (&x)[P][C], int n, int c, int i, int j, int k, const T &padding) {
    for (int a = 0; a < Z::kernel; ++a) {  //@unroll
        for (int b = 0; b < Y::kernel; ++b) {  //@unroll
            for (int d = 0; d < X::kernel; ++d) {  //@unroll
                const int z = Z::position(i, a), y = Y::position(j, b), w = X::position(k, d);
                const bool inside = 0 <= z && z < Z::size && 0 <= y && y < Y::size && 0 <= w &&
                                    w < X::size;
                const int p = ((n * Z::size + z) * Y::size + y) * X::size + w;
                *taps++ = inside ? x[p][c] : padding;
            }
        }
    }
}

// The pixel at this place of a padded image: the next one of x, or padding.
template <class Pixel, class Y, class X, class In, class T>
Pixel pixel(In &&x, int &given, int i, int j, const T &padding) {
    if (Y::inside(i) && X::inside(j)) return beat<Pixel>(get(x, given++));
    Pixel y;
    for (int c = 0; c < Pixel::lanes; ++c) {  //@unroll
        y[c] = padding;
    }
    return y;
}

// The latest rows of an image, and the window at its newest pixel.
template <class Pixel, class Y, class X>
struct Lines {
    static constexpr int above = Y::span - 1;

    Pixel rows[above + 1][X::extent];  //@rows rows
    Pixel columns[Y::kernel][X::span];  //@window columns

    // Takes the next pixel, which is in this column.
    void push(const Pixel &pixel, int column) {  //@inline
        for (int i = 0; i < Y::kernel; ++i) {  //@unroll
            for (int j = 0; j < X::span - 1; ++j) {  //@unroll
                columns[i][j] = columns[i][j + 1];
            }
        }
        for (int r = 0; r < above; ++r) {  //@unroll
            rows[r][column] = rows[r + 1][column];
        }
        rows[above][column] = pixel;
        for (int i = 0; i < Y::kernel; ++i) {  //@unroll
            columns[i][X::span - 1] = rows[i * Y::dilation][column];
        }
    }

    // The taps of lane c.
    template <class T>
    void window(T *taps, int c) const {  //@inline
        for (int i = 0; i < Y::kernel; ++i) {  //@unroll
            for (int j = 0; j < X::kernel; ++j) {  //@unroll
                *taps++ = columns[i][j * X::dilation][c];
            }
        }
    }
};

}  // namespace kernels
