// How the bits of a payload become the words of a compiled kernel, and back: see sim/dpi.py.
#pragma once

#include <algorithm>
#include <cstdint>

namespace dpi {

// Elements in a row that have the same format.
struct Run {
    int count;
    int width;
    bool is_signed;
};

// The lowest bits set: 1 to 32 of them.
inline std::uint32_t ones(int bits) { return 0xFFFFFFFF >> (32 - bits); }

// Takes bits out of a payload, the lowest first.
class Reader {
  public:
    explicit Reader(const std::uint32_t *payload) : next(payload) {}

    std::uint32_t take(int bits) {
        if (count < bits) {
            held |= std::uint64_t(*next++) << count;
            count += 32;
        }
        const std::uint32_t taken = std::uint32_t(held) & ones(bits);
        held >>= bits;
        count -= bits;
        return taken;
    }

  private:
    const std::uint32_t *next;
    std::uint64_t held = 0;
    int count = 0;
};

// Puts bits into a payload, the lowest first.
class Writer {
  public:
    explicit Writer(std::uint32_t *payload) : next(payload) {}
    ~Writer() {
        if (count) *next = std::uint32_t(held);
    }

    void put(std::uint32_t value, int bits) {
        held |= std::uint64_t(value & ones(bits)) << count;
        count += bits;
        if (count < 32) return;
        *next++ = std::uint32_t(held);
        held >>= 32;
        count -= 32;
    }

  private:
    std::uint32_t *next;
    std::uint64_t held = 0;
    int count = 0;
};

// Continue a code above its width, with its sign or with zeros; false if it was more than that.
template <int Limbs>
bool extend(std::uint32_t *code, const Run &run) {
    const int high = run.width - 1;
    const bool negative = run.is_signed && code[high / 32] >> high % 32 & 1;
    bool fits = true;
    for (int i = high / 32; i < Limbs; ++i) {
        const int own = std::min(run.width - 32 * i, 32);
        const std::uint32_t mask = own > 0 ? ones(own) : 0;
        const std::uint32_t limb = negative ? code[i] | ~mask : code[i] & mask;
        fits &= limb == code[i];
        code[i] = limb;
    }
    return fits;
}

template <int Limbs, int N>
void read(const Run (&runs)[N], const std::uint32_t *payload, std::uint32_t *code) {
    Reader reader(payload);
    for (const Run &run : runs)
        for (int i = 0; i < run.count; ++i, code += Limbs) {
            for (int at = 0; at < run.width; at += 32)
                code[at / 32] = reader.take(std::min(run.width - at, 32));
            extend<Limbs>(code, run);
        }
}

// The number of the first element whose code does not fit into its bits, or -1.
template <int Limbs, int N>
int write(const Run (&runs)[N], std::uint32_t *code, std::uint32_t *payload) {
    Writer writer(payload);
    int element = 0, unfit = -1;
    for (const Run &run : runs)
        for (int i = 0; i < run.count; ++i, ++element, code += Limbs) {
            if (!extend<Limbs>(code, run) && unfit < 0) unfit = element;
            for (int at = 0; at < run.width; at += 32)
                writer.put(code[at / 32], std::min(run.width - at, 32));
        }
    return unfit;
}

}  // namespace dpi
