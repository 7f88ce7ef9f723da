// Segments are the parts of theta with factors of their own on learning rate and decay: the W (or
// s) and the b of each layer. Here are the penalties on them, and sums over all of them.
#pragma once

#include "optimizers.h"
#include "plan.h"
#include "threads.h"

namespace pellucid {

// alpha/2 sum of W^2 + l1 sum of |W|, each segment times its factor on decay.
struct Penalties {
    double alpha = 0.0, l1 = 0.0;

    bool any() const { return alpha != 0.0 || l1 != 0.0; }
};

template <class T> struct Segment {
    Index at, count;  // in laid out memory
    Panels<T> rows;   // of W; s and b are one row
    double rate, decay;

    // The gradient of the penalties, times a factor.
    Penalty<T> pull(const Penalties& penalties, double factor) const {
        return {penalties.alpha * decay * factor, penalties.l1 * decay * factor};
    }
};

template <class T> class Segments {
    static constexpr int lanes = Lanes<T>::count;

  public:
    static constexpr int group = 8;  // rows of weights whose sums are added up together

    explicit Segments(const Plan<T>& plan) {
        for (const Layer<T>& layer : plan.layers) {
            add(layer.w, layer.rows(), layer.columns, layer.rates[0], layer.decays[0]);
            if (layer.bias) add(layer.b, 1, layer.columns, layer.rates[1], layer.decays[1]);
        }
        squares_.resize(std::size_t(groups_));
        moduli_.resize(std::size_t(groups_));
    }

    auto begin() const { return all_.begin(); }
    auto end() const { return all_.end(); }
    const Segment<T>& operator[](std::size_t i) const { return all_[i]; }

    // The sums of squares (and of moduli) of numbers laid out as theta is, for a member's share of
    // them: of all segments, or of those that decay. What follows is for when all members have done
    // theirs.
    void sum_up(const T* numbers, bool with_moduli, int member, int members, bool all = true) {
        const Share part = share(groups_, member, members, 1);
        Index g = 0;
        for (const Segment<T>& segment : all_)
            for (Index i = 0; i < segment.rows.rows; i += group, ++g) {
                if (g < part.first || g >= part.last) continue;
                if (!all && segment.decay == 0.0) continue;
                squares_[std::size_t(g)] = group_sum(
                    segment, numbers, i,
                    [](const Lanes<T>& x, const Lanes<T>& sum) { return fma(x, x, sum); });
                if (!with_moduli) continue;
                moduli_[std::size_t(g)] =
                    group_sum(segment, numbers, i,
                              [](const Lanes<T>& x, const Lanes<T>& sum) { return sum + abs(x); });
            }
    }

    double sum_of_squares() const {
        double total = 0.0;
        for (const double square : squares_) total += square;
        return total;
    }

    double penalty(const Penalties& penalties) const {
        double total = 0.0;
        std::size_t g = 0;
        for (const Segment<T>& segment : all_)
            for (Index i = 0; i < segment.rows.rows; i += group, ++g)
                total += segment.decay *
                         (0.5 * penalties.alpha * squares_[g] + penalties.l1 * moduli_[g]);
        return total;
    }

  private:
    void add(Index at, Index rows, Columns columns, double rate, double decay) {
        const Index count = rows * columns.lanes * lanes;
        all_.push_back({at, count, {nullptr, rows, columns}, rate, decay});
        groups_ += (rows + group - 1) / group;
    }

    // Column after column of each row, then the rows in a tree, then the lanes in one: an order
    // that does not depend on how columns are grouped.
    template <class F>
    static double group_sum(const Segment<T>& segment, const T* numbers, Index i, F f) {
        const Panels<T>& rows = segment.rows;
        const T* from = numbers + segment.at;
        const int count = int(std::min<Index>(group, rows.rows - i));
        Lanes<T> row[group];
        for (auto& sum : row) sum = zero<T>();
        for (int p = 0; p < rows.columns.panels(); ++p) {
            const int width = rows.columns.width(p);
            const Index next = Index(width) * lanes;
            const T* first = from + rows.offset(p, i);
            for (const T* at = first; at < first + next; at += lanes)
                if (count == group)  // which the compiler keeps in registers
                    unrolled<group>([&](auto r) { row[r] = f(load(at + r * next), row[r]); });
                else
                    for (int r = 0; r < count; ++r) row[r] = f(load(at + r * next), row[r]);
        }
        for (int half = group / 2; half > 0; half /= 2)
            for (int r = 0; r < half; ++r) row[r] = row[r] + row[r + half];
        return double(sum(row[0]));
    }

    std::vector<Segment<T>> all_;
    Index groups_ = 0;
    std::vector<double> squares_, moduli_;  // one a group
};

}  // namespace pellucid
