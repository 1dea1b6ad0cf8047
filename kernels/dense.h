// Products of matrices.
#pragma once

#include "broadcast.h"

namespace kernels {

// y = a @ b. A vector is a matrix of one row or column, a stack one call for each matrix.
template <class Y, class A, class B, int M, int K, int N>
void matmul(Y (&y)[M][N], const A (&a)[M][K], const B (&b)[K][N]) {
    using Total = total_t<product_t<A, B>, K>;
    for (int m = 0; m < M; ++m) {
        for (int n = 0; n < N; ++n) {
            Total total{0};
            for (int k = 0; k < K; ++k) total = as<Total>(total + a[m][k] * b[k][n]);
            y[m][n] = as<Y>(total);
        }
    }
}

// Rows become columns, if so wished; else the same matrix.
template <bool Trans, class X, int M, int N, int P, int Q>
void transposed(X (&y)[M][N], const X (&x)[P][Q]) {
    static_assert(Trans ? (M == Q && N == P) : (M == P && N == Q), "shapes do not fit");
    for (int m = 0; m < M; ++m) {
        for (int n = 0; n < N; ++n) y[m][n] = Trans ? x[n][m] : x[m][n];
    }
}

// y = alpha * a' @ b' + beta * c, where c broadcasts.
template <bool TransA, bool TransB, class Y, class A, class B, class C, class Alpha, class Beta,
          int M, int N, int P, int Q, int R, int S, int T, int U>
void gemm(Y (&y)[M][N], const A (&a)[P][Q], const B (&b)[R][S], const C (&c)[T][U],
          const Alpha &alpha, const Beta &beta) {
    constexpr int K = TransA ? P : Q;
    A left[M][K];
    B right[K][N];
    total_t<product_t<A, B>, K> product[M][N];
    transposed<TransA>(left, a);
    transposed<TransB>(right, b);
    matmul(product, left, right);
    each([&](const auto &s, const auto &t) { return alpha * s + beta * t; }, y, product, c);
}

}  // namespace kernels
