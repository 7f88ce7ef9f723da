// The words that Python describes a network, a loss and an optimizer in, turned into the engine's
// own.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <string>
#include <tuple>
#include <vector>

#include "losses.h"
#include "optimizers.h"
#include "plan.h"

namespace pellucid {

namespace nb = nanobind;

// The place of a name in a table of names.
template <class E, std::size_t n>
E named(const std::string& name, const char* const (&table)[n], const char* what) {
    for (std::size_t i = 0; i < n; ++i)
        if (name == table[i]) return E(i);
    throw nb::value_error(("unknown " + std::string(what) + " '" + name + "'").c_str());
}

using LayerFields =
    std::tuple<std::string, int, int, bool, std::string, std::vector<double>, std::vector<double>>;

inline std::vector<LayerSpec> layers_of(const std::vector<LayerFields>& rows) {
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

inline double number(const nb::dict& fields, const char* name, double otherwise) {
    if (!fields.contains(name)) return otherwise;
    const double value = PyFloat_AsDouble(nb::object(fields[name]).ptr());
    if (value == -1.0 && PyErr_Occurred()) {
        PyErr_Clear();
        throw nb::type_error((std::string(name) + " is no number").c_str());
    }
    return value;
}

inline LossSpec loss_of(const std::string& name, bool raw, const nb::dict& parameters,
                        const LayerSpec& output) {
    const int n_out = output.n_out;
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
                               std::to_string(n_out) + " outputs: give one each")
                                  .c_str());
    if (loss.kind == Loss::cross_entropy && !(raw && output.activation == Activation::softmax))
        throw nb::value_error("cross_entropy is computed from the raw output of softmax only");
    return loss;
}

inline OptimizerSpec optimizer_of(const std::string& name, const nb::dict& parameters) {
    OptimizerSpec spec;
    spec.kind = named<Optimizer>(name, optimizer_names, "optimizer");
    spec.momentum = number(parameters, "momentum", spec.momentum);
    spec.rho = number(parameters, "rho", spec.rho);
    spec.beta_1 = number(parameters, "beta_1", spec.beta_1);
    spec.beta_2 = number(parameters, "beta_2", spec.beta_2);
    spec.epsilon = number(parameters, "epsilon", spec.epsilon);
    spec.epsilon_hat = number(parameters, "epsilon_hat", 0.0) != 0.0;
    spec.weight_decay = number(parameters, "weight_decay", spec.weight_decay);
    return spec;
}

}  // namespace pellucid
