// Any function of one number, as a table of numbers or of rows.
#pragma once

#include "elementwise.h"

namespace kernels {

template <class T, int N>
struct Entries {
    T entry[N];
};

// The entry c - Lo for every x = c * 2**exp; a Domain has this step, and holds every x.
template <class Domain, int Lo>
struct Table {
    template <class Y, class X, class T, int N>
    static Y of(const X &x, const Entries<T, N> &values) {
        return Y(value(values.entry[to_int64(code_of(Domain(x))) - Lo]));
    }
};

// The row c - Lo for the only lane x = c * 2**exp of each position.
//@task
template <class Domain, int Lo, int Positions, int Steps, class Y, class X, class T, int E, int N>
void rows(Y &&y, X &&x, const T (&values)[E][N]) {
    using In = decltype(beat_of(x));
    using Out = decltype(beat_of(y));
    for (int s = 0; s < Steps; ++s) {  //@pipeline
        for (int q = 0; q < Positions / Steps; ++q) {  //@unroll
            const int p = s * (Positions / Steps) + q;
            const In given = beat<In>(get(x, p));
            const int row = to_int64(code_of(Domain(given[0]))) - Lo;
            Out made;
            for (int i = 0; i < N; ++i) {  //@unroll
                made[i] = typename Out::type(value(values[row][i]));
            }
            put(y, p, made);
        }
    }
}

}  // namespace kernels
