// A trainer takes steps: the loss and its gradient on a batch, and the optimizer's move, over whole
// epochs, alone or in a team of threads.
//
// A step has two halves. In the first each thread takes some of the rows forward and back; in the
// second each works out the gradient of some of the weights over all rows, and moves them at once.
// Large batches go through in chunks of rows whose gradients are added up. Whatever the number of
// threads and chunks, the same numbers are added in the same order.
#pragma once

#include "moving.h"
#include "pass.h"
#include "segments.h"

namespace pellucid {

struct Objective {
    LossSpec loss;
    Penalties penalties;
    bool mean = true;
};

struct Settings {
    OptimizerSpec optimizer;
    Index size = 1;          // rows a step
    double clip_norm = 0.0;  // 0: none
    std::vector<double> drops;
    int members = 1;
    double stored = -1.0;  // numbers in a row of a sparse X; below 0: X is not sparse
};

// What to run: `epochs` orders of the rows, or of some of them, and a rate for each step.
template <class T> struct Epochs {
    Inputs<T> inputs;
    Targets<T> targets;
    Index epochs = 0;
    Index rows = 0;                        // that an epoch goes through
    const std::int64_t* orders = nullptr;  // (epochs, rows), or none: as they stand
    const double* rates = nullptr;         // (epochs, steps)
    Index limit = -1;                      // steps after which to stop; -1: none
    BitGenerator* bits = nullptr;          // draws what is dropped
    bool by_rows = false;                  // whether losses count by rows, or by their weights
    double* losses = nullptr;              // (epochs,) out
    double* penalties = nullptr;           // (epochs,) out, their part in that
    double* seconds = nullptr;             // (epochs,) out, since the call began
};

enum class End { done, diverged, interrupted };

// J of a batch, and the penalty's part in it.
struct Value {
    double whole = 0.0, penalty = 0.0;
};

struct Outcome {
    End end = End::done;
    Index epochs = 0;  // finished
    Index steps = 0;   // taken
    double value = 0.0;
};

template <class T> class Trainer {
    static constexpr int lanes = Lanes<T>::count;

  public:
    Trainer(const Plan<T>& plan, const Objective& objective, const Settings& settings)
        : plan_(plan), objective_(objective), settings_(settings), barrier_(settings.members),
          chunk_(rows_at_once(plan, settings)), dropout_(plan, settings.drops, settings.size),
          pass_(plan, chunk_, settings.members, true, settings.drops), segments_(plan),
          parameters_(std::size_t(plan.laid_out)) {
        for (int i = 0; i < settings.optimizer.moments(); ++i)
            moments_[i] = Buffer<T>(std::size_t(plan.laid_out));
        others_.resize(std::size_t(settings.members));
    }

    // How many rows go forward and back at a time, so that an interrupt is answered soon and memory
    // is bounded.
    static Index rows_at_once(const Plan<T>& plan, const Settings& settings) {
        const double flops = (sizeof(T) == 4 ? 3e9 : 1.5e9) * settings.members;
        const double rows = flops / plan.flops_of_a_row(settings.stored);
        const Index most = std::clamp<Index>(Index(rows), 16, 1024) / 16 * 16;
        return std::min(most, (settings.size + 15) / 16 * 16);
    }

    void set(const T* theta, const T* const* moments, std::int64_t t) {
        plan_.lay_out(theta, parameters_.get());
        fold(plan_, parameters_.get(), {0, plan_.n_in});
        for (int i = 0; i < settings_.optimizer.moments(); ++i)
            plan_.lay_out(moments[i], moments_[i].get());
        t_ = t;
    }

    void get(T* theta, T* const* moments) const {
        plan_.take_back(parameters_.get(), theta);
        for (int i = 0; i < settings_.optimizer.moments(); ++i)
            plan_.take_back(moments_[i].get(), moments[i]);
    }

    // Theta as it was before the last step of the last `run` that came to its end; false if none
    // did since `forget`.
    bool get_previous(T* theta) const {
        if (has_previous_) plan_.take_back(previous_.get(), theta);
        return has_previous_;
    }

    void forget() { has_previous_ = false; }

    std::int64_t t() const { return t_; }

    Outcome run(const Epochs<T>& work, const std::function<bool()>& interrupted) {
        begin(work, interrupted);
        if (!spare_.get()) spare_ = Buffer<T>(std::size_t(plan_.laid_out));
        in_team(settings_.members, [&](int member) {
            const FlushDenormals flush;
            epochs(work, member);
        });
        t_ += outcome_.steps;
        return outcome_;
    }

    // J and its gradient over all rows as they stand.
    Outcome value_and_gradient(const Inputs<T>& inputs, const Targets<T>& targets, T* gradient,
                               const std::function<bool()>& interrupted) {
        Epochs<T> work;
        work.inputs = inputs;
        work.targets = targets;
        begin(work, interrupted);
        streams_ = false;
        need_gradient();
        in_team(settings_.members, [&](int member) {
            const FlushDenormals flush;
            const Rows rows{nullptr, 0, inputs.rows};
            const double weight = total_weight(targets, rows);
            Value value;
            if (!sweep(work, rows, {nullptr, 0, 0}, weight, nullptr, member, value)) return;
            if (member == 0) outcome_.value = value.whole;
            add_penalty_gradient(weight, member);
        });
        plan_.take_back(gradient_.get(), gradient);
        return outcome_;
    }

  private:
    void need_gradient() {
        if (!gradient_.get()) gradient_ = Buffer<T>(std::size_t(plan_.laid_out));
    }

    void begin(const Epochs<T>& work, const std::function<bool()>& interrupted) {
        outcome_ = Outcome{};
        started_ = Clock::now();
        const bool sparse = work.inputs.sparse() && plan_.dense_first();
        streams_ = settings_.size <= chunk_ && settings_.clip_norm == 0.0 && !sparse;
        if (!streams_) need_gradient();
        pass_.make_room(work.inputs, work.orders != nullptr);
        const Index rows = std::min(chunk_, settings_.size);
        const double moved = sparse ? double(plan_.size) : 0.0;
        questions_.begin(interrupted,
                         plan_.flops_of_a_row(settings_.stored) * double(rows) + 10.0 * moved +
                             500.0 * double(plan_.layers.size()),
                         settings_.members);
    }

    double total_weight(const Targets<T>& targets, const Rows& rows) const {
        if (!targets.weight) return double(rows.count);
        double total = 0.0;
        for (Index r = 0; r < rows.count; ++r) total += double(targets.weight[rows[r]]);
        return total;
    }

    // All epochs, as each member of the team goes through them; member 0 keeps the books.
    void epochs(const Epochs<T>& work, int member) {
        const Index n = work.rows, steps = (n + settings_.size - 1) / settings_.size;
        const Index last = last_step(work, steps);
        Index taken = 0;
        for (Index e = 0; e < work.epochs; ++e) {
            const std::int64_t* order = work.orders ? work.orders + e * n : nullptr;
            double total = 0.0, penalty = 0.0, used = 0.0;
            for (Index s = 0; s < steps; ++s) {
                if (taken == work.limit) return;
                const Index first = s * settings_.size;
                const Rows rows{order, first, std::min(settings_.size, n - first)};
                const double weight = total_weight(work.targets, rows);
                if (weight == 0.0) continue;  // rows of no weight say nothing
                const bool keeps = member == 0 && e * steps + s == last;
                if (keeps) std::copy_n(parameters_.get(), plan_.laid_out, spare_.get());
                Value value;
                const Step move(settings_.optimizer, work.rates[e * steps + s], t_ + taken + 1);
                const Rows next{order, first + rows.count,
                                std::min(settings_.size, n - first - rows.count)};
                if (!step(work, rows, next, weight, move, member, value)) return;
                if (keeps) std::swap(previous_, spare_), has_previous_ = true;
                outcome_of(member).steps = ++taken;
                const double counts = work.by_rows ? double(rows.count) : weight;
                const double share = objective_.mean ? counts : 1.0;
                total += value.whole * share;
                penalty += value.penalty * share;
                used += counts;
            }
            if (member != 0) continue;
            work.losses[e] = objective_.mean ? total / used : total;
            work.penalties[e] = objective_.mean ? penalty / used : penalty;
            work.seconds[e] = seconds_since(started_);
            outcome_.epochs = e + 1;
        }
    }

    // The number of the last step that will be taken: the last one whose rows have any weight.
    Index last_step(const Epochs<T>& work, Index steps) const {
        const Index n = work.rows;
        Index last = work.epochs * steps - 1;
        for (; last > 0; --last) {
            const Index e = last / steps, first = last % steps * settings_.size;
            const std::int64_t* order = work.orders ? work.orders + e * n : nullptr;
            const Rows rows{order, first, std::min(settings_.size, n - first)};
            if (total_weight(work.targets, rows) > 0.0) break;
        }
        return last;
    }

    // One step; false if it was not taken.
    bool step(const Epochs<T>& work, const Rows& rows, const Rows& next, double weight,
              const Step& move, int member, Value& value) {
        if (!settings_.drops.empty()) {
            if (member == 0) questions_.ask();
            if (member == 0) dropout_.draw(*work.bits, rows.count, questions_);
            barrier_.wait();
            if (stopped(member)) return false;
        }
        if (!sweep(work, rows, next, weight, &move, member, value)) return false;
        if (!streams_) move_by_gradient(weight, move, member);
        return true;
    }

    // J of the rows, and their gradient: moved along at once if the trainer streams, else summed up
    // in `gradient_`. False if there is an interrupt, or if J is not finite and a step should
    // follow; then nothing has moved.
    bool sweep(const Epochs<T>& work, const Rows& rows, const Rows& next, double weight,
               const Step* move, int member, Value& value) {
        const double scale = objective_.mean ? 1.0 / weight : 1.0;
        const bool dropping = move && !settings_.drops.empty();
        double loss = 0.0;
        for (Index first = 0; first < rows.count; first += chunk_) {
            const Index count = std::min(chunk_, rows.count - first);
            const Batch<T> batch =
                pass_.batch(work.inputs, {rows.order, rows.first + first, count});
            const Share part = share(count, member, settings_.members, 16);
            const Masks<T> masks = dropping ? dropout_.masks(first) : Masks<T>{};
            const bool asked = dropping && first == 0;  // by `step`, and others may still look
            if (member == 0 && !asked) questions_.ask();
            pass_.forward(parameters_.get(), batch, part, !objective_.loss.raw, member, masks);
            pass_.loss(objective_.loss, work.targets, batch.rows, scale, part, true, member);
            pass_.backward(parameters_.get(), part, member);
            if (first == 0 && objective_.penalties.any())
                segments_.sum_up(parameters_.get(), objective_.penalties.l1 != 0.0, member,
                                 settings_.members, false);
            barrier_.wait();
            if (stopped(member)) return false;
            for (Index r = 0; r < count; ++r)
                loss += double(pass_.row_loss(r)) * double(work.targets.weight_of(batch.rows[r]));
            if (first + count == rows.count) {
                value.penalty = penalty() * scale;
                value.whole = loss * scale + value.penalty;
                if (move && !std::isfinite(value.whole)) {
                    outcome_of(member).end = End::diverged;
                    outcome_of(member).value = value.whole;
                    return false;
                }
            }
            if (streams_)
                move_along(batch, next, weight, *move, member);
            else
                add_gradient(batch, first == 0 ? Start::zero : Start::here, member);
            barrier_.wait();
        }
        if (!streams_ && plan_.folds()) {
            pass_.unfold(share_of_rows(1, member), parameters_.get(), gradient_.get());
            barrier_.wait();
        }
        return true;
    }

    // Of W of layer l, or of its s; beside a scale layer that is folded into it, by whole lanes.
    Share share_of_rows(std::size_t l, int member) const {
        const bool folded = plan_.folds() && l == 1;
        return share(plan_.layers[l].rows(), member, settings_.members,
                     folded ? Index(lanes) : Index(Segments<T>::group));
    }

    bool stopped(int member) {
        if (questions_.stop()) outcome_of(member).end = End::interrupted;
        return questions_.stop();
    }

    void add_gradient(const Batch<T>& batch, Start start, int member) {
        const Nowhere<T> nowhere;
        for (std::size_t l = plan_.first(); l < plan_.layers.size(); ++l) {
            pass_.gradient(l, parameters_.get(), batch, share_of_rows(l, member), start,
                           gradient_.get(), member, nowhere);
            if (member == 0 && plan_.layers[l].bias)
                pass_.bias_gradient(l, batch, start, gradient_.get(), member, nowhere);
        }
    }

    // Each piece of the gradient moves its weights as soon as it is known.
    void move_along(const Batch<T>& batch, const Rows& next, double weight, const Step& move,
                    int member) {
        Coming<T> coming(*batch.inputs, next, share(next.count, member, settings_.members, 16),
                         plan_.n_in);
        std::size_t s = plan_.first();  // a segment that is folded moves after W
        for (std::size_t l = plan_.first(); l < plan_.layers.size(); ++l) {
            const Share part = share_of_rows(l, member);
            moving(segments_[s++], weight, move, coming, [&](auto sink) {
                pass_.gradient(l, parameters_.get(), batch, part, Start::zero, nullptr, member,
                               sink);
            });
            if (plan_.folds() && l == 1) {
                moving(segments_[0], weight, move, coming,
                       [&](auto sink) { pass_.scale_gradient(part, sink); });
                fold(plan_, parameters_.get(), part);
            }
            if (!plan_.layers[l].bias) continue;
            const Segment<T>& biases = segments_[s++];
            if (member != 0) continue;  // they are few
            moving(biases, weight, move, coming, [&](auto sink) {
                pass_.bias_gradient(l, batch, Start::zero, nullptr, member, sink);
            });
        }
    }

    // f(sink) with the sink that moves numbers of a segment by their gradient.
    template <class F>
    void moving(const Segment<T>& segment, double weight, const Step& move, Coming<T>& coming,
                F f) {
        const Penalty<T> pull = segment.pull(objective_.penalties, penalty_scale(weight));
        with<T>(settings_.optimizer, move.of(segment.rate, segment.decay),
                [&]<class R>(const R& rule) {
                    f(Mover<T, R>(rule, pull, coming, parameters_.get(), moments_[0].get(),
                                  moments_[1].get()));
                });
    }

    // The same when the gradient is known as a whole, and may be shortened.
    void move_by_gradient(double weight, const Step& move, int member) {
        const bool clips = settings_.clip_norm > 0.0;
        double scale = 1.0;
        if (clips) {
            add_penalty_gradient(weight, member);
            barrier_.wait();
            segments_.sum_up(gradient_.get(), false, member, settings_.members);
            barrier_.wait();
            const double length = std::sqrt(segments_.sum_of_squares());
            if (length > settings_.clip_norm) scale = settings_.clip_norm / length;
        }
        for (const Segment<T>& segment : segments_) {
            const Share part = share(segment.count, member, settings_.members, lanes);
            const Index at = segment.at + part.first;
            const Penalty<T> pull =
                segment.pull(objective_.penalties, clips ? 0.0 : penalty_scale(weight));
            with<T>(
                settings_.optimizer, move.of(segment.rate, segment.decay), [&](const auto& rule) {
                    pellucid::move<4, 1>(rule, pull, T(scale), (part.last - part.first) / lanes,
                                         written(gradient_.get() + at), parameters_.get() + at,
                                         past(moments_[0].get(), at), past(moments_[1].get(), at));
                });
        }
        barrier_.wait();
        if (!plan_.folds()) return;
        fold(plan_, parameters_.get(), share_of_rows(1, member));
        barrier_.wait();
    }

    double penalty_scale(double weight) const { return objective_.mean ? 1.0 / weight : 1.0; }

    double penalty() const {
        return objective_.penalties.any() ? segments_.penalty(objective_.penalties) : 0.0;
    }

    void add_penalty_gradient(double weight, int member) {
        if (!objective_.penalties.any()) return;
        for (const Segment<T>& segment : segments_) {
            const Share part = share(segment.count, member, settings_.members, lanes);
            const Penalty<T> pull = segment.pull(objective_.penalties, penalty_scale(weight));
            for (Index i = segment.at + part.first; i < segment.at + part.last; i += lanes) {
                T* g = gradient_.get() + i;
                store(g, pull.gradient(load(g), load(parameters_.get() + i)));
            }
        }
    }

    // All members find the same; what member 0 finds is kept.
    Outcome& outcome_of(int member) {
        return member == 0 ? outcome_ : others_[std::size_t(member) - 1];
    }

    const Plan<T>& plan_;
    const Objective objective_;
    const Settings settings_;
    Barrier barrier_;
    const Index chunk_;
    Dropout<T> dropout_;
    Pass<T> pass_;
    Segments<T> segments_;
    Buffer<T> parameters_, moments_[2], gradient_, previous_, spare_;
    std::int64_t t_ = 0;
    Questions questions_;
    bool streams_ = false, has_previous_ = false;
    Clock::time_point started_;
    Outcome outcome_;
    std::vector<Outcome> others_;
};

}  // namespace pellucid
