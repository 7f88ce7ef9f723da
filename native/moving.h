// What takes a gradient piece by piece: each moves its weights as soon as it is known, so that the
// gradient is never written down as a whole.
#pragma once

#include "optimizers.h"
#include "rows.h"
#include "threads.h"

namespace pellucid {

// Where a number of a moment stands; nowhere if the optimizer keeps no such moment.
template <class T> T* past(T* moment, Index at) { return moment ? moment + at : nullptr; }

// For a gradient that goes into memory.
template <class T> struct Nowhere {
    void operator()(Index, Index, const T*) const {}
    void outer(Index, const T*, Index, const T*, Index) const {}
};

// The rows of the next batch lie anywhere in memory: they are sent for, a few lines at a time,
// while this one is still being worked on.
template <class T> class Coming {
    static constexpr Index lines_at_once = 8;

  public:
    Coming(const Inputs<T>& inputs, const Rows& next, Share part, Index n_in)
        : dense_(inputs.dense), next_(next), row_(part.first),
          last_(next.order && dense_ ? part.last : part.first), n_in_(n_in) {}

    void send_for_some() {
        constexpr Index line = Lanes<T>::count;
        for (Index i = 0; i < lines_at_once && row_ < last_; ++i) {
            __builtin_prefetch(dense_ + next_[row_] * n_in_ + sent_, 0, 2);
            sent_ += line;
            if (sent_ >= n_in_) ++row_, sent_ = 0;
        }
    }

  private:
    const T* dense_;
    const Rows next_;
    Index row_;
    const Index last_, n_in_;
    Index sent_ = 0;
};

// Takes pieces of a gradient and moves the numbers of theta that they are about.
template <class T, class Rule> class Mover {
    static constexpr int lanes = Lanes<T>::count;

  public:
    Mover(const Rule& by_rule, const Penalty<T>& pull, Coming<T>& next, T* x, T* m, T* v)
        : rule(by_rule), penalty(pull), coming(next), theta(x), first(m), second(v) {}

    void operator()(Index at, Index count, const T* g) const {
        coming.send_for_some();
        by<4, 1>(at, count / lanes, written(g));
    }

    // The gradient x dz^T of some rows of a panel, which need not be written down.
    void outer(Index at, const T* x, Index rows, const T* dz, Index wide) const {
        switch (wide / lanes) {
            case 1: return outer_of<1, 4>(at, x, rows, dz);
            case 2: return outer_of<2, 4>(at, x, rows, dz);
            case 3: return outer_of<3, 3>(at, x, rows, dz);
        }
    }

  private:
    template <int width, int several>
    void outer_of(Index at, const T* x, Index rows, const T* dz) const {
        Lanes<T> d[width];
        unrolled<width>([&](auto j) { d[j] = load(dz + j * lanes); });
        by<several, width>(at, rows * width, [&](Index i, auto u) __attribute__((always_inline)) {
            return all(x[i / width + u / width]) * d[u % width];
        });
    }

    template <int several, int rest, class F>
    PELLUCID_INLINE void by(Index at, Index n, F gradient) const {
        move<several, rest>(rule, penalty, T(1), n, gradient, theta + at, past(first, at),
                            past(second, at));
    }

    const Rule& rule;
    const Penalty<T>& penalty;
    Coming<T>& coming;
    T *theta, *first, *second;
};

}  // namespace pellucid
