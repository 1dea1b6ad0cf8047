// The numbers of the kernels, as Siemens' ac_fixed and ac_int.
#pragma once

#include <ac_fixed.h>
#include <ac_int.h>

namespace kernels {

constexpr int least_bits = 1;

}  // namespace kernels

#include "ac_numbers.h"
