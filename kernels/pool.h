// Pooling: the largest element, or the sum, of every window.
#pragma once

#include "windows.h"

namespace kernels {

struct Largest {
    template <class X>
    using result = X;

    template <class T>
    static T padding() {
        return lowest<T>();
    }
    template <class T, int N>
    static T of(const T (&x)[N]) {
        T best = x[0];
        for (int i = 1; i < N; ++i) {  //@unroll
            best = best < x[i] ? x[i] : best;
        }
        return best;
    }
    template <class T>
    static T both(const T &a, const T &b) {
        return a < b ? b : a;
    }
};

// All sums are numbers of type T.
template <class T>
struct Total {
    template <class X>
    using result = T;

    template <class X>
    static X padding() {
        return X(0);
    }
    template <class X, int N>
    static T of(const X (&x)[N]) {
        T sum(0);
        for (int i = 0; i < N; ++i) {  //@unroll
            sum = T(sum + x[i]);
        }
        return sum;
    }
    template <class A, class B>
    static T both(const A &a, const B &b) {
        return T(a + b);
    }
};

// y = F(window) for all windows of all lanes at once. Needs arrays.
//@task
template <class F, int Images, class Z, class Y, class X, class Out, class In, int PositionsOut,
          int Positions, int Lanes>
void pool(Out (&y)[PositionsOut][Lanes], const In (&x)[Positions][Lanes]) {
    int p = 0;
    for (int n = 0; n < Images; ++n) {  //@unroll
        for (int i = 0; i < Z::count; ++i) {  //@unroll
            for (int j = 0; j < Y::count; ++j) {  //@unroll
                for (int k = 0; k < X::count; ++k) {  //@unroll
                    for (int c = 0; c < Lanes; ++c) {  //@unroll
                        In taps[Z::kernel * Y::kernel * X::kernel];  //@registers taps
                        const In padding = F::template padding<In>();
                        window<Z, Y, X>(taps, x, n, c, i, j, k, padding);
                        y[p][c] = Out(F::of(taps));
                    }
                    ++p;
                }
            }
        }
    }
}

// The same, pixel by pixel.
//@task
template <class F, int Images, class Y, class X, class Out, class In>
void pool_lines(Out &&y, In &&x) {
    using Pixel = decltype(beat_of(x));
    using T = typename Pixel::type;
    using Result = decltype(beat_of(y));
    Lines<Pixel, Y, X> lines;
    int given = 0, made = 0;
    for (int n = 0; n < Images; ++n) {
        for (int i = 0; i < Y::extent; ++i) {
            for (int j = 0; j < X::extent; ++j) {  //@pipeline
                const T padding = F::template padding<T>();
                lines.push(pixel<Pixel, Y, X>(x, given, i, j, padding), j);
                if (Y::ends(i) && X::ends(j)) {
                    Result best;
                    for (int c = 0; c < Pixel::lanes; ++c) {  //@unroll
                        T taps[Y::kernel * X::kernel];  //@registers taps
                        lines.window(taps, c);
                        best[c] = typename Result::type(F::of(taps));
                    }
                    put(y, made++, best);
                }
            }
        }
    }
}

// y = F(all pixels) of every lane of every image.
//@task
template <class F, int Images, int Pixels, int Steps, class Out, class In>
void global_pool(Out &&y, In &&x) {
    using Result = decltype(beat_of(y));
    using T = typename F::template result<typename decltype(beat_of(x))::type>;
    for (int n = 0; n < Images; ++n) {
        Beat<T, Result::lanes> best;
        for (int s = 0; s < Steps; ++s) {  //@pipeline
            for (int q = 0; q < Pixels / Steps; ++q) {  //@unroll
                const int p = s * (Pixels / Steps) + q;
                const auto &pixel = get(x, n * Pixels + p);
                for (int c = 0; c < Result::lanes; ++c) {  //@unroll
                    best[c] = p == 0 ? T(pixel[c]) : T(F::both(best[c], T(pixel[c])));
                }
            }
        }
        put(y, n, beat<Result>(best));
    }
}

}  // namespace kernels
