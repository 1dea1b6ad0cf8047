// Integers of any width, in two's complement: the one file that is about the compiler.
//
// integer<W> holds every signed code of W bits. Arithmetic is between equal types, conversion is
// explicit and keeps the low bits, and who adds must have chosen a W that holds the sum.
#pragma once

#include <cstdint>

#include "sizes.h"

// What is between a kernel and its machine instructions must vanish, or loops do not vectorize.
#define FIXED_INLINE inline __attribute__((always_inline))

namespace kernels {

// N > 4 limbs of 32 bits, the lowest first; what does not fit is cut off.
template <int N>
struct wide {
    std::uint32_t limb[N];

    wide() = default;

    template <class T>
    constexpr wide(T x) : limb{} {
        const __int128 all = static_cast<__int128>(x);
        for (int i = 0; i < N; ++i) {
            limb[i] = static_cast<std::uint32_t>(all >> smaller(32 * i, 127));
        }
    }

    template <int M>
    constexpr wide(const wide<M> &x) : limb{} {
        for (int i = 0; i < N; ++i) limb[i] = i < M ? x.limb[i] : x.sign();
    }

    template <class T>
    explicit constexpr operator T() const {
        unsigned __int128 x = 0;
        for (int i = 3; i >= 0; --i) x = x << 32 | limb[i];
        return static_cast<T>(x);
    }

    constexpr std::uint32_t sign() const { return limb[N - 1] >> 31 ? ~std::uint32_t(0) : 0; }
};

template <int N>
constexpr wide<N> operator+(const wide<N> &a, const wide<N> &b) {
    wide<N> y(0);
    std::uint64_t carry = 0;
    for (int i = 0; i < N; ++i) {
        carry += std::uint64_t(a.limb[i]) + b.limb[i];
        y.limb[i] = static_cast<std::uint32_t>(carry);
        carry >>= 32;
    }
    return y;
}

template <int N>
constexpr wide<N> operator~(const wide<N> &a) {
    wide<N> y(0);
    for (int i = 0; i < N; ++i) y.limb[i] = ~a.limb[i];
    return y;
}

template <int N>
constexpr wide<N> operator-(const wide<N> &a) {
    return ~a + wide<N>(1);
}

template <int N>
constexpr wide<N> operator-(const wide<N> &a, const wide<N> &b) {
    return a + -b;
}

template <int N>
constexpr wide<N> operator*(const wide<N> &a, const wide<N> &b) {
    wide<N> y(0);
    for (int i = 0; i < N; ++i) {
        std::uint64_t carry = 0;
        for (int j = 0; i + j < N; ++j) {
            carry += std::uint64_t(a.limb[i]) * b.limb[j] + y.limb[i + j];
            y.limb[i + j] = static_cast<std::uint32_t>(carry);
            carry >>= 32;
        }
    }
    return y;
}

template <int N>
constexpr wide<N> operator&(const wide<N> &a, const wide<N> &b) {
    wide<N> y(0);
    for (int i = 0; i < N; ++i) y.limb[i] = a.limb[i] & b.limb[i];
    return y;
}

template <int N>
constexpr wide<N> operator<<(const wide<N> &a, int by) {
    wide<N> y(0);
    const int limbs = by / 32, bits = by % 32;
    for (int i = 0; i < N; ++i) {
        const std::uint64_t high = i >= limbs ? a.limb[i - limbs] : 0;
        const std::uint64_t low = i > limbs ? a.limb[i - limbs - 1] : 0;
        y.limb[i] = static_cast<std::uint32_t>((high << 32 | low) << bits >> 32);
    }
    return y;
}

template <int N>
constexpr wide<N> operator>>(const wide<N> &a, int by) {
    wide<N> y(0);
    const int limbs = by / 32, bits = by % 32;
    for (int i = 0; i < N; ++i) {
        const std::uint64_t low = i + limbs < N ? a.limb[i + limbs] : a.sign();
        const std::uint64_t high = i + limbs + 1 < N ? a.limb[i + limbs + 1] : a.sign();
        y.limb[i] = static_cast<std::uint32_t>((high << 32 | low) >> bits);
    }
    return y;
}

template <int N>
constexpr bool operator<(const wide<N> &a, const wide<N> &b) {
    if (a.sign() != b.sign()) return a.sign() != 0;
    for (int i = N - 1; i >= 0; --i) {
        if (a.limb[i] != b.limb[i]) return a.limb[i] < b.limb[i];
    }
    return false;
}

template <int N>
constexpr bool operator==(const wide<N> &a, const wide<N> &b) {
    for (int i = 0; i < N; ++i) {
        if (a.limb[i] != b.limb[i]) return false;
    }
    return true;
}

template <int N>
constexpr bool operator!=(const wide<N> &a, const wide<N> &b) {
    return !(a == b);
}
template <int N>
constexpr bool operator>(const wide<N> &a, const wide<N> &b) {
    return b < a;
}
template <int N>
constexpr bool operator<=(const wide<N> &a, const wide<N> &b) {
    return !(b < a);
}
template <int N>
constexpr bool operator>=(const wide<N> &a, const wide<N> &b) {
    return !(a < b);
}

// The narrowest types that have W bits, with a sign and without one; beyond the compiler's own,
// both are one.
template <int W, int Class = (W > 8) + (W > 16) + (W > 32) + (W > 64) + (W > 128)>
struct storage {
    using with_sign = wide<(W + 31) / 32>;
    using without = with_sign;
};
template <int W>
struct storage<W, 0> {
    using with_sign = std::int8_t;
    using without = std::uint8_t;
};
template <int W>
struct storage<W, 1> {
    using with_sign = std::int16_t;
    using without = std::uint16_t;
};
template <int W>
struct storage<W, 2> {
    using with_sign = std::int32_t;
    using without = std::uint32_t;
};
template <int W>
struct storage<W, 3> {
    using with_sign = std::int64_t;
    using without = std::uint64_t;
};
template <int W>
struct storage<W, 4> {
    using with_sign = __int128;
    using without = unsigned __int128;
};

// What computes on codes of W bits: exactly, or modulo 2**W at least.
template <int W>
using integer = typename storage<larger(W, 32)>::with_sign;
template <int W>
using modular = typename storage<larger(W, 32)>::without;

// What stores W bits, of which the first may be a sign.
template <int W, bool S, bool Native = (W <= 64)>
struct rom {
    using type = integer<W + !S>;
};
template <int W>
struct rom<W, true, true> {
    using type = typename storage<W>::with_sign;
};
template <int W>
struct rom<W, false, true> {
    using type = typename storage<W>::without;
};

// x * 2**by, where 0 <= by < W, of which the highest bits may be lost.
template <int W>
FIXED_INLINE constexpr integer<W> lifted(const integer<W> &x, int by) {
    return static_cast<integer<W>>(static_cast<modular<W>>(x) << by);
}

// The ends of what W bits hold.
template <int W, bool S>
FIXED_INLINE constexpr integer<W + !S> highest_code() {
    return ~lifted<W + !S>(integer<W + !S>(-1), W - S);
}
template <int W, bool S>
FIXED_INLINE constexpr integer<W + !S> lowest_code() {
    return S ? ~highest_code<W, S>() : integer<W + !S>(0);
}

// The lowest W bits, read as signed or unsigned: what W wires carry of a number.
template <int W, bool S, class T>
FIXED_INLINE constexpr integer<W + !S> keep(const T &x) {
    using Code = integer<W + !S>;
    constexpr int unused = 8 * sizeof(Code) - W;
    const Code code = static_cast<Code>(x);
    return S ? lifted<W + !S>(code, unused) >> unused : code & highest_code<W, S>();
}

// The lowest 64 bits.
template <class Code>
FIXED_INLINE constexpr std::int64_t to_int64(const Code &code) {
    return static_cast<std::int64_t>(code);
}

}  // namespace kernels
