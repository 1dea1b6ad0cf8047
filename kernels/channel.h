// A channel without hardware: what is written is read in order, and there is room for all of it.
#pragma once

#include <deque>

namespace kernels {

template <class T>
class channel {
    std::deque<T> waiting;

   public:
    explicit channel(const char * = "") {}  // whoever has names for channels, shows them

    T read() {
        const T x = waiting.front();
        waiting.pop_front();
        return x;
    }
    void write(const T &x) { waiting.push_back(x); }
    bool empty() const { return waiting.empty(); }
};

}  // namespace kernels
