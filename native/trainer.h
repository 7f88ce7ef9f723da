// A trainer takes steps: the loss and its gradient on a batch, and the optimizer's move, over whole
// epochs, alone or in a team of threads.
//
// A step has two halves. In the first each thread takes some of the rows forward and back; in the
// second each works out the gradient of some of the weights over all rows, and moves them at once.
// Large batches go through in chunks of rows whose gradients are added up. Whatever the number of
// threads and chunks, the same numbers are added in the same order.
#pragma once

#include <chrono>
#include <functional>

#include "optimizers.h"
#include "pass.h"

namespace pellucid {

struct Objective {
    LossSpec loss;
    double alpha = 0.0, l1 = 0.0;
    bool mean = true;
};

// NumPy's own view of a bit generator (numpy/random/bitgen.h).
struct BitGenerator {
    void* state;
    std::uint64_t (*next_uint64)(void*);
    std::uint32_t (*next_uint32)(void*);
    double (*next_double)(void*);
    std::uint64_t (*next_raw)(void*);
};

struct Settings {
    OptimizerSpec optimizer;
    Index size = 1;          // rows a step
    double clip_norm = 0.0;  // 0: none
    std::vector<double> drops;
    int members = 1;
};

// What to run: `epochs` orders of the rows, and a rate for each step.
template <class T> struct Epochs {
    Inputs<T> inputs;
    Targets<T> targets;
    Index epochs = 0;
    const std::int64_t* orders = nullptr;  // (epochs, rows), or none: as they stand
    const double* rates = nullptr;         // (epochs, steps)
    Index limit = -1;                      // steps after which to stop; -1: none
    BitGenerator* bits = nullptr;          // draws what is dropped
    double* losses = nullptr;              // (epochs,) out
    double* seconds = nullptr;             // (epochs,) out, since the call began
};

enum class End { done, diverged, interrupted };

struct Outcome {
    End end = End::done;
    Index epochs = 0;  // finished
    Index steps = 0;   // taken
    double value = 0.0;
};

template <class T> class Trainer {
    static constexpr int lanes = Lanes<T>::count;
    static constexpr int group = 8;  // rows of weights whose sums are added up together

  public:
    Trainer(const Plan<T>& plan, const Objective& objective, const Settings& settings)
        : plan_(plan), objective_(objective), settings_(settings), barrier_(settings.members),
          chunk_(rows_at_once(plan, settings)),
          pass_(plan, chunk_, settings.members, true, settings.drops),
          parameters_(std::size_t(plan.laid_out)) {
        for (int i = 0; i < settings.optimizer.moments(); ++i)
            moments_[i] = Buffer<T>(std::size_t(plan.laid_out));
        for (const Layer<T>& layer : plan.layers) {
            add_segment(layer.w, layer.rows(), layer.columns, layer.rates[0], layer.decays[0]);
            if (layer.bias) add_segment(layer.b, 1, layer.columns, layer.rates[1], layer.decays[1]);
        }
        squares_.resize(std::size_t(groups_));
        moduli_.resize(std::size_t(groups_));
        others_.resize(std::size_t(settings.members));
        for (std::size_t l = 0; l < settings.drops.size(); ++l) {
            const Index n = settings.drops[l] > 0.0 ? settings.size * plan.layers[l].n_out : 0;
            masks_.emplace_back(std::size_t(n));
        }
        for (int t = 0; t < settings.members; ++t)
            masks_at_.emplace_back(plan.layers.size(), nullptr);
    }

    // What 1 step may hold at a time, so that an interrupt is answered soon and memory is bounded.
    static Index rows_at_once(const Plan<T>& plan, const Settings& settings) {
        const double flops = (sizeof(T) == 4 ? 3e9 : 1.5e9) * settings.members;
        const double rows = flops / flops_of_a_row(plan);
        const Index most = std::clamp<Index>(Index(rows), 16, 1024) / 16 * 16;
        return std::min(most, (settings.size + 15) / 16 * 16);
    }

    static double flops_of_a_row(const Plan<T>& plan) {
        double flops = 0.0;
        for (const Layer<T>& layer : plan.layers) flops += 6.0 * double(layer.rows() * layer.n_out);
        return flops;
    }

    void set(const T* theta, const T* const* moments, std::int64_t t) {
        plan_.lay_out(theta, parameters_.get());
        for (int i = 0; i < settings_.optimizer.moments(); ++i)
            plan_.lay_out(moments[i], moments_[i].get());
        t_ = t;
    }

    void get(T* theta, T* const* moments) const {
        plan_.take_back(parameters_.get(), theta);
        for (int i = 0; i < settings_.optimizer.moments(); ++i)
            plan_.take_back(moments_[i].get(), moments[i]);
    }

    // Theta as it was before the last step of the last `run` that came to its end; false if none did.
    bool get_previous(T* theta) const {
        if (has_previous_) plan_.take_back(previous_.get(), theta);
        return has_previous_;
    }

    std::int64_t t() const { return t_; }

    Outcome run(const Epochs<T>& work, const std::function<bool()>& interrupted) {
        begin(work, interrupted);
        for (Buffer<T>* kept : {&previous_, &spare_})
            if (!kept->get()) *kept = Buffer<T>(std::size_t(plan_.laid_out));
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
            double value = 0.0;
            if (!sweep(work, rows, {nullptr, 0, 0}, weight, nullptr, member, value)) return;
            if (member == 0) outcome_.value = value;
            add_penalty_gradient(weight, member);
        });
        plan_.take_back(gradient_.get(), gradient);
        return outcome_;
    }

  private:
    using Clock = std::chrono::steady_clock;

    // A part of theta with factors of its own. Its rows are those of W; s and b are one row.
    struct Segment {
        Index at, count;
        Panels<T> rows;
        double rate, decay;
    };

    void add_segment(Index at, Index rows, Columns columns, double rate, double decay) {
        const Index count = rows * columns.lanes * lanes;
        segments_.push_back({at, count, {nullptr, rows, columns}, rate, decay});
        groups_ += (rows + group - 1) / group;
    }

    void need_gradient() {
        if (!gradient_.get()) gradient_ = Buffer<T>(std::size_t(plan_.laid_out));
    }

    void begin(const Epochs<T>& work, const std::function<bool()>& interrupted) {
        outcome_ = Outcome{};
        interrupted_ = &interrupted;
        stop_ = false;
        started_ = asked_ = Clock::now();
        const bool sparse = work.inputs.sparse() && plan_.layers.front().kind == Kind::dense;
        streams_ = settings_.size <= chunk_ && settings_.clip_norm == 0.0 && !sparse;
        if (!streams_) need_gradient();
        const double chunk_flops = flops_of_a_row(plan_) * double(std::min(chunk_, settings_.size));
        // Looking at the clock is dear beside a tiny step, but not beside threads that meet.
        const Index often = settings_.members > 1 ? 16 : 1000000;
        chunks_between_questions_ = std::clamp<Index>(Index(1e6 / chunk_flops), 1, often);
    }

    double total_weight(const Targets<T>& targets, const Rows& rows) const {
        if (!targets.weight) return double(rows.count);
        double total = 0.0;
        for (Index r = 0; r < rows.count; ++r) total += double(targets.weight[rows[r]]);
        return total;
    }

    // All epochs, as each member of the team goes through them; member 0 keeps the books.
    void epochs(const Epochs<T>& work, int member) {
        const Index n = work.inputs.rows, steps = (n + settings_.size - 1) / settings_.size;
        const Index last = last_step(work, steps);
        Index taken = 0;
        for (Index e = 0; e < work.epochs; ++e) {
            const std::int64_t* order = work.orders ? work.orders + e * n : nullptr;
            double total = 0.0, weights = 0.0;
            for (Index s = 0; s < steps; ++s) {
                if (taken == work.limit) return;
                const Index first = s * settings_.size;
                const Rows rows{order, first, std::min(settings_.size, n - first)};
                const double weight = total_weight(work.targets, rows);
                if (weight == 0.0) continue;  // rows of no weight say nothing
                const bool keeps = member == 0 && e * steps + s == last;
                if (keeps) std::copy_n(parameters_.get(), plan_.laid_out, spare_.get());
                double value = 0.0;
                const Step move(settings_.optimizer, work.rates[e * steps + s], t_ + taken + 1);
                const Rows next{order, first + rows.count, std::min(settings_.size, n - first - rows.count)};
                if (!step(work, rows, next, weight, move, member, value)) return;
                if (keeps) std::swap(previous_, spare_), has_previous_ = true;
                outcome_of(member).steps = ++taken;
                total += objective_.mean ? value * weight : value;
                weights += weight;
            }
            if (member != 0) continue;
            work.losses[e] = objective_.mean ? total / weights : total;
            work.seconds[e] = seconds_since(started_);
            outcome_.epochs = e + 1;
        }
    }

    // The number of the last step that will be taken: the last one whose rows have any weight.
    Index last_step(const Epochs<T>& work, Index steps) const {
        const Index n = work.inputs.rows;
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
              const Step& move, int member, double& value) {
        if (!settings_.drops.empty()) {
            if (member == 0) draw_masks(*work.bits, rows.count);
            barrier_.wait();
            if (stop_) {
                outcome_of(member).end = End::interrupted;
                return false;
            }
        }
        if (!sweep(work, rows, next, weight, &move, member, value)) return false;
        if (!streams_) move_by_gradient(weight, move, member);
        return true;
    }

    // J of the rows, and their gradient: moved along at once if the trainer streams, else summed up
    // in `gradient_`. False if there is an interrupt or J is not finite; then nothing has moved.
    bool sweep(const Epochs<T>& work, const Rows& rows, const Rows& next, double weight,
               const Step* move, int member, double& value) {
        const double scale = objective_.mean ? 1.0 / weight : 1.0;
        const bool dropping = move && !settings_.drops.empty();
        double loss = 0.0;
        for (Index first = 0; first < rows.count; first += chunk_) {
            const Index count = std::min(chunk_, rows.count - first);
            const Batch<T> batch(plan_, work.inputs, {rows.order, rows.first + first, count});
            const Share part = share(count, member, settings_.members, 16);
            const std::uint8_t* const* masks = dropping ? masks_from(first, member) : nullptr;
            if (member == 0) ask();
            pass_.forward(parameters_.get(), batch, part, !objective_.loss.raw, member, masks);
            pass_.loss(objective_.loss, work.targets, batch.rows, scale, part, true, member);
            pass_.backward(parameters_.get(), part, member, masks);
            if (first == 0) sum_penalties(member);
            barrier_.wait();
            if (stop_) {
                outcome_of(member).end = End::interrupted;
                return false;
            }
            for (Index r = 0; r < count; ++r)
                loss += double(pass_.row_loss(r)) * double(work.targets.weight_of(batch.rows[r]));
            if (first + count == rows.count) {
                value = (loss + penalty()) * scale;
                if (!std::isfinite(value)) {
                    outcome_of(member).end = End::diverged;
                    outcome_of(member).value = value;
                    return false;
                }
            }
            const Start start = first == 0 ? Start::zero : Start::here;
            if (streams_)
                move_along(batch, {plan_, work.inputs, next}, weight, *move, member);
            else
                add_gradient(batch, start, member);
            barrier_.wait();
        }
        return true;
    }

    void add_gradient(const Batch<T>& batch, Start start, int member) {
        const Nowhere nowhere;
        for (std::size_t l = 0; l < plan_.layers.size(); ++l) {
            const Share part = share(plan_.layers[l].rows(), member, settings_.members, group);
            pass_.gradient(l, batch, part, start, gradient_.get(), member, nowhere);
            if (member == 0 && plan_.layers[l].bias)
                pass_.bias_gradient(l, batch, start, gradient_.get(), member, nowhere);
        }
    }

    // Each piece of the gradient moves its weights as soon as it is known.
    void move_along(const Batch<T>& batch, const Batch<T>& next, double weight, const Step& move,
                    int member) {
        Coming coming(next, share(next.rows.count, member, settings_.members, 16), plan_.n_in);
        std::size_t s = 0;
        for (std::size_t l = 0; l < plan_.layers.size(); ++l) {
            const Share part = share(plan_.layers[l].rows(), member, settings_.members, group);
            moving(segments_[s++], weight, move, coming, [&](auto sink) {
                pass_.gradient(l, batch, part, Start::zero, nullptr, member, sink);
            });
            if (!plan_.layers[l].bias) continue;
            const Segment& biases = segments_[s++];
            if (member != 0) continue;  // they are few
            moving(biases, weight, move, coming, [&](auto sink) {
                pass_.bias_gradient(l, batch, Start::zero, nullptr, member, sink);
            });
        }
    }

    // For a gradient that goes into memory.
    struct Nowhere {
        void operator()(Index, Index, const T*) const {}
        void outer(Index, const T*, Index, const T*, Index) const {}
    };

    // The rows of the next batch lie anywhere in memory: they are sent for, a few lines at a time,
    // while this one is still being worked on.
    class Coming {
        static constexpr Index lines_at_once = 8;

      public:
        Coming(const Batch<T>& next, Share part, Index n_in)
            : next_(next), row_(part.first), last_(next.in_place ? part.first : part.last),
              bytes_(next.inputs->sparse() ? 0 : n_in * Index(sizeof(T))) {}

        void send_for_some() {
            for (Index i = 0; i < lines_at_once && row_ < last_; ++i) {
                const T* row = next_.inputs->dense + next_.rows[row_] * (bytes_ / Index(sizeof(T)));
                __builtin_prefetch(reinterpret_cast<const char*>(row) + sent_, 0, 2);
                sent_ += lane_bytes;
                if (sent_ >= bytes_) ++row_, sent_ = 0;
            }
        }

      private:
        const Batch<T>& next_;
        Index row_;
        const Index last_, bytes_;
        Index sent_ = 0;
    };

    // Takes pieces of a gradient and moves the numbers of theta that they are about.
    template <class Rule> class Mover {
      public:
        Mover(const Rule& by_rule, const Penalty<T>& pull, Coming& next, T* x, T* m, T* v)
            : rule(by_rule), penalty(pull), coming(next), theta(x), first(m), second(v) {}

        void operator()(Index at, Index count, const T* g) const {
            coming.send_for_some();
            by(at, count / lanes, lanes, [g](Index i) { return load(g + i * lanes); });
        }
        // The gradient x dz^T of some rows of a panel, which need not be written down.
        void outer(Index at, const T* x, Index rows, const T* dz, Index width) const {
            for (Index j = 0; j < width; j += lanes) {
                const Lanes<T> d = load(dz + j);
                by(at + j, rows, width, [x, d](Index i) { return all(x[i]) * d; });
            }
        }

      private:
        template <class F> PELLUCID_INLINE void by(Index at, Index n, Index step, F gradient) const {
            move(rule, penalty, T(1), n, step, gradient, theta + at, first + at, second + at);
        }

        const Rule& rule;
        const Penalty<T>& penalty;
        Coming& coming;
        T *theta, *first, *second;
    };

    // f(sink) with the sink that moves numbers of a segment by their gradient.
    template <class F>
    void moving(const Segment& segment, double weight, const Step& move, Coming& coming, F f) {
        const Penalty<T> pull = penalty_of(segment, weight);
        with<T>(settings_.optimizer, move.of(segment.rate, segment.decay), [&]<class R>(const R& rule) {
            f(Mover<R>(rule, pull, coming, parameters_.get(), moments_[0].get(), moments_[1].get()));
        });
    }

    // The same when the gradient is known as a whole, and may be shortened.
    void move_by_gradient(double weight, const Step& move, int member) {
        double scale = 1.0;
        if (settings_.clip_norm > 0.0) {
            add_penalty_gradient(weight, member);
            barrier_.wait();
            sum_groups(gradient_.get(), member, false);
            barrier_.wait();
            double squares = 0.0;
            for (Index g = 0; g < groups_; ++g) squares += squares_[std::size_t(g)];
            const double length = std::sqrt(squares);
            if (length > settings_.clip_norm) scale = settings_.clip_norm / length;
        }
        for (const Segment& segment : segments_) {
            const Share part = share(segment.count, member, settings_.members, lanes);
            const Index at = segment.at + part.first;
            const Penalty<T> pull =
                settings_.clip_norm > 0.0 ? Penalty<T>(0.0, 0.0) : penalty_of(segment, weight);
            with<T>(settings_.optimizer, move.of(segment.rate, segment.decay), [&](const auto& rule) {
                const T* g = gradient_.get() + at;
                pellucid::move(rule, pull, T(scale), (part.last - part.first) / lanes, lanes,
                               [g](Index i) { return load(g + i * lanes); }, parameters_.get() + at,
                               moments_[0].get() + at, moments_[1].get() + at);
            });
        }
        barrier_.wait();
    }

    Penalty<T> penalty_of(const Segment& segment, double weight) const {
        const double factor = segment.decay * (objective_.mean ? 1.0 / weight : 1.0);
        return {objective_.alpha * factor, objective_.l1 * factor};
    }

    bool penalised() const { return objective_.alpha != 0.0 || objective_.l1 != 0.0; }

    void add_penalty_gradient(double weight, int member) {
        if (!penalised()) return;
        for (const Segment& segment : segments_) {
            const Share part = share(segment.count, member, settings_.members, lanes);
            const Penalty<T> pull = penalty_of(segment, weight);
            for (Index i = segment.at + part.first; i < segment.at + part.last; i += lanes) {
                T* g = gradient_.get() + i;
                store(g, pull.gradient(load(g), load(parameters_.get() + i)));
            }
        }
    }

    void sum_penalties(int member) {
        if (penalised()) sum_groups(parameters_.get(), member, true);
    }

    // alpha/2 sum of W^2 + l1 sum of |W|, each segment times its factor on decay.
    double penalty() const {
        if (!penalised()) return 0.0;
        double total = 0.0;
        std::size_t g = 0;
        for (const Segment& segment : segments_)
            for (Index i = 0; i < segment.rows.rows; i += group, ++g)
                total += segment.decay *
                         (0.5 * objective_.alpha * squares_[g] + objective_.l1 * moduli_[g]);
        return total;
    }

    // The sums of squares (and of moduli) of numbers laid out as theta is, a few rows at a time, for
    // this member's share of them.
    void sum_groups(const T* numbers, int member, bool with_moduli) {
        const Share part = share(groups_, member, settings_.members, 1);
        Index g = 0;
        for (const Segment& segment : segments_)
            for (Index i = 0; i < segment.rows.rows; i += group, ++g) {
                if (g < part.first || g >= part.last) continue;
                const int count = int(std::min<Index>(group, segment.rows.rows - i));
                const T* from = numbers + segment.at;
                squares_[std::size_t(g)] =
                    group_sum(segment, from, i, count,
                              [](const Lanes<T>& x, const Lanes<T>& sum) { return fma(x, x, sum); });
                if (with_moduli && objective_.l1 != 0.0)
                    moduli_[std::size_t(g)] =
                        group_sum(segment, from, i, count, [](const Lanes<T>& x, const Lanes<T>& sum) {
                            return sum + abs(x);
                        });
            }
    }

    // Column after column of each row, then the rows in a tree, then the lanes in one: an order that
    // does not depend on how columns are grouped.
    template <class F>
    double group_sum(const Segment& segment, const T* from, Index i, int count, F f) const {
        Lanes<T> row[group];
        for (auto& sum : row) sum = zero<T>();
        const Panels<T>& rows = segment.rows;
        for (int p = 0; p < rows.columns.panels(); ++p)
            for (int u = 0; u < rows.columns.width(p); ++u)
                for (int r = 0; r < count; ++r)
                    row[r] = f(load(from + rows.offset(p, i + r) + u * lanes), row[r]);
        for (int half = group / 2; half > 0; half /= 2)
            for (int r = 0; r < half; ++r) row[r] = row[r] + row[r + half];
        return double(sum(row[0]));
    }

    // For all rows of a batch, layer after layer, just as numpy.random.Generator.random would.
    void draw_masks(BitGenerator& bits, Index count) {
        for (std::size_t l = 0; l < masks_.size(); ++l) {
            if (masks_[l].empty()) continue;
            const double rate = settings_.drops[l];
            const Index n = count * plan_.layers[l].n_out;
            for (Index i = 0; i < n && !stop_; ++i) {
                masks_[l][std::size_t(i)] = bits.next_double(bits.state) >= rate;
                if (i % (1 << 20) == 0) ask_now();
            }
        }
    }

    const std::uint8_t* const* masks_from(Index first, int member) {
        auto& at = masks_at_[std::size_t(member)];
        for (std::size_t l = 0; l < masks_.size(); ++l)
            at[l] = masks_[l].empty() ? nullptr : masks_[l].data() + first * plan_.layers[l].n_out;
        return at.data();
    }

    // Whether the caller wants to stop is asked now and then, not at every step.
    void ask() {
        if (++chunks_ % chunks_between_questions_ == 0) ask_now();
    }

    void ask_now() {
        if (seconds_since(asked_) < 0.02) return;
        stop_ = (*interrupted_)();
        asked_ = Clock::now();
    }

    static double seconds_since(Clock::time_point then) {
        return std::chrono::duration<double>(Clock::now() - then).count();
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
    Pass<T> pass_;
    Buffer<T> parameters_, moments_[2], gradient_, previous_, spare_;
    std::int64_t t_ = 0;
    std::vector<Segment> segments_;
    Index groups_ = 0;
    std::vector<double> squares_, moduli_;              // one a group
    std::vector<std::vector<std::uint8_t>> masks_;      // one a layer, (size, n_out)
    std::vector<std::vector<const std::uint8_t*>> masks_at_;  // one a member, one a layer
    bool streams_ = false, stop_ = false, has_previous_ = false;
    Index chunks_ = 0, chunks_between_questions_ = 1;
    const std::function<bool()>* interrupted_ = nullptr;
    Clock::time_point started_, asked_;
    Outcome outcome_;
    std::vector<Outcome> others_;
};

}  // namespace pellucid
