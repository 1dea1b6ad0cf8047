// What is said of numbers without asking how they are made: constants, signs, ends, sums.
//
// Whoever includes this has chosen fixed, Format, code_of, of_code, exactly and rom before.
#pragma once

namespace kernels {

template <class T>
struct Format<const T> : Format<T> {};

// A number by its code, in as few bits as the compiler has. An aggregate, so that a list of codes
// is a constant.
template <int W, int I, bool S>
struct constant {
    typename rom<W, S>::type code;
};

template <int W, int I, bool S>
FIXED_INLINE constexpr fixed<W, I, S> value(const constant<W, I, S> &x) {
    return exactly<fixed<W, I, S>>(integer<W + !S>(x.code));
}
template <class X>
FIXED_INLINE constexpr X value(const X &x) {
    return x;
}

template <class X>
FIXED_INLINE constexpr bool negative(const X &x) {
    return code_of(x) < decltype(code_of(x))(0);
}

// The least number of a format.
template <class X>
FIXED_INLINE constexpr X lowest() {
    constexpr int width = Format<X>::width;
    using Code = integer<width + 1>;
    return of_code<X>(Format<X>::is_signed ? Code(Code(1) << (width - 1)) : Code(0));
}

// A sum in the format T, which wraps.
template <class T>
class Sum {
    T total;

   public:
    Sum() = default;
    explicit Sum(const T &x) : total(x) {}

    // Add a number in steps of T, or in coarser ones.
    template <class X>
    void add(const X &x) {
        static_assert(Format<X>::exp >= Format<T>::exp, "a sum does not round");
        total = total + x;
    }

    T value() const { return total; }
};

}  // namespace kernels
