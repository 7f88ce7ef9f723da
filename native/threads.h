// A team of threads that works together on one call, the barrier they wait for each other at, and
// how rows are shared out.
#pragma once

#include <pthread.h>

#include <atomic>
#include <deque>
#include <mutex>
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

// Threads that wait for work, one team a process: they spin a little while, since the next call
// often comes soon, and then sleep. A child of a fork makes a team of its own.
class Team {
  public:
    // The team, if nobody else has it now.
    static Team* take() {
        static std::once_flag once;
        std::call_once(once, [] { pthread_atfork(nullptr, nullptr, [] { current() = nullptr; }); });
        Team* team = current();
        if (!team) {
            Team* made = new Team;  // for ever: its threads may look at it to the very end
            if (current().compare_exchange_strong(team, made))
                team = made;
            else
                delete made;
        }
        return team->busy_.test_and_set(std::memory_order_acquire) ? nullptr : team;
    }

    void give_back() { busy_.clear(std::memory_order_release); }

    // work(0) here and work(1), ... on the team's threads.
    template <class F> void run(int members, F& work) {
        while (seats_.size() + 1 < std::size_t(members)) hire();
        const Job job{[](void* f, int member) { (*static_cast<F*>(f))(member); }, &work};
        left_.store(members - 1, std::memory_order_relaxed);
        for (int t = 1; t < members; ++t) seats_[std::size_t(t) - 1].call(job);
        work(0);
        for (int n = 0; left_.load(std::memory_order_acquire) != 0; ++n)
            n < spins ? pause() : std::this_thread::yield();
    }

  private:
    static constexpr int spins = 4000;

    struct Job {
        void (*work)(void*, int);
        void* what;
    };

    // Where one thread waits. Nobody but it and whoever has the team looks at it.
    struct alignas(64) Seat {
        Job job{};
        std::atomic<unsigned> calls{0};

        void call(const Job& next) {
            job = next;
            calls.fetch_add(1, std::memory_order_release);
            calls.notify_one();
        }

        void wait(unsigned seen) {
            for (int n = 0; n < spins; ++n, pause())
                if (calls.load(std::memory_order_acquire) != seen) return;
            calls.wait(seen, std::memory_order_acquire);
        }
    };

    static std::atomic<Team*>& current() {
        static std::atomic<Team*> team{nullptr};
        return team;
    }

    void hire() {
        Seat& seat = seats_.emplace_back();
        try {
            std::thread([this, &seat, member = int(seats_.size())] {
                for (unsigned seen = 0;; ++seen) {
                    seat.wait(seen);
                    seat.job.work(seat.job.what, member);
                    left_.fetch_sub(1, std::memory_order_release);
                }
            }).detach();
        } catch (...) {  // the system would not give us as many
            seats_.pop_back();
            throw;
        }
    }

    std::atomic_flag busy_;
    std::deque<Seat> seats_;
    alignas(64) std::atomic<int> left_{0};
};

// work(0) here and work(1), ... on other threads, none of which begins before all are there: the
// team's, or while another call has it, some that are started for this call and joined at its end.
// `work` must not throw once it has waited at a barrier, or the others would wait for ever:
// everything is allocated before.
template <class F> void in_team(int members, F work) {
    if (members == 1) return work(0);
    if (Team* team = Team::take()) {
        struct Back {
            Team* team;
            ~Back() { team->give_back(); }
        } back{team};
        return team->run(members, work);
    }
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
