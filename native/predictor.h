// A predictor runs rows forward: their outputs, and their losses where targets are known.
#pragma once

#include <functional>

#include "pass.h"

namespace pellucid {

template <class T> class Predictor {
    static constexpr Index rows_at_once = 128;
    static constexpr Index few_rows = 4;  // for which laying theta out is not worth it

  public:
    // For `capacity` rows at a time in each of so many threads.
    Predictor(const Plan<T>& plan, Index capacity, int members) : plan_(plan) {
        for (int t = 0; t < members; ++t) passes_.emplace_back(plan, capacity, 1, false);
    }

    // The capacity that suits so many rows.
    static Index capacity_for(Index rows, int members) {
        const Index share_of_rows = (rows + members - 1) / members;
        return std::min(rows_at_once, (share_of_rows + 15) / 16 * 16);
    }

    // The outputs (rows, n_out), unless `out` is null; and with `loss` each row's loss (rows,).
    // False if there was an interrupt.
    bool run(const T* theta, const Inputs<T>& inputs, T* out, const LossSpec* loss,
             const Targets<T>& targets, T* losses, const std::function<bool()>& interrupted) {
        const bool straight = inputs.rows <= few_rows;
        if (!straight) {
            if (!parameters_.get()) parameters_ = Buffer<T>(std::size_t(plan_.laid_out));
            plan_.lay_out(theta, parameters_.get());
            fold(plan_, parameters_.get(), {0, plan_.n_in});
        }
        for (Pass<T>& pass : passes_) pass.make_room(inputs, false);
        std::atomic<bool> stop = false;
        const int members = straight ? 1 : int(passes_.size());
        in_team(members, [&](int t) {
            const FlushDenormals flush;
            Pass<T>& pass = passes_[std::size_t(t)];
            const Share mine = share(inputs.rows, t, members, 16);
            for (Index first = mine.first; first < mine.last; first += pass.capacity()) {
                if (t == 0 && first > mine.first && interrupted()) stop = true;
                if (stop) return;
                const Index count = std::min(pass.capacity(), mine.last - first);
                some(pass, straight ? theta : nullptr, pass.batch(inputs, {nullptr, first, count}),
                     out, loss, targets, losses);
            }
        });
        return !stop;
    }

  private:
    void some(Pass<T>& pass, const T* straight, const Batch<T>& batch, T* out, const LossSpec* loss,
              const Targets<T>& targets, T* losses) {
        const Index first = batch.rows.first, count = batch.rows.count, n = plan_.n_out;
        const Share all_rows{0, count};
        const bool from_sums = loss && loss->raw;  // before the activation may overwrite them
        if (straight)
            pass.forward_straight(straight, batch, !from_sums);
        else
            pass.forward(parameters_.get(), batch, all_rows, !from_sums, 0);
        if (loss) {
            pass.loss(*loss, targets, batch.rows, 1.0, all_rows, false, 0);
            for (Index r = 0; r < count; ++r) losses[first + r] = pass.row_loss(r);
        }
        if (!out) return;
        if (from_sums) pass.activate_output(all_rows, 0);
        for (Index r = 0; r < count; ++r)
            copy(pass.output() + r * pass.output_stride(), n, out + (first + r) * n);
    }

    const Plan<T>& plan_;
    Buffer<T> parameters_;
    std::vector<Pass<T>> passes_;
};

}  // namespace pellucid
