// Arithmetic on sizes, at compile time.
#pragma once

namespace kernels {

constexpr int larger(int a, int b) { return a < b ? b : a; }
constexpr int smaller(int a, int b) { return a < b ? a : b; }

// How many bits tell n things apart.
constexpr int ceil_log2(int n) { return n > 1 ? 1 + ceil_log2((n + 1) / 2) : 0; }

}  // namespace kernels
