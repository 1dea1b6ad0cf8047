// How numbers come into a compiled kernel and out again: the other side of sim/csim.py.
//
// A code takes the same number of 64-bit words everywhere in a library, in two's complement, the
// lowest word first, on a little-endian machine: seen from here, of 32-bit limbs, twice as many.
#pragma once

#include <cstdint>

namespace csim {

// `Number` is an aggregate of one `code`, of any type of integer that is wide enough.
template <int Words, class Number>
void read(Number &x, const std::uint32_t *&limbs) {
    using Code = decltype(x.code);
    Code code(static_cast<std::int32_t>(limbs[2 * Words - 1]));
    for (int i = 2 * Words - 2; i >= 0; --i) code = code * (Code(1) << 32) + Code(limbs[i]);
    x.code = code;
    limbs += 2 * Words;
}
template <int Words, class Element, int N>
void read(Element (&x)[N], const std::uint32_t *&limbs) {
    for (int i = 0; i < N; ++i) read<Words>(x[i], limbs);
}

template <int Words, class Number>
void write(const Number &x, std::uint32_t *&limbs) {
    auto code = x.code;
    for (int i = 0; i < 2 * Words; ++i) {
        *limbs++ = static_cast<std::uint32_t>(static_cast<std::int64_t>(code));
        code = code >> 32;
    }
}
template <int Words, class Element, int N>
void write(const Element (&x)[N], std::uint32_t *&limbs) {
    for (int i = 0; i < N; ++i) write<Words>(x[i], limbs);
}

}  // namespace csim
