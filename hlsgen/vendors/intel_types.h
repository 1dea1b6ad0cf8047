// The numbers of the kernels, as Intel's ac_fixed and ac_int.
#pragma once

#include <sycl/ext/intel/ac_types/ac_fixed.hpp>
#include <sycl/ext/intel/ac_types/ac_int.hpp>

namespace kernels {

// Conversions to less do not compile; so a type does not limit what fits into one bit.
constexpr int least_bits = 2;

}  // namespace kernels

#include "ac_numbers.h"
