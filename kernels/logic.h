// Comparison, logic and choice, element by element; a boolean is zero or one.
#pragma once

#include "beats.h"

namespace kernels {

// Whether a >= b, both compared as numbers of type T.
template <class T>
struct GreaterOrEqual {
    template <class Y, class A, class B>
    static Y of(const A &a, const B &b) {
        return T(a) < T(b) ? Y(0) : Y(1);
    }
};

struct Not {
    template <class Y, class X>
    static Y of(const X &x) {
        return x == X(0) ? Y(1) : Y(0);
    }
};

struct And {
    template <class Y, class A, class B>
    static Y of(const A &a, const B &b) {
        return a == A(0) || b == B(0) ? Y(0) : Y(1);
    }
};

struct Or {
    template <class Y, class A, class B>
    static Y of(const A &a, const B &b) {
        return a == A(0) && b == B(0) ? Y(0) : Y(1);
    }
};

struct Xor {
    template <class Y, class A, class B>
    static Y of(const A &a, const B &b) {
        return (a == A(0)) == (b == B(0)) ? Y(0) : Y(1);
    }
};

// The one number or the other.
struct Where {
    template <class Y, class C, class A, class B>
    static Y of(const C &condition, const A &yes, const B &no) {
        return condition == C(0) ? Y(no) : Y(yes);
    }
};

}  // namespace kernels
