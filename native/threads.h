// A team of threads that is started for one call and joined at its end, so that a process may fork
// between calls; a barrier they wait for each other at; and how rows are shared out.
#pragma once

#include <atomic>
#include <exception>
#include <thread>
#include <vector>

#include "matrix.h"

namespace pellucid {

inline void pause() {
#if defined(__x86_64__)
    _mm_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
}

// Waits a little while spinning, since steps are short, and then lets other processes run.
class Barrier {
  public:
    explicit Barrier(int members) : members_(members) {}

    void wait() {
        if (members_ == 1) return;
        const unsigned round = round_.load(std::memory_order_relaxed);
        if (arrived_.fetch_add(1, std::memory_order_acq_rel) == members_ - 1) {
            arrived_.store(0, std::memory_order_relaxed);
            round_.store(round + 1, std::memory_order_release);
            return;
        }
        for (int spins = 0; round_.load(std::memory_order_acquire) == round; ++spins)
            spins < 4000 ? pause() : std::this_thread::yield();
    }

  private:
    const int members_;
    alignas(64) std::atomic<int> arrived_{0};
    alignas(64) std::atomic<unsigned> round_{0};
};

// work(0) here and work(1), ... on threads of their own, none of which begins before all are there.
// `work` must not throw once it has waited at a barrier, or the others would wait for ever:
// everything is allocated before.
template <class F> void in_team(int members, F work) {
    if (members == 1) return work(0);
    enum { wait, go, leave };
    std::atomic<int> gate{wait};
    std::vector<std::thread> others;
    const auto open = [&](int way) {
        gate.store(way, std::memory_order_release);
        gate.notify_all();
    };
    try {
        others.reserve(std::size_t(members));
        for (int t = 1; t < members; ++t)
            others.emplace_back([&gate, &work, t] {
                gate.wait(wait, std::memory_order_acquire);
                if (gate.load(std::memory_order_acquire) == go) work(t);
            });
    } catch (...) {  // the system would not give us as many
        open(leave);
        for (auto& other : others) other.join();
        throw;
    }
    open(go);
    work(0);
    for (auto& other : others) other.join();
}

struct Share {
    Index first, last;
};

// Member t's part of n things, in whole blocks: of the same size give or take one block.
inline Share share(Index n, int t, int members, Index block) {
    const Index blocks = (n + block - 1) / block;
    const auto edge = [&](Index i) { return std::min(n, blocks * i / members * block); };
    return {edge(t), edge(t + 1)};
}

// Numbers too small to be normal count as 0 while this lives: in Adam's moments they would make
// every step many times slower.
class FlushDenormals {
  public:
#if defined(__x86_64__)
    FlushDenormals() : saved_(_mm_getcsr()) { _mm_setcsr(saved_ | 0x8040); }
    ~FlushDenormals() { _mm_setcsr(saved_); }

  private:
    unsigned saved_;
#elif defined(__aarch64__)
    FlushDenormals() {
        asm volatile("mrs %0, fpcr" : "=r"(saved_));
        asm volatile("msr fpcr, %0" : : "r"(saved_ | (std::uint64_t(1) << 24)));
    }
    ~FlushDenormals() { asm volatile("msr fpcr, %0" : : "r"(saved_)); }

  private:
    std::uint64_t saved_;
#endif

  public:
    FlushDenormals(const FlushDenormals&) = delete;
};

}  // namespace pellucid
