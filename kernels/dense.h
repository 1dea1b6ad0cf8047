// Products of matrices.
#pragma once

#include "beats.h"

namespace kernels {

// y = w @ x + b for one vector; the rows of w share the lanes of x among so many groups. It takes
// OutSteps * InSteps steps, each of which multiplies one block of w. An Acc holds every row's sum.
template <class Acc, int OutSteps, int InSteps, int Groups, class Y, int Out, class X, class W,
          int In, class B>
void product(Beat<Y, Out> &y, const X &x, const W (&w)[Out][In], const B &b) {
    constexpr int outs = Out / OutSteps, ins = In / InSteps;
    static_assert(outs * OutSteps == Out && ins * InSteps == In, "steps do not divide the work");
    for (int s = 0; s < OutSteps; ++s) {
        Sum<Acc> sums[outs];  //@registers sums
        for (int t = 0; t < InSteps; ++t) {  //@pipeline
            for (int o = 0; o < outs; ++o) {  //@unroll
                const int row = s * outs + o, first = row / (Out / Groups) * In + t * ins;
                if (t == 0) sums[o] = Sum<Acc>(Acc(lane(b, row)));
                for (int i = 0; i < ins; ++i) {  //@unroll
                    sums[o].add(value(x[first + i]) * value(w[row][t * ins + i]));
                }
                if (t == InSteps - 1) y[row] = Y(sums[o].value());
            }
        }
    }
}

// y = x @ w' + b for every position of x; w has a row for each lane of y, b is one row.
//@task
template <class Acc, int Positions, int Steps, class Y, class X, class W, class B, int Out, int In>
void dense(Y &&y, X &&x, const W (&w)[Out][In], const B &b) {
    for (int s = 0; s < Steps; ++s) {  //@pipeline
        for (int q = 0; q < Positions / Steps; ++q) {  //@unroll
            const int p = s * (Positions / Steps) + q;
            decltype(beat_of(y)) sums;
            product<Acc, 1, 1, 1>(sums, get(x, p), w, get(b, 0));
            put(y, p, sums);
        }
    }
}

// The same, with OutSteps * InSteps steps for each position.
//@task
template <class Acc, int Positions, int OutSteps, int InSteps, class Y, class X, class W, class B,
          int Out, int In>
void dense_reused(Y &&y, X &&x, const W (&w)[Out][In], const B &b) {
    for (int p = 0; p < Positions; ++p) {
        decltype(beat_of(y)) sums;
        product<Acc, OutSteps, InSteps, 1>(sums, get(x, p), w, get(b, 0));
        put(y, p, sums);
    }
}

// y = a @ b for a stack of matrices, one below the other; a single one stands for all. Arrays.
//@task
template <class Acc, int Stack, int Steps, int OutSteps, int InSteps, class Y, class A, class B,
          int Rows, int Out, int In, int RowsA, int RowsB>
void matmul(Y (&y)[Rows][Out], const A (&a)[RowsA][In], const B (&b)[RowsB][Out]) {
    static const constant<1, 1, false> zero[1] = {{0}};
    for (int s = 0; s < Steps; ++s) {
        for (int q = 0; q < Rows / Steps; ++q) {  //@unroll
            const int p = s * (Rows / Steps) + q, first = p / (Rows / Stack) * In % RowsB;
            value_t<A> row[In];  //@registers row
            value_t<B> columns[Out][In];  //@registers columns
            for (int i = 0; i < In; ++i) {  //@unroll
                row[i] = value(a[p % RowsA][i]);
                for (int o = 0; o < Out; ++o) {  //@unroll
                    columns[o][i] = value(b[first + i][o]);
                }
            }
            Beat<Y, Out> sums;
            product<Acc, OutSteps, InSteps, 1>(sums, row, columns, zero);
            put(y, p, sums);
        }
    }
}

}  // namespace kernels
