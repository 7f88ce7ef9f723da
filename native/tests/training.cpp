// Trains over a table of cases, and predicts, with one thread and with several; prints a digest of
// all that came out for each group of cases.
//
// Fails if the number of threads changes a bit anywhere. Whether compilers and instruction sets
// agree shows in the digests; see run.py, which also runs this under the sanitizers.
#include "../predictor.h"
#include "cases.h"

namespace pellucid::tests {
namespace {

const auto never = [] { return false; };

// The table of a case: rows, targets, weights, the order of rows, the rates, and where to begin.
template <class T> struct Table {
    Exact<T> x, values, y, weight, theta;
    Exact<std::int32_t> starts_32, columns_32;
    Exact<std::int64_t> starts_64, columns_64, orders;
    Exact<double> rates;
    Inputs<T> inputs;
    Targets<T> targets;

    Table(const Case& c, const Plan<T>& plan) {
        Numbers numbers(42);
        const bool dense = c.form == Form::dense;
        sparse_rows(c, plan.n_in, dense ? 1 : plan.n_in > 1000 ? 1000 : 3, numbers);
        targets_for(c.objective.loss.kind, c.n, plan.n_out, numbers);
        if (c.weights != Weights::none) {
            weight = filled<T>(c.n, numbers, 0.1, 2.0);
            if (c.weights == Weights::nothing_at_first) std::fill_n(weight.get(), c.size, T(0));
            targets.weight = weight.get();
        }
        theta = filled<T>(plan.size, numbers, -0.3, 0.3);
        const Index steps = (c.n + c.size - 1) / c.size;
        rates = Exact<double>(c.epochs * steps);
        for (Index i = 0; i < rates.size(); ++i) rates[i] = c.rate / double(1 + i);
        if (!c.shuffled) return;
        orders = Exact<std::int64_t>(c.epochs * c.n);
        for (Index e = 0; e < c.epochs; ++e) {
            std::int64_t* order = orders.get() + e * c.n;
            for (Index i = 0; i < c.n; ++i) order[i] = i;
            for (Index i = c.n - 1; i > 0; --i) std::swap(order[i], order[numbers.below(i + 1)]);
        }
    }

  private:
    // Rows in the form of the case, with one number in `gap` stored: all if they are dense.
    void sparse_rows(const Case& c, Index n_in, Index gap, Numbers& numbers) {
        std::vector<Index> starts = {0}, columns;
        std::vector<T> stored;
        for (Index r = 0; r < c.n; ++r) {
            for (Index j = numbers.below(gap); j < n_in; j += 1 + numbers.below(2 * gap - 1)) {
                columns.push_back(j);
                stored.push_back(T(numbers.between(-2.0, 2.0)));
            }
            starts.push_back(Index(columns.size()));
        }
        inputs.rows = c.n;
        values = of<T>(stored);
        if (c.form == Form::dense) {
            inputs.dense = values.get();
            return;
        }
        inputs.values = values.get();
        inputs.wide = c.form == Form::sparse_64;
        starts_32 = of<std::int32_t>(starts), columns_32 = of<std::int32_t>(columns);
        starts_64 = of<std::int64_t>(starts), columns_64 = of<std::int64_t>(columns);
        const auto either = [&](const auto& narrow, const auto& wide) -> const void* {
            if (inputs.wide) return wide.get();
            return narrow.get();
        };
        inputs.starts = either(starts_32, starts_64);
        inputs.columns = either(columns_32, columns_64);
    }

    void targets_for(Loss kind, Index n, Index n_out, Numbers& numbers) {
        y = filled<T>(n * n_out, numbers, -1.0, 1.0);
        for (Index r = 0; r < n; ++r) {
            const Index label = numbers.below(n_out);
            for (Index j = 0; j < n_out; ++j) {
                T& yj = y[r * n_out + j];
                if (kind == Loss::poisson) yj = T(numbers.below(4));
                if (kind == Loss::binary_cross_entropy) yj = T(numbers.below(3)) / T(2);
                if (kind == Loss::cross_entropy) yj = T(j == label);
            }
        }
        targets.y = y.get();
    }

    template <class To, class From> static Exact<To> of(const std::vector<From>& from) {
        Exact<To> to(Index(from.size()));
        for (std::size_t i = 0; i < from.size(); ++i) to[Index(i)] = To(from[i]);
        return to;
    }
};

// What NumPy would hand over to draw what is dropped.
struct Bits {
    Numbers numbers{7};
    BitGenerator generator{&numbers,
                           [](void* state) { return static_cast<Numbers*>(state)->next(); },
                           nullptr, nullptr, nullptr};
};

// A trainer with where it stands; `run` may be called again and again.
template <class T> struct Run {
    const Case& c;
    const Table<T>& table;
    Trainer<T> trainer;
    Bits bits;
    std::int64_t t = 0;
    Exact<T> theta, first, second, previous;
    Exact<double> losses;
    Outcome outcome;

    Run(const Case& c_, const Table<T>& table_, const Plan<T>& plan, int members)
        : c(c_), table(table_),
          trainer(plan, c.objective, {c.optimizer, c.size, c.clip_norm, c.drops, members}),
          theta(table.theta), first(c.optimizer.moments() > 0 ? plan.size : 0),
          second(c.optimizer.moments() > 1 ? plan.size : 0), previous(plan.size) {}

    // Some of the epochs, up to so many steps.
    Outcome run(Index from, Index epochs, Index limit, const std::function<bool()>& interrupted) {
        const Index steps = (c.n + c.size - 1) / c.size;
        losses = Exact<double>(epochs);
        Exact<double> penalties(epochs), seconds(epochs);
        Epochs<T> work;
        work.inputs = table.inputs;
        work.targets = table.targets;
        work.epochs = epochs;
        work.rows = c.n;
        if (c.shuffled) work.orders = table.orders.get() + from * c.n;
        work.rates = table.rates.get() + from * steps;
        work.limit = limit;
        if (!c.drops.empty()) work.bits = &bits.generator;
        work.losses = losses.get();
        work.penalties = penalties.get();
        work.seconds = seconds.get();
        T* moments[] = {first.get(), second.get()};
        trainer.set(theta.get(), moments, t);
        outcome = trainer.run(work, interrupted);
        trainer.get(theta.get(), moments);
        t += outcome.steps;
        CHECK(trainer.t() == t, c.name);
        return outcome;
    }

    bool is(const Run& other) const {
        return theta.is(other.theta) && first.is(other.first) && second.is(other.second);
    }
};

std::string named(const Case& c, int members) {
    return c.name + ", " + std::to_string(members) + " members";
}

// All epochs of a case at once.
template <class T>
void train(const Case& c, const Plan<T>& plan, const Table<T>& table, int members, Digest& digest) {
    Run<T> run(c, table, plan, members);
    const Outcome outcome = run.run(0, c.epochs, -1, never);
    const Index steps = (c.n + c.size - 1) / c.size;
    const bool all_weigh = c.weights != Weights::nothing_at_first;
    CHECK(outcome.end == End::done && outcome.epochs == c.epochs, named(c, members));
    CHECK(outcome.steps == c.epochs * (steps - !all_weigh), named(c, members));
    CHECK(!run.theta.is(table.theta), named(c, members));
    CHECK(run.trainer.get_previous(run.previous.get()), named(c, members));
    digest.add(run.theta);
    digest.add(run.first);
    digest.add(run.second);
    digest.add(run.previous);
    digest.add(run.losses);
}

// The same in pieces: what is handed out and taken back is all there is.
template <class T>
void train_in_pieces(const Case& c, const Plan<T>& plan, const Table<T>& table, int members) {
    Run<T> whole(c, table, plan, members), pieces(c, table, plan, members);
    whole.run(0, c.epochs, -1, never);
    for (Index e = 0; e < c.epochs; ++e) pieces.run(e, 1, -1, never);
    CHECK(pieces.is(whole), named(c, members));
}

template <class T>
void gradient(const Case& c, const Plan<T>& plan, const Table<T>& table, int members,
              Digest& digest) {
    Settings settings;
    settings.size = c.n;
    settings.members = members;
    Trainer<T> trainer(plan, c.objective, settings);
    trainer.set(table.theta.get(), nullptr, 0);
    Exact<T> gradient(plan.size);
    const Outcome outcome =
        trainer.value_and_gradient(table.inputs, table.targets, gradient.get(), never);
    CHECK(outcome.end == End::done && std::isfinite(outcome.value), named(c, members));
    digest.add(outcome.value);
    digest.add(gradient);
}

// Some of the rows.
template <class T> Inputs<T> rows_of(const Inputs<T>& all, Index first, Index count, Index n_in) {
    Inputs<T> some = all;
    some.rows = count;
    if (some.sparse())
        some.starts = static_cast<const char*>(all.starts) + first * (all.wide ? 8 : 4);
    else
        some.dense += first * n_in;
    return some;
}

template <class T>
void predict(const Case& c, const Plan<T>& plan, const Table<T>& table, int members,
             Digest& digest) {
    Predictor<T> predictor(plan, Predictor<T>::capacity_for(c.n, members), members);
    Exact<T> out(c.n * plan.n_out), again(out.size()), losses(c.n);
    CHECK(predictor.run(table.theta.get(), table.inputs, out.get(), nullptr, {}, nullptr, never),
          named(c, members));
    CHECK(predictor.run(table.theta.get(), table.inputs, again.get(), &c.objective.loss,
                        table.targets, losses.get(), never),
          named(c, members));
    CHECK(out.is(again), named(c, members));
    for (Index first = 0; first < c.n; first += 3) {  // so few are run by other products
        const Index count = std::min<Index>(3, c.n - first);
        predictor.run(table.theta.get(), rows_of(table.inputs, first, count, plan.n_in),
                      again.get() + first * plan.n_out, nullptr, {}, nullptr, never);
    }
    CHECK(out.is(again), named(c, members));
    digest.add(out);
    digest.add(losses);
}

// The case is what it says it is, however many rows a trainer has come to take at once.
template <class T> void check_chunks(const Case& c, const Plan<T>& plan) {
    const auto rows = [&](int members) {
        return Trainer<T>::rows_at_once(plan, {c.optimizer, c.size, c.clip_norm, c.drops, members});
    };
    CHECK(rows(1) < c.size && rows(1) != rows(2), "make this case larger: " + c.name);
}

template <class T> void check(const Group& group, int most_members) {
    Digest all;
    for (const Case& c : group.cases) {
        const Plan<T> plan(c.layers);
        const Table<T> table(c, plan);
        if (c.chunks_depend_on_members) check_chunks(c, plan);
        std::uint64_t wanted = 0;
        for (const int members : c.members) {
            if (members > most_members) break;
            Digest digest;
            train(c, plan, table, members, digest);
            gradient(c, plan, table, members, digest);
            predict(c, plan, table, members, digest);
            if (members == c.members.front()) {
                wanted = digest.value();
                train_in_pieces(c, plan, table, members);
            }
            CHECK(digest.value() == wanted, named(c, members));
        }
        all.add(wanted);
    }
    std::printf("%s %s %016llx\n", type_name<T>, group.name.c_str(),
                (unsigned long long)all.value());
}

// Sparse rows give what the same rows give with their zeros written out.
template <class T> void check_forms() {
    Case c = plain("sparse and dense");
    c.objective.penalties.alpha = 0.1;
    c.form = Form::sparse_32;
    const Plan<T> plan(c.layers);
    const Table<T> narrow(c, plan);
    c.form = Form::sparse_64;
    const Table<T> wide(c, plan);
    Table<T> dense(c, plan);
    dense.x = Exact<T>(c.n * plan.n_in);
    for (Index r = 0; r < c.n; ++r)
        for (Index i = wide.inputs.start(r); i < wide.inputs.start(r + 1); ++i)
            dense.x[r * plan.n_in + wide.inputs.column(i)] = wide.values[i];
    dense.inputs = {};
    dense.inputs.rows = c.n;
    dense.inputs.dense = dense.x.get();
    Run<T> with_narrow(c, narrow, plan, 2), with_wide(c, wide, plan, 2);
    Run<T> with_dense(c, dense, plan, 2);
    for (Run<T>* run : {&with_narrow, &with_wide, &with_dense}) run->run(0, c.epochs, -1, never);
    CHECK(with_narrow.is(with_wide), c.name);
    CHECK(std::equal(with_dense.theta.begin(), with_dense.theta.end(), with_wide.theta.begin()),
          c.name);
}

// An interrupt is answered between two steps, with the weights of the one that was finished.
template <class T> void check_interrupt(int members, bool dropping) {
    Case c = plain(dropping ? "interrupt, dropping" : "interrupt");
    if (dropping) c.drops = {0.3, 0.0};
    c.n = 64, c.size = 16, c.epochs = 100000;
    c.optimizer = optimizer(4);
    c.rate = 1e-3;
    c.shuffled = false;
    const Plan<T> plan(c.layers);
    const Table<T> table(c, plan);
    int asked = 0;
    Run<T> stopped(c, table, plan, members), replayed(c, table, plan, members);
    const Outcome outcome = stopped.run(0, c.epochs, -1, [&] { return ++asked == 3; });
    CHECK(outcome.end == End::interrupted && asked == 3, named(c, members));
    CHECK(outcome.steps > 0 && outcome.epochs == outcome.steps / 4, named(c, members));
    CHECK(replayed.run(0, c.epochs, outcome.steps, never).end == End::done, named(c, members));
    CHECK(replayed.is(stopped), named(c, members));

    // A predictor asks before each part but the first.
    c.n = 256 * 3 * members;
    c.epochs = 1;
    const Table<T> rows(c, plan);
    Predictor<T> predictor(plan, Predictor<T>::capacity_for(c.n, members), members);
    Exact<T> out(c.n * plan.n_out);
    asked = 0;
    CHECK(!predictor.run(rows.theta.get(), rows.inputs, out.get(), nullptr, {}, nullptr,
                         [&] { return ++asked == 2; }),
          named(c, members));
    CHECK(asked == 2, named(c, members));
}

// A loss that is not finite ends the training with the weights that gave it.
template <class T> void check_divergence(int members) {
    Case c = plain("divergence");
    c.layers.front().activation = Activation::identity;
    c.rate = sizeof(T) == 4 ? 1e12 : 1e100;
    c.epochs = 9;
    const Plan<T> plan(c.layers);
    const Table<T> table(c, plan);
    Run<T> run(c, table, plan, members), replayed(c, table, plan, members);
    const Outcome outcome = run.run(0, c.epochs, -1, never);
    CHECK(outcome.end == End::diverged && outcome.steps > 0, named(c, members));
    CHECK(!std::isfinite(outcome.value), named(c, members));
    replayed.run(0, c.epochs, outcome.steps, never);
    CHECK(replayed.is(run), named(c, members));
}

// So does an input that is not, at once; a prediction has it in its own row alone.
template <class T> void check_not_finite(int members) {
    Case c = plain("not finite");
    c.layers.front().activation = Activation::relu;
    c.n = 70, c.size = 70;
    for (const T what : {std::numeric_limits<T>::infinity(), std::numeric_limits<T>::quiet_NaN()}) {
        const Plan<T> plan(c.layers);
        const Table<T> sound(c, plan), table(c, plan);
        const Index row = 33;
        table.values[row * plan.n_in + 2] = what;
        Run<T> run(c, table, plan, members);
        const Outcome outcome = run.run(0, c.epochs, -1, never);
        CHECK(outcome.end == End::diverged && outcome.steps == 0, named(c, members));
        CHECK(!std::isfinite(outcome.value) && run.theta.is(table.theta), named(c, members));

        Predictor<T> predictor(plan, Predictor<T>::capacity_for(c.n, members), members);
        Exact<T> wanted(c.n * plan.n_out), out(wanted.size());
        predictor.run(sound.theta.get(), sound.inputs, wanted.get(), nullptr, {}, nullptr, never);
        predictor.run(table.theta.get(), table.inputs, out.get(), nullptr, {}, nullptr, never);
        for (Index i = 0; i < out.size(); ++i)
            CHECK(i / plan.n_out == row ? !std::isfinite(out[i]) : out[i] == wanted[i],
                  named(c, members));
    }
}

template <class T> void check_all(int most_members) {
    for (const Group& group : groups()) check<T>(group, most_members);
    check_forms<T>();
    for (const int members : {1, 3}) {
        for (const bool dropping : {false, true}) check_interrupt<T>(members, dropping);
        check_divergence<T>(members);
        check_not_finite<T>(members);
    }
}

}  // namespace
}  // namespace pellucid::tests

// training [MOST]: with teams of so many members at most.
int main(int count, char** arguments) {
    const int most_members = count > 1 ? std::atoi(arguments[1]) : 8;
    pellucid::tests::check_all<float>(most_members);
    pellucid::tests::check_all<double>(most_members);
}
