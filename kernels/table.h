// Any function of one number, as a table.
#pragma once

#include "broadcast.h"

namespace kernels {

// y = values[c - Lo] for every x = c * 2**Domain::exp; a Domain holds every x.
template <class Domain, int Lo, class Y, class X, class Value, int Entries>
void table(Y &y, const X &x, const Value (&values)[Entries]) {
    each([&](const auto &s) { return values[static_cast<int>(as<Domain>(s).code) - Lo]; }, y, x);
}

}  // namespace kernels
