// Convolution.
#pragma once

#include "dense.h"
#include "windows.h"

namespace kernels {

// y = conv(x, w) + b with all windows at once. Needs arrays. w has a row for each filter: the taps
// of each channel of its group, channel by channel.
//@task
template <class Acc, int Images, int Groups, class Z, class Y, class X, class Out, class In,
          class W, class B, int PositionsOut, int Filters, int Positions, int Channels, int Taps>
void conv(Out (&y)[PositionsOut][Filters], const In (&x)[Positions][Channels],
          const W (&w)[Filters][Taps], const B &b) {
    constexpr int size = Z::kernel * Y::kernel * X::kernel;
    int p = 0;
    for (int n = 0; n < Images; ++n) {  //@unroll
        for (int i = 0; i < Z::count; ++i) {  //@unroll
            for (int j = 0; j < Y::count; ++j) {  //@unroll
                for (int k = 0; k < X::count; ++k) {  //@unroll
                    In taps[Channels * size];  //@registers taps
                    for (int c = 0; c < Channels; ++c) {  //@unroll
                        window<Z, Y, X>(taps + c * size, x, n, c, i, j, k, In(0));
                    }
                    Beat<Out, Filters> sums;
                    product<Acc, 1, 1, Groups>(sums, taps, w, get(b, 0));
                    put(y, p++, sums);
                }
            }
        }
    }
}

// The next pixel, and the sums of the window that it completes, if it does.
template <class Acc, int Groups, int OutSteps, int InSteps, class Y, class X, class Out, class In,
          class Pixel, class W, class B>
void conv_pixel(Out &&y, In &&x, const W &w, const B &b, Lines<Pixel, Y, X> &lines, int &given,
                int &made, int i, int j) {  //@inline
    using T = typename Pixel::type;
    constexpr int size = Y::kernel * X::kernel;
    lines.push(pixel<Pixel, Y, X>(x, given, i, j, T(0)), j);
    if (Y::ends(i) && X::ends(j)) {
        T taps[Pixel::lanes * size];  //@registers taps
        for (int c = 0; c < Pixel::lanes; ++c) {  //@unroll
            lines.window(taps + c * size, c);
        }
        decltype(beat_of(y)) sums;
        product<Acc, OutSteps, InSteps, Groups>(sums, taps, w, get(b, 0));
        put(y, made++, sums);
    }
}

// The same as conv, pixel by pixel: a window is multiplied at once when its last pixel is there.
//@task
template <class Acc, int Images, int Groups, class Y, class X, class Out, class In, class W,
          class B>
void conv_lines(Out &&y, In &&x, const W &w, const B &b) {
    Lines<decltype(beat_of(x)), Y, X> lines;  //@lines lines
    int given = 0, made = 0;
    for (int n = 0; n < Images; ++n) {
        for (int i = 0; i < Y::extent; ++i) {
            for (int j = 0; j < X::extent; ++j) {  //@pipeline
                conv_pixel<Acc, Groups, 1, 1>(y, x, w, b, lines, given, made, i, j);
            }
        }
    }
}

// The same, with OutSteps * InSteps steps for each window.
//@task
template <class Acc, int Images, int Groups, int OutSteps, int InSteps, class Y, class X,
          class Out, class In, class W, class B>
void conv_reused(Out &&y, In &&x, const W &w, const B &b) {
    Lines<decltype(beat_of(x)), Y, X> lines;  //@lines lines
    int given = 0, made = 0;
    for (int n = 0; n < Images; ++n) {
        for (int i = 0; i < Y::extent; ++i) {
            for (int j = 0; j < X::extent; ++j) {
                conv_pixel<Acc, Groups, OutSteps, InSteps>(y, x, w, b, lines, given, made, i, j);
            }
        }
    }
}

}  // namespace kernels
