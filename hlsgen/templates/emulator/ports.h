// What goes into a network and comes out of it: codes, and the real numbers that they stand for.
//
// Tables have an entry for each element of a tensor, in C order, or a single one for all.
#pragma once

#include <cstdint>

#include "fixed.h"

namespace kernels {

template <class T, int N>
constexpr const T &entry(const T (&table)[N], int i) {
    return table[N == 1 ? 0 : i];
}

// The codes of an element. Their steps are coarser by so many bits than those of the numbers that
// the network computes with.
struct Range {
    std::int64_t lo, hi;
    int coarser;
};

// The element in lane i of position p, of N lanes: those of a lane come in runs.
template <int N, int Run>
constexpr int element(int p, int i) {
    return (p / Run * N + i) * Run + p % Run;
}

// A tensor takes its codes; false if one is out of its range.
template <int Run, class T, int P, int N, int Ranges>
bool load(T (&x)[P][N], const std::int64_t *codes, const Range (&ranges)[Ranges]) {
    constexpr int bits = larger(64, Format<T>::width + 1);
    bool fits = true;
    for (int p = 0; p < P; ++p) {
        for (int i = 0; i < N; ++i) {
            const int at = element<N, Run>(p, i);
            const Range &range = entry(ranges, at);
            fits &= range.lo <= codes[at] && codes[at] <= range.hi;
            x[p][i] = of_code<T>(lifted<bits>(integer<bits>(codes[at]), range.coarser));
        }
    }
    return fits;
}

// The codes of a tensor, each in so many words, the lowest one first.
template <int Run, int Words, class T, int P, int N, int Steps>
void store(const T (&y)[P][N], std::int64_t *words, const int (&coarser)[Steps]) {
    using Code = integer<larger(64 * Words, Format<T>::width + 1)>;
    for (int p = 0; p < P; ++p) {
        for (int i = 0; i < N; ++i) {
            const int at = element<N, Run>(p, i);
            Code code = Code(code_of(y[p][i])) >> entry(coarser, at);
            for (int w = 0; w < Words; ++w) {
                words[at * Words + w] = to_int64(code);
                code = Code(code >> 32) >> 31 >> 1;  // by 64, even where there are no more bits
            }
        }
    }
}

inline bool finite(double x) { return x - x == 0; }

// A real number in steps, rounded and then brought into a range; exact, for it has no more than 50
// bits.
template <Rounding R, Overflow O>
std::int64_t on_grid(double x, double steps_per_unit, const Range &range) {
    constexpr bool turns = O == Overflow::WRAP || O == Overflow::REFLECT;
    const double below = static_cast<double>(range.lo - 1);
    const double above = static_cast<double>(range.hi + 1);
    if (turns) x = __builtin_fmod(x, 2 * (above - below - 1) / steps_per_unit);
    double steps = x * steps_per_unit;
    if (steps == 0) steps = x;  // what underflows is still on its side of zero
    if (!turns) steps = steps < below ? below : steps > above ? above : steps;
    std::int64_t floor = static_cast<std::int64_t>(steps);
    floor -= steps < static_cast<double>(floor);
    // Compared as they are: what lies above the floor may have more digits than a double.
    const double down = static_cast<double>(floor), middle = down + 0.5;
    const std::int64_t quarters =
        4 * floor + (steps > down) + (steps >= middle) + (steps > middle);
    return limit<O, 64>(round<R, 64>(quarters, 2), range.lo, range.hi);
}

// A code for every real number: `first`, and `step` more at each of the levels, which ascend.
template <int N>
struct Stairs {
    std::int64_t first, step;
    double levels[N];
};

template <int N>
std::int64_t on_stairs(double x, const Stairs<N> &stairs) {
    int reached = 0, end = N;  // levels[reached - 1] <= x < levels[end]
    while (reached < end) {
        const int middle = reached + (end - reached) / 2;
        if (stairs.levels[middle] <= x) {
            reached = middle + 1;
        } else {
            end = middle;
        }
    }
    return stairs.first + stairs.step * reached;
}

// What a code stands for.
struct Scale {
    double factor, offset;
};

inline double real(std::int64_t code, const Scale &scale) {
    // Volatile, or some compilers fuse this with the sum, which then is rounded once only.
    const volatile double product = static_cast<double>(code) * scale.factor;
    return product + scale.offset;
}

}  // namespace kernels
