// Operators that only move elements: their places are constants, so they are wires.
#pragma once

#include "beats.h"

namespace kernels {

// The element at a place, counted through all rows of all tensors, one tensor after the other.
template <class Y, class X, int P, int N>
Y element(int place, const X (&x)[P][N]) {
    return Y(value(x[place / N][place % N]));
}
template <class Y, class X, int P, int N, class Other, class... Others>
Y element(int place, const X (&x)[P][N], const Other &other, const Others &...others) {
    return place < P * N ? element<Y>(place, x) : element<Y>(place - P * N, other, others...);
}

// The elements at these places of the tensors. Needs arrays.
//@task
template <int Steps, class Y, int P, int N, class... X>
void gather(Y (&y)[P][N], const int (&places)[P][N], const X &...x) {
    for (int s = 0; s < Steps; ++s) {  //@pipeline
        for (int q = 0; q < P / Steps; ++q) {  //@unroll
            const int p = s * (P / Steps) + q;
            for (int i = 0; i < N; ++i) {  //@unroll
                y[p][i] = element<Y>(places[p][i], x...);
            }
        }
    }
}

// The lane at a place, counted through the lanes of one position of all tensors.
template <class Y, class Row>
Y lane_at(int place, const Row &row) {
    return Y(lane(row, place));
}
template <class Y, class T, int N, class Other, class... Others>
Y lane_at(int place, const Beat<T, N> &row, const Other &other, const Others &...others) {
    return place < N ? Y(row[place]) : lane_at<Y>(place - N, other, others...);
}
template <class Y, class T, int N, class Other, class... Others>
Y lane_at(int place, const T (&row)[N], const Other &other, const Others &...others) {
    return place < N ? Y(value(row[place])) : lane_at<Y>(place - N, other, others...);
}

template <class Out, class... Rows>
Out picked(const int (&places)[Out::lanes], const Rows &...rows) {
    Out y;
    for (int i = 0; i < Out::lanes; ++i) {  //@unroll
        y[i] = lane_at<typename Out::type>(places[i], rows...);
    }
    return y;
}

// Position by position, the lanes at these places of the tensors.
//@task
template <int Positions, class Y, int N, class... X>
void merge(Y &&y, const int (&places)[N], X &&...x) {
    using Out = decltype(beat_of(y));
    for (int p = 0; p < Positions; ++p) {  //@pipeline
        put(y, p, picked<Out>(places, get(x, p)...));
    }
}

// All of x, kept until its elements at these places can be given.
//@task
template <int Positions, class Y, class X, int P, int N>
void rearrange(Y &&y, X &&x, const int (&places)[P][N]) {
    using In = decltype(beat_of(x));
    using Out = decltype(beat_of(y));
    typename In::type kept[Positions][In::lanes];  //@registers kept
    for (int p = 0; p < Positions; ++p) {  //@pipeline
        put(kept, p, beat<In>(get(x, p)));
    }
    for (int p = 0; p < P; ++p) {  //@pipeline
        Out given;
        for (int i = 0; i < N; ++i) {  //@unroll
            given[i] = element<typename Out::type>(places[p][i], kept);
        }
        put(y, p, given);
    }
}

// What a step of `follow` does.
struct Step {
    signed char from;  // the tensor whose next position is read; none if negative
    signed char give;  // 1: what was read last; -1: `fill`; 0: nothing
};

template <class Out>
Out next(int, int *) {
    return Out();
}
template <class Out, class X, class... Others>
Out next(int from, int *done, X &&x, Others &&...others) {
    if (from == 0) return beat<Out>(get(x, (*done)++));
    return next<Out>(from - 1, done + 1, others...);
}

// Whole positions of the tensors in another order: each tensor is read in its own order, and all
// of it.
//@task
template <class Y, int N, class Fill, class... X>
void follow(Y &&y, const Step (&steps)[N], const Fill &fill, X &&...x) {
    using Out = decltype(beat_of(y));
    int done[sizeof...(X)] = {};
    int made = 0;
    Out last;
    for (int s = 0; s < N; ++s) {  //@pipeline
        if (steps[s].from >= 0) last = next<Out>(steps[s].from, done, x...);
        if (steps[s].give > 0) put(y, made++, last);
        if (steps[s].give < 0) put(y, made++, beat<Out>(get(fill, 0)));
    }
}

// What a step of `recall` does.
struct Recall {
    bool read;  // the next position
    int from;   // the slot of a position that was read before; behind the last slot, the one that
                // was read last
    int lanes;  // which of its lanes go where, by number of a list of that
    bool give;  // the position that is made of them
};

// Positions made of lanes of the last ones that were read, which a memory of so many slots keeps in
// turns. Of each lane, `lanes` says which one it takes; none if that is negative: then it is as it
// was, or `fill` at -2.
//@task
template <int Slots, class Y, class X, int N, int L, int M, class Fill>
void recall(Y &&y, X &&x, const Recall (&steps)[N], const int (&lanes)[L][M], const Fill &fill) {
    using In = decltype(beat_of(x));
    using Out = decltype(beat_of(y));
    using T = typename Out::type;
    In kept[Slots];  //@memory kept
    In last = In();
    Out made = Out();
    int read = 0, slot = 0, given = 0;
    for (int s = 0; s < N; ++s) {  //@pipeline
        if (steps[s].read) {
            last = beat<In>(get(x, read++));
            kept[slot] = last;
            slot = slot + 1 == Slots ? 0 : slot + 1;
        }
        const In from = Slots == 1 || steps[s].from == Slots ? last : kept[steps[s].from];
        for (int i = 0; i < M; ++i) {  //@unroll
            const int place = lanes[steps[s].lanes][i];
            if (place == -2) made[i] = T(value(fill[0][0]));
            if (place >= 0) made[i] = T(from[place]);
        }
        if (steps[s].give) put(y, given++, made);
    }
}

// The same x for every y: what is written once is read once.
//@task
template <int Positions, class X, class... Y>
void fork(X &&x, Y &&...y) {
    using In = decltype(beat_of(x));
    for (int p = 0; p < Positions; ++p) {  //@pipeline
        const In same = beat<In>(get(x, p));
        static_cast<void>(same);  // which nobody may want
        const int given[] = {0, (put(y, p, same), 0)...};
        static_cast<void>(given);
    }
}

}  // namespace kernels
