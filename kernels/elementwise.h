// Operators that treat every element alike.
#pragma once

#include "beats.h"

namespace kernels {

template <class F, class Out, class... Rows>
Out applied(const Rows &...rows) {
    Out y;
    for (int i = 0; i < Out::lanes; ++i) {  //@unroll
        y[i] = F::template of<typename Out::type>(lane(rows, i)...);
    }
    return y;
}

// y = F(x...); in so many steps, each of which takes a share of the positions.
//@task
template <class F, int Positions, int Steps, class Y, class... X>
void elementwise(Y &&y, X &&...x) {
    using Out = decltype(beat_of(y));
    for (int s = 0; s < Steps; ++s) {  //@pipeline
        for (int q = 0; q < Positions / Steps; ++q) {  //@unroll
            const int p = s * (Positions / Steps) + q;
            put(y, p, applied<F, Out>(get(x, p)...));
        }
    }
}

// The sum of any number of tensors.
struct Add {
    template <class Y, class X>
    static Y of(const X &x) {
        return Y(x);
    }
    template <class Y, class A, class B, class... X>
    static Y of(const A &a, const B &b, const X &...x) {
        return of<Y>(a + b, x...);
    }
};

struct Sub {
    template <class Y, class A, class B>
    static Y of(const A &a, const B &b) {
        return Y(a - b);
    }
};

struct Mul {
    template <class Y, class A, class B>
    static Y of(const A &a, const B &b) {
        return Y(a * b);
    }
};

// Of any number of tensors, all of which are compared as numbers of type T.
template <class T>
struct Max {
    template <class Y, class X>
    static Y of(const X &x) {
        return Y(x);
    }
    template <class Y, class A, class B, class... X>
    static Y of(const A &a, const B &b, const X &...x) {
        return of<Y>(T(a) < T(b) ? T(b) : T(a), x...);
    }
};

template <class T>
struct Min {
    template <class Y, class X>
    static Y of(const X &x) {
        return Y(x);
    }
    template <class Y, class A, class B, class... X>
    static Y of(const A &a, const B &b, const X &...x) {
        return of<Y>(T(b) < T(a) ? T(b) : T(a), x...);
    }
};

struct Neg {
    template <class Y, class X>
    static Y of(const X &x) {
        return Y(-x);
    }
};

struct Abs {
    template <class Y, class X>
    static Y of(const X &x) {
        return negative(x) ? Y(-x) : Y(x);
    }
};

struct Sign {
    template <class Y, class X>
    static Y of(const X &x) {
        return negative(x) ? Y(-1) : x == X(0) ? Y(0) : Y(1);
    }
};

struct Relu {
    template <class Y, class X>
    static Y of(const X &x) {
        return negative(x) ? Y(0) : Y(x);
    }
};

// x, times slope where it is negative.
struct PRelu {
    template <class Y, class X, class Slope>
    static Y of(const X &x, const Slope &slope) {
        return negative(x) ? Y(x * slope) : Y(x);
    }
};

// x where it is above alpha, else zero; both are numbers of type T.
template <class T>
struct ThresholdedRelu {
    template <class Y, class X, class Alpha>
    static Y of(const X &x, const Alpha &alpha) {
        return T(alpha) < T(x) ? Y(x) : Y(0);
    }
};

// x nearer to zero by bias, and zero from -edge to edge; all are numbers of type T.
template <class T>
struct Shrink {
    template <class Y, class X, class Bias, class Edge>
    static Y of(const X &x, const Bias &bias, const Edge &edge) {
        return T(x) < T(-edge) ? Y(x + bias) : T(edge) < T(x) ? Y(x - bias) : Y(0);
    }
};

// min(max(x, lo), hi), in this order; all are numbers of type T.
template <class T>
struct Clip {
    template <class Y, class X, class Lo, class Hi>
    static Y of(const X &x, const Lo &lo, const Hi &hi) {
        const T raised = T(x) < T(lo) ? T(lo) : T(x);
        return Y(T(hi) < raised ? T(hi) : raised);
    }
};

// The same number.
struct Copy {
    template <class Y, class X>
    static Y of(const X &x) {
        return Y(x);
    }
};

}  // namespace kernels
