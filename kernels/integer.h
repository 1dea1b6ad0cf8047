// Integers of any width, in two's complement: the one file that is about the compiler.
//
// integer<W> holds every signed code of W bits. Where a compiler brings integers of any width
// along (ap_int<W>, ac_int<W, true>), they take its place, and `keep` is a conversion.
#pragma once

#include <cstdint>

namespace kernels {

constexpr int larger(int a, int b) { return a < b ? b : a; }
constexpr int smaller(int a, int b) { return a < b ? a : b; }

// N limbs of 32 bits, the lowest first; what does not fit is cut off.
template <int N>
struct wide {
    std::uint32_t limb[N];

    wide() = default;

    template <class T>
    wide(T x) {
        const __int128 all = x;
        for (int i = 0; i < N; ++i) {
            limb[i] = static_cast<std::uint32_t>(all >> smaller(32 * i, 127));
        }
    }

    template <int M>
    wide(const wide<M> &x) {
        for (int i = 0; i < N; ++i) limb[i] = i < M ? x.limb[i] : x.sign();
    }

    explicit operator std::int64_t() const { return native<std::int64_t, std::uint64_t>(); }
    explicit operator __int128() const { return native<__int128, unsigned __int128>(); }

    std::uint32_t sign() const { return limb[N - 1] >> 31 ? ~std::uint32_t(0) : 0; }

   private:
    template <class T, class Unsigned>
    T native() const {
        Unsigned x = 0;
        for (int i = sizeof(T) / 4 - 1; i >= 0; --i) x = x << 32 | (i < N ? limb[i] : sign());
        return static_cast<T>(x);
    }
};

template <int N>
wide<N> operator+(const wide<N> &a, const wide<N> &b) {
    wide<N> y;
    std::uint64_t carry = 0;
    for (int i = 0; i < N; ++i) {
        carry += std::uint64_t(a.limb[i]) + b.limb[i];
        y.limb[i] = static_cast<std::uint32_t>(carry);
        carry >>= 32;
    }
    return y;
}

template <int N>
wide<N> operator~(const wide<N> &a) {
    wide<N> y;
    for (int i = 0; i < N; ++i) y.limb[i] = ~a.limb[i];
    return y;
}

template <int N>
wide<N> operator-(const wide<N> &a) {
    return ~a + wide<N>(1);
}

template <int N>
wide<N> operator-(const wide<N> &a, const wide<N> &b) {
    return a + -b;
}

template <int N>
wide<N> operator*(const wide<N> &a, const wide<N> &b) {
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
wide<N> operator&(const wide<N> &a, const wide<N> &b) {
    wide<N> y;
    for (int i = 0; i < N; ++i) y.limb[i] = a.limb[i] & b.limb[i];
    return y;
}

template <int N>
wide<N> operator<<(const wide<N> &a, int by) {
    wide<N> y;
    const int limbs = by / 32, bits = by % 32;
    for (int i = 0; i < N; ++i) {
        const std::uint64_t high = i >= limbs ? a.limb[i - limbs] : 0;
        const std::uint64_t low = i > limbs ? a.limb[i - limbs - 1] : 0;
        y.limb[i] = static_cast<std::uint32_t>((high << 32 | low) << bits >> 32);
    }
    return y;
}

template <int N>
wide<N> operator>>(const wide<N> &a, int by) {
    wide<N> y;
    const int limbs = by / 32, bits = by % 32;
    for (int i = 0; i < N; ++i) {
        const std::uint64_t low = i + limbs < N ? a.limb[i + limbs] : a.sign();
        const std::uint64_t high = i + limbs + 1 < N ? a.limb[i + limbs + 1] : a.sign();
        y.limb[i] = static_cast<std::uint32_t>((high << 32 | low) >> bits);
    }
    return y;
}

template <int N>
bool operator<(const wide<N> &a, const wide<N> &b) {
    if (a.sign() != b.sign()) return a.sign() != 0;
    for (int i = N - 1; i >= 0; --i) {
        if (a.limb[i] != b.limb[i]) return a.limb[i] < b.limb[i];
    }
    return false;
}

template <int N>
bool operator==(const wide<N> &a, const wide<N> &b) {
    for (int i = 0; i < N; ++i) {
        if (a.limb[i] != b.limb[i]) return false;
    }
    return true;
}

// The first of these types that has W bits.
template <int W, int Class = (W > 64) + (W > 128)>
struct storage {
    using type = wide<(W + 31) / 32>;
};
template <int W>
struct storage<W, 0> {
    using type = std::int64_t;
};
template <int W>
struct storage<W, 1> {
    using type = __int128;
};
template <int W>
using integer = typename storage<W>::type;

// The lowest W bits, read as signed or unsigned: what W wires carry of a number.
template <int W, bool Signed, class T>
integer<W + !Signed> keep(const T &x) {
    using Code = integer<W + !Signed>;
    constexpr int unused = 8 * sizeof(Code) - W;
    const Code code = static_cast<Code>(x);
    const Code mask = (Code(1) << (W - 1)) - Code(1) + (Code(1) << (W - 1));
    return Signed ? code << unused >> unused : code & mask;
}

// What is left of a division by n > 0, from 0 to n - 1; a mask where n is a power of two.
template <int W>
integer<W> modulo(const integer<W> &x, const integer<W> &n) {
    using Code = integer<W>;
    const Code zero(0), one(1), mask = n - one;
    if ((n & mask) == zero) return x & mask;
    Code rest = x < zero ? Code(~x) : x;  // -1 - x
    for (int i = W - 2; i >= 0; --i) {
        if (!((rest >> i) < n)) rest = rest - (n << i);
    }
    return x < zero ? Code(mask - rest) : rest;
}

}  // namespace kernels
