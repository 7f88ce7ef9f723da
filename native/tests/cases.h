// The table of what the engine is made to train: networks, objectives, optimizers and batches.
#pragma once

#include <vector>

#include "../trainer.h"
#include "check.h"

namespace pellucid::tests {

enum class Weights { none, some, nothing_at_first };  // the last: a first batch that weighs nothing
enum class Form { dense, sparse_32, sparse_64 };

struct Case {
    std::string name;
    std::vector<LayerSpec> layers;
    Objective objective;
    OptimizerSpec optimizer;
    double rate = 0.05, clip_norm = 0.0;
    std::vector<double> drops;
    Index n = 21, size = 8, epochs = 2;
    bool shuffled = true;
    Weights weights = Weights::none;
    Form form = Form::dense;
    std::vector<int> members = {1, 2, 3, 8};
    bool chunks_depend_on_members = false;
};

struct Group {
    std::string name;
    std::vector<Case> cases;
};

inline LayerSpec dense(int n_in, int n_out, Activation activation, bool bias = true) {
    if (!bias) return {Kind::dense, n_in, n_out, false, activation, {0.5}, {0.5}};
    return {Kind::dense, n_in, n_out, true, activation, {1.0, 0.5}, {1.0, 0.0}};
}

inline LayerSpec scale(int n, Activation activation, bool bias = true) {
    LayerSpec layer = dense(n, n, activation, bias);
    layer.kind = Kind::scale;
    return layer;
}

inline OptimizerSpec optimizer(int which, double weight_decay = 0.0) {
    OptimizerSpec spec;
    spec.kind = Optimizer(which);
    spec.weight_decay = weight_decay;
    return spec;
}

inline LossSpec loss(Loss kind, bool raw = false, double label_smoothing = 0.0,
                     std::vector<double> quantiles = {0.3}) {
    return {kind, raw, 0.7, label_smoothing, std::move(quantiles)};
}

// A small network, and a loss for it, that a case then changes in one way.
inline Case plain(std::string name) {
    Case c;
    c.name = std::move(name);
    c.layers = {dense(7, 19, Activation::tanh), dense(19, 5, Activation::identity)};
    return c;
}

inline Group activations() {
    Group group{"activations", {}};
    for (int i = 0; i < int(std::size(activation_names)); ++i) {
        Case hidden = plain(std::string(activation_names[i]) + ", hidden");
        hidden.layers.front().activation = Activation(i);
        hidden.optimizer = optimizer(4);
        group.cases.push_back(hidden);
        Case output = plain(std::string(activation_names[i]) + ", output");
        output.layers.back().activation = Activation(i);
        group.cases.push_back(output);
    }
    return group;
}

inline Group losses() {
    Group group{"losses", {}};
    const auto add = [&](const char* note, LossSpec spec, Activation output, bool mean = true) {
        Case c = plain(std::string(loss_names[int(spec.kind)]) + note);
        c.layers.back().activation = output;
        c.objective.loss = std::move(spec);
        c.objective.mean = mean;
        group.cases.push_back(c);
    };
    for (int i = 0; i < int(std::size(loss_names)); ++i) {
        const auto kind = Loss(i);
        const bool positive = kind == Loss::poisson, share = kind == Loss::binary_cross_entropy;
        if (kind != Loss::cross_entropy)
            add("", loss(kind),
                positive ? Activation::softplus
                : share  ? Activation::sigmoid
                         : Activation::identity);
        add(", raw", loss(kind, true),
            positive                      ? Activation::exp
            : share                       ? Activation::sigmoid
            : kind == Loss::cross_entropy ? Activation::softmax
                                          : Activation::identity);
    }
    add(", a quantile each", loss(Loss::quantile, false, 0.0, {0.1, 0.25, 0.5, 0.75, 0.9}),
        Activation::identity);
    add(", smoothed", loss(Loss::binary_cross_entropy, true, 0.1), Activation::sigmoid);
    add(", smoothed", loss(Loss::cross_entropy, true, 0.1), Activation::softmax);
    add(", a sum", loss(Loss::cross_entropy, true), Activation::softmax, false);
    add(", a sum", loss(Loss::squared_error), Activation::relu, false);
    return group;
}

inline Group optimizers() {
    Group group{"optimizers", {}};
    for (int i = 0; i < int(std::size(optimizer_names)); ++i)
        for (const double clip_norm : {0.0, 0.05})
            for (const double penalty : {0.0, 0.3}) {
                Case c = plain(optimizer_names[i]);
                if (clip_norm > 0.0) c.name += ", clipped";
                if (penalty > 0.0) c.name += ", penalised";
                c.optimizer = optimizer(i, Optimizer(i) == Optimizer::adamw ? 0.1 : 0.0);
                c.clip_norm = clip_norm;
                c.objective.penalties.alpha = penalty;
                c.objective.penalties.l1 = penalty / 10.0;
                group.cases.push_back(c);
            }
    return group;
}

// Widths 1 to 70, depths 1 to 4, both kinds of layer, batches of 1, with a tail, and of all rows.
inline Group sizes() {
    Group group{"sizes", {}};
    for (int s = 1; s <= 70; ++s) {
        Case c = plain("size " + std::to_string(s));
        const int depth = 1 + s % 4, outputs = 1 + s * 13 % 70;
        c.layers.clear();
        int n = 71 - s;
        for (int l = 0; l < depth; ++l) {
            const auto activation = Activation((s + 5 * l) % int(std::size(activation_names)));
            if ((s + l) % 5 == 0) c.layers.push_back(scale(n, activation, s % 3 != 0));
            const int next = l + 1 == depth ? outputs : 1 + (s + 17 * l - 1) % 70;
            c.layers.push_back(dense(n, next, activation, s % 2 == 0));
            n = next;
        }
        if (s % 6 == 0) c.layers.push_back(scale(n, Activation::identity, s % 4 == 0));
        c.n = 1 + s * 7 % 40;
        c.size = s % 3 == 0 ? 1 : s % 3 == 1 ? 7 : c.n;
        c.epochs = s % 3 == 0 ? 1 : 2;
        c.shuffled = s % 4 != 0;
        c.optimizer = optimizer(s % int(std::size(optimizer_names)));
        c.rate = 0.001;
        if (s % 7 == 0) c.form = s % 2 == 0 ? Form::sparse_32 : Form::sparse_64;
        if (s % 8 == 0) c.objective.penalties.alpha = 0.1;
        group.cases.push_back(c);
    }
    return group;
}

inline Group extras() {
    Group group{"extras", {}};
    const auto add = [&](const char* name, auto change) {
        group.cases.push_back(plain(name));
        change(group.cases.back());
    };
    add("dropout", [](Case& c) { c.drops = {0.4, 0.0}; });
    add("dropout, full batch", [](Case& c) { c.drops = {0.4, 0.0}, c.size = c.n; });
    add("dropout of a scale layer", [](Case& c) {
        c.layers = {scale(7, Activation::identity), dense(7, 9, Activation::gelu),
                    dense(9, 5, Activation::softmax)};
        c.drops = {0.2, 0.5, 0.0};
    });
    add("weights", [](Case& c) { c.weights = Weights::some; });
    add("a batch that weighs nothing", [](Case& c) {
        c.weights = Weights::nothing_at_first, c.shuffled = false,
        c.objective.penalties.alpha = 0.1;
    });
    add("a sum over weighted rows", [](Case& c) {
        c.weights = Weights::some, c.objective.mean = false, c.objective.penalties.l1 = 0.1;
    });
    add("sparse, 32 bits", [](Case& c) { c.form = Form::sparse_32; });
    add("sparse, 64 bits, as they stand",
        [](Case& c) { c.form = Form::sparse_64, c.shuffled = false; });
    add("sparse rows into a scale layer", [](Case& c) {
        c.layers.insert(c.layers.begin(), scale(7, Activation::identity));
        c.form = Form::sparse_32;
    });
    add("wide enough for several panels", [](Case& c) {
        c.layers = {dense(130, 150, Activation::relu), dense(150, 67, Activation::relu),
                    dense(67, 10, Activation::softmax)};
        c.objective.loss = loss(Loss::cross_entropy, true);
        c.optimizer = optimizer(4);
        c.n = 70, c.size = 33;
    });
    add("rows read where an order names them, and a last one", [](Case& c) {
        c.layers = {dense(100, 130, Activation::relu), dense(130, 3, Activation::identity)};
        c.n = 149, c.size = 74;
    });
    add("rows of 1024 bytes", [](Case& c) {
        c.layers = {dense(256, 256, Activation::relu), dense(256, 3, Activation::identity)};
        c.shuffled = false, c.epochs = 1;
    });
    return group;
}

// A scale layer that goes first, only multiplies, and so is folded into the weights after it.
inline Group folded() {
    Group group{"folded", {}};
    const auto add = [&](const char* name, auto change) {
        Case c = plain(name);
        c.layers = {scale(37, Activation::identity, false), dense(37, 70, Activation::tanh),
                    dense(70, 5, Activation::identity)};
        c.optimizer = optimizer(5, 0.1);
        change(c);
        group.cases.push_back(c);
    };
    add("in batches", [](Case&) {});
    add("row by row", [](Case& c) { c.size = 1; });
    add("penalised", [](Case& c) { c.objective.penalties = {0.3, 0.03}; });
    add("clipped", [](Case& c) { c.clip_norm = 0.05, c.objective.penalties.alpha = 0.3; });
    add("dropped", [](Case& c) { c.drops = {0.0, 0.3, 0.0}; });
    add("sparse, 32 bits", [](Case& c) { c.form = Form::sparse_32; });
    add("sparse, 64 bits", [](Case& c) { c.form = Form::sparse_64, c.size = c.n; });
    add("without biases", [](Case& c) { c.layers[1] = dense(37, 70, Activation::mish, false); });
    add("into the output", [](Case& c) {
        c.layers = {scale(37, Activation::identity, false), dense(37, 5, Activation::identity)};
    });
    add("rows read where an order names them", [](Case& c) {
        c.layers = {scale(100, Activation::identity, false), dense(100, 130, Activation::relu),
                    dense(130, 3, Activation::identity)};
        c.n = 149, c.size = 74;
    });
    add("in chunks", [](Case& c) { c.n = c.size = 2100; });
    return group;
}

// More rows than go through at once, and a network so large that how many do depends on the number
// of members.
inline Group chunks() {
    Group group{"chunks", {}};
    for (const bool small : {true, false}) {
        Case c = plain(small ? "small" : "small, penalised, clipped, dropped, weighted");
        c.n = 2100, c.size = small ? 1500 : 2100;
        if (!small) {
            c.objective.penalties.alpha = 0.1;
            c.clip_norm = 0.1;
            c.drops = {0.3, 0.0};
            c.weights = Weights::some;
        }
        group.cases.push_back(c);
    }
    Case large = plain("a chunk for one member is less than for two");
    large.chunks_depend_on_members = true;
    large.layers = {dense(170000, 8, Activation::tanh), dense(8, 3, Activation::identity)};
    large.form = Form::sparse_32;
    large.n = large.size = 900;
    large.optimizer = optimizer(4);
    large.members = {1, 2, 8};
    group.cases.push_back(large);
    return group;
}

inline std::vector<Group> groups() {
    return {activations(), losses(), optimizers(), sizes(), extras(), folded(), chunks()};
}

}  // namespace pellucid::tests
