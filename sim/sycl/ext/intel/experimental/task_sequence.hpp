// Functions that run beside the one that calls them.
#pragma once

#include <sycl/waiting.hpp>

#include <cstdint>
#include <thread>

namespace sycl::ext::intel::experimental {

// All calls of one function through one object run one after the other.
template <auto &f, std::uint32_t = 1, std::uint32_t = 1>
class task_sequence {
    std::thread thread;
    simulation::Signal ended{"the kernel waits for a task"};
    bool runs = false;

    void begin() {
        const simulation::Lock lock = simulation::locked();
        runs = true;
        ++simulation::running;
    }
    void end() {
        const simulation::Lock lock = simulation::locked();
        runs = false;
        ended.give();
        simulation::leave();
    }
    void wait() {
        simulation::Lock lock = simulation::locked();
        if (runs) ended.wait(lock);
        lock = {};
        if (thread.joinable()) thread.join();
    }

   public:
    ~task_sequence() { wait(); }

    template <class... X>
    void async(X... x) {
        if constexpr (simulation::threads) {
            wait();
            begin();
            thread = std::thread([=] { f(x...), end(); });
        } else {
            f(x...);
        }
    }
};

}  // namespace sycl::ext::intel::experimental
