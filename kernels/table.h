// Any function of one number, as a table.
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

}  // namespace kernels
