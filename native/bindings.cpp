// The engine as Python sees it: one class for each of float32 and float64, built once for each set
// of instructions. Everything is checked here, and the interpreter's lock released, before any
// work.
#include <mutex>
#include <optional>
#include <tuple>

#include "given.h"
#include "predictor.h"
#include "specs.h"
#include "trainer.h"

namespace pellucid {
namespace {

void refuse_no_members(int members) {
    if (members < 1) throw nb::value_error("members is below 1");
}

void refuse_no_rows(Index rows) {
    if (rows < 1) throw nb::value_error("X has no rows");
}

// Whether there was a signal, such as Ctrl-C's, that Python raises an exception for.
bool interrupted() {
    const nb::gil_scoped_acquire lock;
    return PyErr_CheckSignals() != 0;
}

// A worker with its buffers that is kept from call to call, for calls of the same kind. Who finds
// it taken by another thread makes one of their own.
template <class Worker, class Kind> class Kept {
  public:
    // work(worker), with the one kept or the one that `make` gives.
    template <class Make, class Work> void use(const Kind& kind, Make make, Work work) {
        const std::unique_lock<std::mutex> mine(lock_, std::try_to_lock);
        if (!mine.owns_lock()) return work(*make());
        if (!worker_ || kind_ != kind) {
            worker_.reset();
            worker_ = make();
            kind_ = kind;
        }
        work(*worker_);
    }

  private:
    std::mutex lock_;
    Kind kind_{};
    std::unique_ptr<Worker> worker_;
};

template <class T> class Engine {
    static constexpr double little_work = 1e6;  // operations: not worth letting go of the lock

  public:
    Engine(const std::vector<LayerFields>& layers, const std::string& loss, bool raw,
           const nb::dict& loss_parameters, double alpha, double l1, bool mean)
        : plan_(layers_of(layers)),
          objective_{loss_of(loss, raw, loss_parameters, plan_.layers.back()), {alpha, l1}, mean} {}

    const Plan<T>& plan() const { return plan_; }
    const Objective& objective() const { return objective_; }
    double flops_of_a_row(double stored) const { return plan_.flops_of_a_row(stored); }
    Index size() const { return plan_.size; }

    // The outputs go into `out`. False, and nothing is done, if X holds NaN or inf and `checked`.
    bool forward(nb::handle theta, nb::handle x, nb::handle out, int members, bool checked) {
        refuse_no_members(members);
        const Array theta_(theta, "theta"), out_(out, "out", true);
        const GivenInputs<T> x_(x, plan_.n_in);
        const T* parameters = theta_.numbers<T>({plan_.size});
        T* outputs = out_.numbers<T>({x_.inputs.rows, plan_.n_out});
        out_.refuse_overlap(theta_);
        for (const Array& array : x_.arrays()) out_.refuse_overlap(array);
        if (x_.inputs.rows == 0) return true;
        return predict(parameters, x_, checked, outputs, nullptr, {}, nullptr, members);
    }

    // The loss without penalties; the outputs go into `out`.
    double value_and_output(nb::handle theta, nb::handle x, nb::handle y, nb::handle weight,
                            nb::handle out, int members) {
        refuse_no_members(members);
        const Array theta_(theta, "theta"), y_(y, "y"), out_(out, "out", true);
        const GivenInputs<T> x_(x, plan_.n_in);
        const Index n = x_.inputs.rows;
        refuse_no_rows(n);
        const T* parameters = theta_.numbers<T>({plan_.size});
        Targets<T> targets;
        targets.y = y_.numbers<T>({n, plan_.n_out});
        std::optional<Array> weight_;
        if (!weight.is_none()) weight_.emplace(weight, "sample_weight");
        if (weight_) targets.weight = weight_->numbers<T>({n});
        T* outputs = out_.numbers<T>({n, plan_.n_out});
        out_.refuse_overlap(theta_);
        out_.refuse_overlap(y_);
        if (weight_) out_.refuse_overlap(*weight_);
        for (const Array& array : x_.arrays()) out_.refuse_overlap(array);
        std::vector<T> losses(std::size_t(n), T(0));
        predict(parameters, x_, false, outputs, &objective_.loss, targets, losses.data(), members);
        double total = 0.0, weights = 0.0;
        for (Index r = 0; r < n; ++r) {
            total += double(losses[std::size_t(r)]) * double(targets.weight_of(r));
            weights += double(targets.weight_of(r));
        }
        return objective_.mean ? total / weights : total;
    }

    // J; its gradient goes into `gradient`.
    double value_and_gradient(nb::handle theta, nb::handle x, nb::handle y, nb::handle weight,
                              nb::handle gradient, int members) {
        refuse_no_members(members);
        const Array theta_(theta, "theta"), y_(y, "y"), gradient_(gradient, "gradient", true);
        const GivenInputs<T> x_(x, plan_.n_in);
        const Index n = x_.inputs.rows;
        refuse_no_rows(n);
        std::optional<Array> weight_;
        if (!weight.is_none()) weight_.emplace(weight, "sample_weight");
        const T* parameters = theta_.numbers<T>({plan_.size});
        Targets<T> targets;
        targets.y = y_.numbers<T>({n, plan_.n_out});
        if (weight_) targets.weight = weight_->numbers<T>({n});
        T* numbers = gradient_.numbers<T>({plan_.size});
        gradient_.refuse_overlap(theta_);
        gradient_.refuse_overlap(y_);
        if (weight_) gradient_.refuse_overlap(*weight_);
        for (const Array& array : x_.arrays()) gradient_.refuse_overlap(array);
        Outcome outcome;
        Settings settings;
        settings.size = n;
        settings.members = members;
        settings.stored = x_.stored();
        const auto work = [&](const std::function<bool()>& stop) {
            const auto make = [&] {
                return std::make_unique<Trainer<T>>(plan_, objective_, settings);
            };
            differentiator_.use({n, members, settings.stored}, make, [&](Trainer<T>& trainer) {
                trainer.set(parameters, nullptr, 0);
                outcome = trainer.value_and_gradient(x_.inputs, targets, numbers, stop);
            });
        };
        if (plan_.flops_of_a_row(settings.stored) * double(n) < little_work) {
            work([] { return false; });
        } else {
            const nb::gil_scoped_release unlocked;
            work(interrupted);
        }
        if (outcome.end == End::interrupted) throw nb::python_error();
        return outcome.value;
    }

  private:
    bool all_finite(const Inputs<T>& inputs) const {
        constexpr int lanes = Lanes<T>::count;
        const Index n = inputs.rows * plan_.n_in;
        constexpr int several = 4;  // which need not wait for each other
        Lanes<T> sums[several];     // x - x is 0 for numbers and NaN for the rest
        for (auto& sum : sums) sum = zero<T>();
        Index i = 0;
        for (; i + several * lanes <= n; i += several * lanes)
            unrolled<several>([&](auto u) {
                const Lanes<T> x = load(inputs.dense + i + u * lanes);
                sums[u] = sums[u] + (x - x);
            });
        Lanes<T> sum = (sums[0] + sums[1]) + (sums[2] + sums[3]);
        for (; i + lanes <= n; i += lanes) {
            const Lanes<T> x = load(inputs.dense + i);
            sum = sum + (x - x);
        }
        T rest[lanes] = {};
        std::copy(inputs.dense + i, inputs.dense + n, rest);
        sum = sum + (load(rest) - load(rest));
        return pellucid::sum(sum) == T(0);
    }

    // False, and nothing is done, if X holds NaN or inf and `checked`.
    bool predict(const T* theta, const GivenInputs<T>& x, bool checked, T* out,
                 const LossSpec* loss, const Targets<T>& targets, T* losses, int members) {
        const Index rows = x.inputs.rows;
        bool whole = true, finite = true;
        const auto work = [&](const std::function<bool()>& stop) {
            finite = !checked || x.inputs.sparse() || all_finite(x.inputs);
            if (!finite) return;
            const Index capacity = Predictor<T>::capacity_for(rows, members);
            const auto make = [&] {
                return std::make_unique<Predictor<T>>(plan_, capacity, members);
            };
            predictor_.use({capacity, members, -1.0}, make, [&](Predictor<T>& predictor) {
                whole = predictor.run(theta, x.inputs, out, loss, targets, losses, stop);
            });
        };
        if (plan_.flops_of_a_row(x.stored()) * double(rows) < little_work) {
            work([] { return false; });
        } else {
            const nb::gil_scoped_release unlocked;
            work(interrupted);
        }
        if (!whole) throw nb::python_error();
        return finite;
    }

    using Calls = std::tuple<Index, int, double>;  // rows at a time, members, stored a row

    const Plan<T> plan_;
    const Objective objective_;
    Kept<Predictor<T>, Calls> predictor_;
    Kept<Trainer<T>, Calls> differentiator_;
};

// A trainer with its buffers, for as many calls as there are looks from outside.
template <class T> class Training {
  public:
    Training(const Engine<T>& engine, const std::string& optimizer, const nb::dict& parameters,
             Index size, double clip_norm, const std::vector<double>& drops, double stored,
             int members)
        : engine_(engine),
          settings_{optimizer_of(optimizer, parameters), size, clip_norm, drops, members, stored},
          trainer_(engine.plan(), engine.objective(), checked(settings_, engine.plan())) {}

    // Runs epochs from `theta` and `moments` to `new_theta` and `new_moments`. Gives how it ended,
    // the epochs finished, the steps taken, where it diverged the value, and where a signal ended
    // it the exception: the caller takes its weights first and raises that then.
    std::tuple<std::string, Index, Index, double, nb::object> run(
        nb::handle theta, const std::vector<nb::object>& moments, std::int64_t t, nb::handle x,
        nb::handle y, nb::handle weight, nb::handle orders, nb::handle rates, Index limit,
        nb::handle bits, bool by_rows, nb::handle new_theta,
        const std::vector<nb::object>& new_moments, nb::handle losses, nb::handle penalties,
        nb::handle seconds) {
        const Plan<T>& plan = engine_.plan();
        const GivenInputs<T> x_(x, plan.n_in);
        refuse_no_rows(x_.inputs.rows);
        const Index n = x_.inputs.rows;
        const auto kept = std::size_t(settings_.optimizer.moments());
        if (moments.size() != kept || new_moments.size() != kept)
            throw nb::value_error("moments has another length than the optimizer needs");
        std::deque<Array> in, out;
        const auto take = [&](nb::handle a, const char* name) -> const Array& {
            return in.emplace_back(a, name);
        };
        const auto give = [&](nb::handle a, const char* name) -> const Array& {
            return out.emplace_back(a, name, true);
        };
        Epochs<T> work;
        work.inputs = x_.inputs;
        const T* from = take(theta, "theta").template numbers<T>({plan.size});
        work.targets.y = take(y, "y").template numbers<T>({n, plan.n_out});
        if (!weight.is_none())
            work.targets.weight = take(weight, "sample_weight").template numbers<T>({n});
        const Array* orders_ = orders.is_none() ? nullptr : &take(orders, "orders");
        const Index used = orders_ ? orders_->columns() : n;  // they may leave rows out
        work.rows = used >= 1 && used < n ? used : n;
        const Index steps = (work.rows + settings_.size - 1) / settings_.size;
        const Array& rates_ = take(rates, "rates");
        work.epochs = rates_.rows();
        work.rates = rates_.numbers<double>({work.epochs, steps});
        if (orders_) {
            work.orders = orders_->numbers<std::int64_t>({work.epochs, work.rows});
            const nb::gil_scoped_release unlocked;  // it may be long
            for (Index i = 0; i < work.epochs * work.rows; ++i)
                if (work.orders[i] < 0 || work.orders[i] >= n)
                    throw nb::value_error("orders names a row that is not there");
        }
        work.limit = limit;
        work.by_rows = by_rows;
        work.losses = give(losses, "losses").template numbers<double>({work.epochs});
        work.penalties = give(penalties, "penalties").template numbers<double>({work.epochs});
        work.seconds = give(seconds, "seconds").template numbers<double>({work.epochs});
        T* to = give(new_theta, "new_theta").template numbers<T>({plan.size});
        const T* old_moments[2] = {};
        T* moved_moments[2] = {};
        for (std::size_t i = 0; i < kept; ++i) {
            old_moments[i] = take(moments[i], "moments").template numbers<T>({plan.size});
            moved_moments[i] = give(new_moments[i], "new_moments").template numbers<T>({plan.size});
        }
        if (!settings_.drops.empty()) {
            work.bits =
                static_cast<BitGenerator*>(PyCapsule_GetPointer(bits.ptr(), "BitGenerator"));
            if (!work.bits) throw nb::python_error();
        }
        for (std::size_t i = 0; i < out.size(); ++i) {
            for (const Array& array : in) out[i].refuse_overlap(array);
            for (const Array& array : x_.arrays()) out[i].refuse_overlap(array);
            for (std::size_t j = 0; j < i; ++j) out[i].refuse_overlap(out[j]);
        }
        Outcome outcome;
        {
            const nb::gil_scoped_release unlocked;
            trainer_.set(from, old_moments, t);
            outcome = trainer_.run(work, interrupted);
            trainer_.get(to, moved_moments);
        }
        // A signal that came after the last question is not left for a moment at which the weights
        // would be lost.
        if (outcome.end == End::done && PyErr_CheckSignals() != 0) outcome.end = End::interrupted;
        nb::object signal = nb::none();
        if (outcome.end == End::interrupted) signal = nb::borrow(nb::python_error().value());
        const char* ends[] = {"done", "diverged", "interrupted"};
        return {ends[int(outcome.end)], outcome.epochs, outcome.steps, outcome.value, signal};
    }

    void forget() { trainer_.forget(); }

    bool previous(nb::handle theta) const {
        const Array theta_(theta, "theta", true);
        return trainer_.get_previous(theta_.numbers<T>({engine_.plan().size}));
    }

  private:
    static constexpr Index most_rows_a_step = Index(1) << 40;

    static const Settings& checked(const Settings& settings, const Plan<T>& plan) {
        refuse_no_members(settings.members);
        if (settings.size < 1 || settings.size > most_rows_a_step)
            throw nb::value_error("size is below 1, or beyond all memory");
        if (!settings.drops.empty() && settings.drops.size() != plan.layers.size())
            throw nb::value_error("drops needs one item for each layer");
        for (const double rate : settings.drops)
            if (!(rate >= 0.0 && rate < 1.0))
                throw nb::value_error("drops holds a rate outside [0, 1)");
        return settings;
    }

    const Engine<T>& engine_;
    const Settings settings_;
    Trainer<T> trainer_;
};

template <class T> void define(nb::module_& module, const char* engine, const char* training) {
    using E = Engine<T>;
    // None comes through, to be refused by name or to mean that there is none.
    const auto array = [](const char* name) { return nb::arg(name).none(); };
    nb::class_<E>(module, engine)
        .def(nb::init<const std::vector<LayerFields>&, const std::string&, bool, const nb::dict&,
                      double, double, bool>(),
             nb::arg("layers"), nb::arg("loss"), nb::arg("raw"), nb::arg("loss_parameters"),
             nb::arg("alpha"), nb::arg("l1"), nb::arg("mean"))
        .def("flops_of_a_row", &E::flops_of_a_row, nb::arg("stored") = -1.0)
        .def_prop_ro("size", &E::size)
        .def("forward", &E::forward, array("theta"), array("X"), array("out"), nb::arg("members"),
             nb::arg("checked"))
        .def("value_and_output", &E::value_and_output, array("theta"), array("X"), array("y"),
             array("sample_weight"), array("out"), nb::arg("members"))
        .def("value_and_gradient", &E::value_and_gradient, array("theta"), array("X"), array("y"),
             array("sample_weight"), array("gradient"), nb::arg("members"));
    using R = Training<T>;
    nb::class_<R>(module, training)
        .def(nb::init<const E&, const std::string&, const nb::dict&, Index, double,
                      const std::vector<double>&, double, int>(),
             nb::keep_alive<1, 2>(), nb::arg("engine"), nb::arg("optimizer"), nb::arg("parameters"),
             nb::arg("size"), nb::arg("clip_norm"), nb::arg("drops"), nb::arg("stored"),
             nb::arg("members"))
        .def("run", &R::run, array("theta"), nb::arg("moments"), nb::arg("t"), array("X"),
             array("y"), array("sample_weight"), array("orders"), array("rates"), nb::arg("limit"),
             array("bits"), nb::arg("by_rows"), array("new_theta"), nb::arg("new_moments"),
             array("losses"), array("penalties"), array("seconds"))
        .def("previous", &R::previous, array("theta"))
        .def("forget", &R::forget);
}

}  // namespace
}  // namespace pellucid

NB_MODULE(PELLUCID_MODULE, module) {
    // A program that ends with threads still at work keeps an engine or two: no news for its user.
    nanobind::set_leak_warnings(false);
    module.doc() = "pellucid's native engine, built for " PELLUCID_ISA ".";
    module.attr("instruction_set") = PELLUCID_ISA;
    pellucid::define<float>(module, "Engine32", "Training32");
    pellucid::define<double>(module, "Engine64", "Training64");
}
