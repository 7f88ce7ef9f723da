// Whether the caller wants to stop is asked now and then, not at every step.
#pragma once

#include <algorithm>
#include <chrono>
#include <functional>

#include "lanes.h"

namespace pellucid {

using Clock = std::chrono::steady_clock;

inline double seconds_since(Clock::time_point then) {
    return std::chrono::duration<double>(Clock::now() - then).count();
}

// One member of a team asks; the others look at the answer after they have met at a barrier, and
// the next question comes after they have met again.
class Questions {
    static constexpr double seconds_apart = 0.02;
    static constexpr double work_apart = 1e6;  // operations, before looking at the clock

  public:
    // `work` is done between two calls of `ask`, by so many members.
    void begin(const std::function<bool()>& wants_to_stop, double work, int members) {
        wants_to_stop_ = &wants_to_stop;
        stop_ = false;
        asked_ = Clock::now();
        // Looking at the clock is dear beside a tiny step, but not beside threads that meet.
        const Index often = members > 1 ? 16 : 1000000;
        apart_ = std::clamp<Index>(Index(work_apart / std::max(work, 1.0)), 1, often);
    }

    void ask() {
        if (++calls_ % apart_ == 0) ask_now();
    }

    void ask_now() {
        if (seconds_since(asked_) < seconds_apart) return;
        stop_ = (*wants_to_stop_)();
        asked_ = Clock::now();
    }

    bool stop() const { return stop_; }

  private:
    const std::function<bool()>* wants_to_stop_ = nullptr;
    bool stop_ = false;
    Index calls_ = 0, apart_ = 1;
    Clock::time_point asked_;
};

}  // namespace pellucid
