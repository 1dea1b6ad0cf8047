// Pipes, and what else Intel's compiler has for FPGAs.
#pragma once

#include <sycl/sycl.hpp>
#include <sycl/waiting.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>

namespace sycl {

namespace simulation {

// What a class is called, without its namespaces; one that is only declared has a name, too.
template <class Id>
std::string name() {
    const std::string text = __PRETTY_FUNCTION__;
    const auto start = text.find("Id = ") + 5;
    const std::string whole = text.substr(start, text.find_first_of(";]", start) - start);
    return whole.substr(whole.rfind(':') + 1);
}

// Between one reader and one writer.
template <class T>
class Fifo {
    const std::size_t room;
    std::deque<T> content;
    Signal filled, drained;

   public:
    Fifo(const std::string &name, int room)
        : room(room),
          filled(name + " is empty"),
          drained(name + " is full, with room for " + std::to_string(room)) {}

    T read() {
        Lock lock = locked();
        if (content.empty()) filled.wait(lock);
        const T x = content.front();
        content.pop_front();
        drained.give();
        return x;
    }
    void write(const T &x) {
        Lock lock = locked();
        if (threads && room && content.size() >= room) drained.wait(lock);
        content.push_back(x);
        filled.give();
    }
};

}  // namespace simulation

namespace ext::intel {

struct device {};
inline constexpr device fpga_emulator_selector_v, fpga_simulator_selector_v, fpga_selector_v;

namespace experimental {

struct property {};
template <int = 0>
inline constexpr property streaming_interface;
template <int = -1>
inline constexpr property pipelined;

template <class Id, class T, std::int32_t Room = 0>
class pipe {
    static inline simulation::Fifo<T> fifo{simulation::name<Id>(), Room};

   public:
    static T read() { return fifo.read(); }
    static void write(const T &x) { fifo.write(x); }

    // The host's ends.
    static T read(queue &) { return fifo.read(); }
    static void write(queue &, const T &x) { fifo.write(x); }
};

}  // namespace experimental
}  // namespace ext::intel
}  // namespace sycl
