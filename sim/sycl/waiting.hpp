// Threads that wait for one another. Only who runs can wake somebody, so when the last one lies down
// nothing will ever move again: that is seen at once, and no clock has to run out for it.
#pragma once

#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <set>
#include <string>

namespace sycl::simulation {

#ifdef SYCL_THREADS
constexpr bool threads = true;
#else
constexpr bool threads = false;
#endif

using Lock = std::unique_lock<std::mutex>;

// Guards all that threads share.
inline std::mutex mutex;
// Threads that do not wait; the first of them is the host's.
inline int running = 1;
// What the others wait for, in words.
inline std::multiset<std::string> reasons;

inline Lock locked() { return threads ? Lock(mutex) : Lock(); }

[[noreturn]] inline void stop() {
    std::fputs("deadlock: all that is left to do waits\n", stderr);
    for (const std::string &reason : reasons) std::fprintf(stderr, "    %s\n", reason.c_str());
    std::abort();
}

// A thread ends, or lies down.
inline void leave() {
    if (--running == 0) stop();
}

// What a thread, and no other one, waits for.
class Signal {
    const std::string reason;
    std::condition_variable condition;
    bool awaited = false;

   public:
    explicit Signal(const std::string &reason) : reason(reason) {}

    void wait(Lock &lock) {
        const auto place = reasons.insert(reason);
        awaited = true;
        leave();
        condition.wait(lock, [this] { return !awaited; });
        reasons.erase(place);
    }
    // Counts who is woken as running, whenever the machine lets it run.
    void give() {
        if (!awaited) return;
        awaited = false;
        ++running;
        condition.notify_one();
    }
};

}  // namespace sycl::simulation
