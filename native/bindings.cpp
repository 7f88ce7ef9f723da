// The engine as Python sees it: one class for each of float32 and float64, built once for each set of
// instructions. Everything is checked here, and the interpreter's lock released, before any work.
#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <cmath>
#include <deque>
#include <mutex>
#include <optional>

#include "arrays.h"
#include "predictor.h"
#include "trainer.h"

namespace pellucid {
namespace {

// The place of a name in a table of names.
template <class E, std::size_t n>
E named(const std::string& name, const char* const (&table)[n], const char* what) {
    for (std::size_t i = 0; i < n; ++i)
        if (name == table[i]) return E(i);
    throw nb::value_error(("unknown " + std::string(what) + " '" + name + "'").c_str());
}

using LayerFields = std::tuple<std::string, int, int, bool, std::string, std::vector<double>,
                               std::vector<double>>;

std::vector<LayerSpec> layers_of(const std::vector<LayerFields>& rows) {
    std::vector<LayerSpec> layers;
    for (const auto& [kind, n_in, n_out, bias, activation, rates, decays] : rows) {
        if (rates.size() != std::size_t(bias ? 2 : 1) || decays.size() != rates.size())
            throw nb::value_error("rates and decays need one item for each array of the layer");
        layers.push_back({named<Kind>(kind, kind_names, "kind of layer"), n_in, n_out, bias,
                          named<Activation>(activation, activation_names, "activation"), rates,
                          decays});
    }
    return layers;
}

double number(const nb::dict& fields, const char* name, double otherwise) {
    if (!fields.contains(name)) return otherwise;
    const double value = PyFloat_AsDouble(nb::object(fields[name]).ptr());
    if (value == -1.0 && PyErr_Occurred()) {
        PyErr_Clear();
        throw nb::type_error((std::string(name) + " is no number").c_str());
    }
    return value;
}

LossSpec loss_of(const std::string& name, bool raw, const nb::dict& parameters, int n_out) {
    LossSpec loss;
    loss.kind = named<Loss>(name, loss_names, "loss");
    loss.raw = raw;
    loss.delta = number(parameters, "delta", loss.delta);
    loss.label_smoothing = number(parameters, "label_smoothing", 0.0);
    if (parameters.contains("quantiles") &&
        !nb::try_cast(nb::object(parameters["quantiles"]), loss.quantiles))
        throw nb::type_error("quantiles is no list of numbers");
    if (loss.quantiles.size() != 1 && loss.quantiles.size() != std::size_t(n_out))
        throw nb::value_error((std::to_string(loss.quantiles.size()) + " quantiles for " +
                               std::to_string(n_out) + " outputs: give one each").c_str());
    if (loss.kind == Loss::cross_entropy && !raw)
        throw nb::value_error("cross_entropy is computed from the raw output only");
    return loss;
}

OptimizerSpec optimizer_of(const std::string& name, const nb::dict& parameters) {
    OptimizerSpec spec;
    spec.kind = named<Optimizer>(name, optimizer_names, "optimizer");
    spec.momentum = number(parameters, "momentum", spec.momentum);
    spec.rho = number(parameters, "rho", spec.rho);
    spec.beta_1 = number(parameters, "beta_1", spec.beta_1);
    spec.beta_2 = number(parameters, "beta_2", spec.beta_2);
    spec.epsilon = number(parameters, "epsilon", spec.epsilon);
    spec.weight_decay = number(parameters, "weight_decay", spec.weight_decay);
    return spec;
}

void refuse_no_members(int members) {
    if (members < 1) throw nb::value_error("members is below 1");
}

// Whether there was a signal, such as Ctrl-C's, that Python raises an exception for.
bool interrupted() {
    const nb::gil_scoped_acquire lock;
    return PyErr_CheckSignals() != 0;
}

// X as Python gives it: an array, or (indptr, indices, data) of a CSR array. Holds on to it.
template <class T> class GivenInputs {
  public:
    GivenInputs(nb::handle x, Index n_in) {
        if (!nb::isinstance<nb::tuple>(x)) {
            const Array& array = held_.emplace_back(x, "X");
            inputs.rows = array.rows();
            inputs.dense = array.numbers<T>({inputs.rows, n_in});
            return;
        }
        const auto parts = nb::cast<nb::tuple>(x);
        if (parts.size() != 3) throw nb::value_error("X is no (indptr, indices, data)");
        const Array& starts = held_.emplace_back(parts[0], "X.indptr");
        const Array& columns = held_.emplace_back(parts[1], "X.indices");
        const Array& values = held_.emplace_back(parts[2], "X.data");
        if (starts.rows() < 1) throw nb::value_error("X.indptr is empty");
        inputs.rows = starts.rows() - 1;
        inputs.wide = starts.is("int64");
        const Index stored = values.rows();
        if (inputs.wide) {
            inputs.starts = starts.numbers<std::int64_t>({inputs.rows + 1});
            inputs.columns = columns.numbers<std::int64_t>({stored});
        } else {
            inputs.starts = starts.numbers<std::int32_t>({inputs.rows + 1});
            inputs.columns = columns.numbers<std::int32_t>({stored});
        }
        inputs.values = values.numbers<T>({stored});
        if (!inputs.values) inputs.values = &nothing_;  // an empty array need not have a place
        refuse_disorder(stored, n_in);
    }

    Inputs<T> inputs;
    const std::deque<Array>& arrays() const { return held_; }

  private:
    void refuse_disorder(Index stored, Index n_in) const {
        Index end = inputs.start(0);
        bool sound = end == 0 && inputs.start(inputs.rows) == stored;
        for (Index r = 0; sound && r < inputs.rows; ++r) {
            sound = inputs.start(r + 1) >= end && inputs.start(r + 1) <= stored;
            end = inputs.start(r + 1);
        }
        if (!sound) throw nb::value_error("X.indptr does not go up from 0 to the length of X.data");
        for (Index r = 0; r < inputs.rows; ++r)
            for (Index i = inputs.start(r), before = -1; i < inputs.start(r + 1); ++i) {
                const Index column = inputs.column(i);
                if (column <= before || column >= n_in)
                    throw nb::value_error("X.indices goes beyond the columns or is not in order");
                before = column;
            }
    }

    std::deque<Array> held_;
    T nothing_ = T(0);
};

template <class T> class Engine {
  public:
    Engine(const std::vector<LayerFields>& layers, const std::string& loss, bool raw,
           const nb::dict& loss_parameters, double alpha, double l1, bool mean)
        : plan_(layers_of(layers)),
          objective_{loss_of(loss, raw, loss_parameters, int(plan_.n_out)), alpha, l1, mean} {}

    const Plan<T>& plan() const { return plan_; }
    const Objective& objective() const { return objective_; }
    double flops_of_a_row() const { return Trainer<T>::flops_of_a_row(plan_); }

    // The outputs go into `out`. False, and nothing is done, if X holds NaN or inf and `checked`.
    bool forward(nb::handle theta, nb::handle x, nb::handle out, int members, bool checked) {
        refuse_no_members(members);
        const Array theta_(theta, "theta"), out_(out, "out", true);
        const GivenInputs<T> x_(x, plan_.n_in);
        const T* parameters = theta_.numbers<T>({plan_.size});
        T* outputs = out_.numbers<T>({x_.inputs.rows, plan_.n_out});
        out_.refuse_overlap(theta_);
        for (const Array& array : x_.arrays()) out_.refuse_overlap(array);
        if (checked && !x_.inputs.sparse() && !all_finite(x_.inputs)) return false;
        predict(parameters, x_.inputs, outputs, nullptr, {}, nullptr, members);
        return true;
    }

    // The loss without penalties; the outputs go into `out`.
    double value_and_output(nb::handle theta, nb::handle x, nb::handle y, nb::handle out,
                            int members) {
        refuse_no_members(members);
        const Array theta_(theta, "theta"), y_(y, "y"), out_(out, "out", true);
        const GivenInputs<T> x_(x, plan_.n_in);
        const Index n = x_.inputs.rows;
        const T* parameters = theta_.numbers<T>({plan_.size});
        Targets<T> targets;
        targets.y = y_.numbers<T>({n, plan_.n_out});
        T* outputs = out_.numbers<T>({n, plan_.n_out});
        out_.refuse_overlap(theta_);
        out_.refuse_overlap(y_);
        for (const Array& array : x_.arrays()) out_.refuse_overlap(array);
        std::vector<T> losses(std::size_t(n), T(0));
        predict(parameters, x_.inputs, outputs, &objective_.loss, targets, losses.data(), members);
        double total = 0.0;
        for (const T loss : losses) total += double(loss);
        return objective_.mean ? total / double(n) : total;
    }

    // J; its gradient goes into `gradient`.
    double value_and_gradient(nb::handle theta, nb::handle x, nb::handle y, nb::handle weight,
                              nb::handle gradient, int members) {
        refuse_no_members(members);
        const Array theta_(theta, "theta"), y_(y, "y"), gradient_(gradient, "gradient", true);
        const GivenInputs<T> x_(x, plan_.n_in);
        const Index n = x_.inputs.rows;
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
        Settings settings;
        settings.size = n;
        settings.members = members;
        Outcome outcome;
        {
            const nb::gil_scoped_release unlocked;
            Trainer<T> trainer(plan_, objective_, settings);
            trainer.set(parameters, nullptr, 0);
            outcome = trainer.value_and_gradient(x_.inputs, targets, numbers, interrupted);
        }
        if (outcome.end == End::interrupted) throw nb::python_error();
        return outcome.value;
    }

  private:
    bool all_finite(const Inputs<T>& inputs) const {
        constexpr int lanes = Lanes<T>::count;
        const Index n = inputs.rows * plan_.n_in;
        Lanes<T> sum = zero<T>();  // x - x is 0 for numbers and NaN for the rest
        Index i = 0;
        for (; i + lanes <= n; i += lanes) {
            const Lanes<T> x = load(inputs.dense + i);
            sum = sum + (x - x);
        }
        T rest[lanes] = {};
        std::copy(inputs.dense + i, inputs.dense + n, rest);
        sum = sum + (load(rest) - load(rest));
        return pellucid::sum(sum) == T(0);
    }

    void predict(const T* theta, const Inputs<T>& inputs, T* out, const LossSpec* loss,
                 const Targets<T>& targets, T* losses, int members) {
        bool whole = true;
        // A few rows: not worth letting go of the lock, nor of the memory afterwards.
        const std::unique_lock<std::mutex> alone(small_lock_, std::try_to_lock);
        if (inputs.rows <= 16 && members == 1 && alone.owns_lock()) {
            if (!small_) small_ = std::make_unique<Predictor<T>>(plan_, 16, 1);
            small_->run(theta, inputs, out, loss, targets, losses, [] { return false; });
            return;
        }
        {
            const nb::gil_scoped_release unlocked;
            Predictor<T> predictor(plan_, inputs.rows, members);
            whole = predictor.run(theta, inputs, out, loss, targets, losses, interrupted);
        }
        if (!whole) throw nb::python_error();
    }

    const Plan<T> plan_;
    const Objective objective_;
    std::mutex small_lock_;
    std::unique_ptr<Predictor<T>> small_;
};

// A trainer with its buffers, for as many calls as there are looks from outside.
template <class T> class Training {
  public:
    Training(const Engine<T>& engine, const std::string& optimizer, const nb::dict& parameters,
             Index size, double clip_norm, const std::vector<double>& drops, int members)
        : engine_(engine), settings_{optimizer_of(optimizer, parameters), size, clip_norm, drops,
                                     members},
          trainer_(engine.plan(), engine.objective(), checked(settings_, engine.plan())) {}

    // Runs epochs from `theta` and `moments` to `new_theta` and `new_moments`. Gives how it ended,
    // the epochs finished, the steps taken, where it diverged the value, and where a signal ended it
    // the exception: the caller takes its weights first and raises that then.
    std::tuple<std::string, Index, Index, double, nb::object> run(
        nb::handle theta, const std::vector<nb::object>& moments, std::int64_t t, nb::handle x,
        nb::handle y, nb::handle weight, nb::handle orders, nb::handle rates, Index limit,
        nb::handle bits, nb::handle new_theta, const std::vector<nb::object>& new_moments,
        nb::handle losses, nb::handle seconds) {
        const Plan<T>& plan = engine_.plan();
        const GivenInputs<T> x_(x, plan.n_in);
        const Index n = x_.inputs.rows, steps = (n + settings_.size - 1) / settings_.size;
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
        const Array& rates_ = take(rates, "rates");
        work.epochs = rates_.rows();
        work.rates = rates_.numbers<double>({work.epochs, steps});
        if (!orders.is_none()) {
            work.orders = take(orders, "orders").template numbers<std::int64_t>({work.epochs, n});
            for (Index i = 0; i < work.epochs * n; ++i)
                if (work.orders[i] < 0 || work.orders[i] >= n)
                    throw nb::value_error("orders names a row that is not there");
        }
        work.limit = limit;
        work.losses = give(losses, "losses").template numbers<double>({work.epochs});
        work.seconds = give(seconds, "seconds").template numbers<double>({work.epochs});
        T* to = give(new_theta, "new_theta").template numbers<T>({plan.size});
        const T* old_moments[2] = {};
        T* moved_moments[2] = {};
        for (std::size_t i = 0; i < kept; ++i) {
            old_moments[i] = take(moments[i], "moments").template numbers<T>({plan.size});
            moved_moments[i] = give(new_moments[i], "new_moments").template numbers<T>({plan.size});
        }
        if (!settings_.drops.empty()) {
            work.bits = static_cast<BitGenerator*>(PyCapsule_GetPointer(bits.ptr(), "BitGenerator"));
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
        return settings;
    }

    const Engine<T>& engine_;
    const Settings settings_;
    Trainer<T> trainer_;
};

template <class T> void define(nb::module_& module, const char* engine, const char* training) {
    using E = Engine<T>;
    nb::class_<E>(module, engine)
        .def(nb::init<const std::vector<LayerFields>&, const std::string&, bool, const nb::dict&,
                      double, double, bool>(),
             nb::arg("layers"), nb::arg("loss"), nb::arg("raw"), nb::arg("loss_parameters"),
             nb::arg("alpha"), nb::arg("l1"), nb::arg("mean"))
        .def_prop_ro("flops_of_a_row", &E::flops_of_a_row)
        .def("forward", &E::forward, nb::arg("theta"), nb::arg("X"), nb::arg("out"),
             nb::arg("members"), nb::arg("checked"))
        .def("value_and_output", &E::value_and_output, nb::arg("theta"), nb::arg("X"), nb::arg("y"),
             nb::arg("out"), nb::arg("members"))
        .def("value_and_gradient", &E::value_and_gradient, nb::arg("theta"), nb::arg("X"),
             nb::arg("y"), nb::arg("sample_weight").none(), nb::arg("gradient"), nb::arg("members"));
    using R = Training<T>;
    nb::class_<R>(module, training)
        .def(nb::init<const E&, const std::string&, const nb::dict&, Index, double,
                      const std::vector<double>&, int>(),
             nb::keep_alive<1, 2>(), nb::arg("engine"), nb::arg("optimizer"), nb::arg("parameters"),
             nb::arg("size"), nb::arg("clip_norm"), nb::arg("drops"), nb::arg("members"))
        .def("run", &R::run, nb::arg("theta"), nb::arg("moments"), nb::arg("t"), nb::arg("X"),
             nb::arg("y"), nb::arg("sample_weight").none(), nb::arg("orders").none(),
             nb::arg("rates"), nb::arg("limit"), nb::arg("bits").none(), nb::arg("new_theta"),
             nb::arg("new_moments"), nb::arg("losses"), nb::arg("seconds"))
        .def("previous", &R::previous, nb::arg("theta"));
}

}  // namespace
}  // namespace pellucid

NB_MODULE(PELLUCID_MODULE, module) {
    module.doc() = "pellucid's native engine, built for " PELLUCID_ISA ".";
    module.attr("instruction_set") = PELLUCID_ISA;
    pellucid::define<float>(module, "Engine32", "Training32");
    pellucid::define<double>(module, "Engine64", "Training64");
}
