// Arrays of any rank, element by element.
#pragma once

#include "fixed.h"

namespace kernels {

// Element i of an axis; the only element of an axis of one stands for all.
template <class X, int N>
const X &along(const X (&x)[N], int i) {
    return x[N == 1 ? 0 : i];
}

// y = f(x...), broadcast as numpy does. All have the rank of y; what has more hands f its rows.
template <class F, class Y, class... X>
void each(const F &f, Y &y, const X &...x) {
    y = as<Y>(f(x...));
}
template <class F, class Y, int N, class... X>
void each(const F &f, Y (&y)[N], const X &...x) {
    for (int i = 0; i < N; ++i) each(f, y[i], along(x, i)...);
}

}  // namespace kernels
