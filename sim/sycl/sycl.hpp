// As much of SYCL as a generated project needs to run without Intel's compiler: on the host, as C++
// for any compiler. It is no SYCL: nothing is checked that only a real one checks.
//
// As it is, tasks run when they are called, one after the other, and pipes have room for all.
// With -DSYCL_THREADS each task has a thread, and a pipe as much room as it was declared with: a
// pipe that is too small stops the program, which says who is full and who is empty. Ports, which
// are declared without a size, take and give as much as they are asked to.
#pragma once

#ifndef SYCL_EXTERNAL
#define SYCL_EXTERNAL
#endif

namespace sycl {

namespace ext::oneapi::experimental {

struct properties_tag {};

// Which say what hardware to make, and nothing here.
template <class... Properties>
struct properties {
    constexpr explicit properties(Properties...) {}
};

}  // namespace ext::oneapi::experimental

class queue {
   public:
    template <class Device>
    explicit queue(const Device &) {}

    template <class Kernel>
    void single_task(const Kernel &kernel) {
        kernel();
    }
    void wait() {}
};

}  // namespace sycl
