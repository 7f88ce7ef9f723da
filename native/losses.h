// How far the outputs are from the targets: the table of src/pellucid/losses.py, in which a lane
// is a row, so that a row's loss is added up output by output and never across lanes.
//
// `value(a, y)` and `gradient(a, y)` are of one output. `raw` pairs a loss with the output
// activation made for it and takes z in place of a, so that no probability is rounded to 0 or 1.
#pragma once

#include <vector>

#include "activations.h"

namespace pellucid {

enum class Loss {
    squared_error,
    absolute_error,
    huber,
    quantile,
    poisson,
    binary_cross_entropy,
    cross_entropy
};

constexpr const char* loss_names[] = {"squared_error", "absolute_error", "huber",
                                      "quantile",      "poisson",        "binary_cross_entropy",
                                      "cross_entropy"};

// A loss with its parameters; `raw` when it works from z.
struct LossSpec {
    Loss kind = Loss::squared_error;
    bool raw = false;
    double delta = 1.0;
    double label_smoothing = 0.0;
    std::vector<double> quantiles = {0.5};  // one, or one for each output
};

// x log(y), and 0 where x is 0 whatever y is.
template <class T> PELLUCID_INLINE Lanes<T> x_log_y(const Lanes<T>& x, const Lanes<T>& y) {
    return if_equal(x, zero<T>(), zero<T>(), x * log(y));
}

// x / y, and 0 where x is 0 whatever y is.
template <class T> PELLUCID_INLINE Lanes<T> x_over_y(const Lanes<T>& x, const Lanes<T>& y) {
    return if_equal(x, zero<T>(), zero<T>(), x / y);
}

struct SquaredError {
    template <class T> static Lanes<T> value(const Lanes<T>& a, const Lanes<T>& y) {
        const Lanes<T> r = a - y;
        return all(T(0.5)) * r * r;
    }
    template <class T> static Lanes<T> gradient(const Lanes<T>& a, const Lanes<T>& y) {
        return a - y;
    }
};

struct AbsoluteError {
    template <class T> static Lanes<T> value(const Lanes<T>& a, const Lanes<T>& y) {
        return abs(a - y);
    }
    template <class T> static Lanes<T> gradient(const Lanes<T>& a, const Lanes<T>& y) {
        const Lanes<T> r = a - y;  // NaN stays NaN
        return if_greater(r, zero<T>(), all(T(1)), if_greater(zero<T>(), r, all(T(-1)), r));
    }
};

template <class T> struct Huber {
    Lanes<T> delta;
    Lanes<T> value(const Lanes<T>& a, const Lanes<T>& y) const {
        const Lanes<T> r = abs(a - y);
        return if_greater(r, delta, delta * (r - all(T(0.5)) * delta), all(T(0.5)) * r * r);
    }
    Lanes<T> gradient(const Lanes<T>& a, const Lanes<T>& y) const {
        return min(delta, max(-delta, a - y));
    }
};

template <class T> struct Quantile {
    Lanes<T> q;
    Lanes<T> value(const Lanes<T>& a, const Lanes<T>& y) const {
        const Lanes<T> r = y - a;
        return if_at_least(r, zero<T>(), q, q - all(T(1))) * r;
    }
    Lanes<T> gradient(const Lanes<T>& a, const Lanes<T>& y) const {
        return if_greater(y, a, -q, if_greater(a, y, all(T(1)) - q, zero<T>()));
    }
};

struct Poisson {
    template <class T> static Lanes<T> value(const Lanes<T>& a, const Lanes<T>& y) {
        return a - y + x_log_y(y, y) - x_log_y(y, a);
    }
    template <class T> static Lanes<T> gradient(const Lanes<T>& a, const Lanes<T>& y) {
        return all(T(1)) - x_over_y(y, a);
    }
};

struct PoissonOfExp {
    template <class T> static Lanes<T> value(const Lanes<T>& z, const Lanes<T>& y) {
        return exp(z) - y - y * z + x_log_y(y, y);
    }
    template <class T> static Lanes<T> gradient(const Lanes<T>& z, const Lanes<T>& y) {
        return exp(z) - y;
    }
};

struct BinaryCrossEntropy {
    template <class T> static Lanes<T> value(const Lanes<T>& a, const Lanes<T>& y) {
        return -(x_log_y(y, a) + x_log_y(all(T(1)) - y, all(T(1)) - a));
    }
    template <class T> static Lanes<T> gradient(const Lanes<T>& a, const Lanes<T>& y) {
        return x_over_y(all(T(1)) - y, all(T(1)) - a) - x_over_y(y, a);
    }
};

struct BinaryCrossEntropyOfSigmoid {
    template <class T> static Lanes<T> value(const Lanes<T>& z, const Lanes<T>& y) {
        return max(zero<T>(), z) - y * z + log1p(exp(-abs(z)));
    }
    template <class T> static Lanes<T> gradient(const Lanes<T>& z, const Lanes<T>& y) {
        return sigmoid(z) - y;
    }
};

// One block of rows, turned: outputs a (or z) and targets y of n columns. Gives the loss of each
// row and turns `a` into the gradient, times each row's `weight`.
template <class T, class F>
Lanes<T> by_output(const F& f, T* a, const T* y, int n, const Lanes<T>& weight) {
    constexpr int lanes = Lanes<T>::count;
    Lanes<T> row = zero<T>();
    for (int j = 0; j < n; ++j) {
        const Lanes<T> aj = load(a + j * lanes), yj = load(y + j * lanes);
        row = row + f(j).value(aj, yj);
        store(a + j * lanes, f(j).gradient(aj, yj) * weight);
    }
    return row;
}

// Cross-entropy of softmax: sum y (log sum exp(z) - z), and softmax(z) sum y - y.
template <class T>
Lanes<T> cross_entropy_of_softmax(T* z, const T* y, int n, const Lanes<T>& weight) {
    constexpr int lanes = Lanes<T>::count;
    Lanes<T> top = load(z);
    for (int j = 1; j < n; ++j) top = max(top, load(z + j * lanes));
    Lanes<T> total = zero<T>(), targets = zero<T>(), missed = zero<T>();
    for (int j = 0; j < n; ++j) {
        const Lanes<T> below = load(z + j * lanes) - top, yj = load(y + j * lanes);
        const Lanes<T> e = exp(below);
        total = total + e;
        targets = targets + yj;
        missed = fma(-yj, below, missed);
        store(z + j * lanes, e);
    }
    const Lanes<T> share = targets / total;
    for (int j = 0; j < n; ++j)
        store(z + j * lanes, (load(z + j * lanes) * share - load(y + j * lanes)) * weight);
    return fma(targets, log(total), missed);
}

// The loss of each row of a turned block; `a` (or z) becomes its weighted gradient.
template <class T>
Lanes<T> loss_block(const LossSpec& spec, T* a, const T* y, int n, const Lanes<T>& weight) {
    const auto alike = [&](auto f) {
        return by_output([&](int) -> const auto& { return f; }, a, y, n, weight);
    };
    switch (spec.kind) {
        case Loss::squared_error: return alike(SquaredError{});
        case Loss::absolute_error: return alike(AbsoluteError{});
        case Loss::huber: return alike(Huber<T>{all(T(spec.delta))});
        case Loss::quantile:
            return by_output(
                [&](int j) {
                    const auto& q = spec.quantiles;
                    return Quantile<T>{all(T(q[q.size() == 1 ? 0 : std::size_t(j)]))};
                },
                a, y, n, weight);
        case Loss::poisson: return spec.raw ? alike(PoissonOfExp{}) : alike(Poisson{});
        case Loss::binary_cross_entropy:
            return spec.raw ? alike(BinaryCrossEntropyOfSigmoid{}) : alike(BinaryCrossEntropy{});
        case Loss::cross_entropy: return cross_entropy_of_softmax(a, y, n, weight);
    }
    return zero<T>();
}

}  // namespace pellucid
