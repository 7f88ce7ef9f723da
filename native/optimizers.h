// How a gradient becomes a step: the table of src/pellucid/optimizers.py, on lanes.
//
// A rule is made for one step of one segment of theta and moves theta and up to two moments.
#pragma once

#include "matrix.h"
#include "vector_math.h"

namespace pellucid {

enum class Optimizer { sgd, momentum, nesterov, rmsprop, adam, adamw };

constexpr const char* optimizer_names[] = {"sgd", "momentum", "nesterov",
                                           "rmsprop", "adam", "adamw"};

struct OptimizerSpec {
    Optimizer kind = Optimizer::sgd;
    double momentum = 0.9;
    double rho = 0.99;
    double beta_1 = 0.9, beta_2 = 0.999;
    double epsilon = 1e-8;
    double weight_decay = 0.0;

    int moments() const {
        return kind == Optimizer::sgd ? 0 : kind >= Optimizer::adam ? 2 : 1;
    }
};

// x^n by squaring: unlike the system's pow, the same everywhere.
inline double whole_power(double x, std::int64_t n) {
    double r = 1.0;
    for (; n > 0; n >>= 1, x *= x)
        if (n & 1) r *= x;
    return r;
}

// What a rule is made from, beside the optimizer's own settings: the learning rate and the factor
// on decay of a segment of theta, and how far Adam's means are from forgetting that they began at 0.
struct Step {
    double rate, decay = 1.0;
    double filled_1 = 1.0, filled_2 = 1.0;

    Step(const OptimizerSpec& spec, double rate_, std::int64_t t) : rate(rate_) {  // t from 1
        if (spec.kind < Optimizer::adam) return;
        filled_1 = 1.0 - whole_power(spec.beta_1, t);
        filled_2 = 1.0 - whole_power(spec.beta_2, t);
    }
    Step of(double rate_factor, double decay_factor) const {
        Step step = *this;
        step.rate *= rate_factor;
        step.decay = decay_factor;
        return step;
    }
};

template <class T> struct Sgd {
    static constexpr int moments = 0;
    Lanes<T> rate;
    Sgd(const OptimizerSpec&, const Step& step) : rate(all(T(step.rate))) {}
    void move(Lanes<T>& theta, Lanes<T>&, Lanes<T>&, const Lanes<T>& g) const {
        theta = fma(-rate, g, theta);
    }
};

template <class T> struct Momentum {
    static constexpr int moments = 1;
    Lanes<T> rate, momentum;
    Momentum(const OptimizerSpec& spec, const Step& step)
        : rate(all(T(step.rate))), momentum(all(T(spec.momentum))) {}
    void move(Lanes<T>& theta, Lanes<T>& velocity, Lanes<T>&, const Lanes<T>& g) const {
        velocity = fma(momentum, velocity, -(rate * g));
        theta = theta + velocity;
    }
};

template <class T> struct Nesterov {
    static constexpr int moments = 1;
    Lanes<T> rate, momentum;
    Nesterov(const OptimizerSpec& spec, const Step& step)
        : rate(all(T(step.rate))), momentum(all(T(spec.momentum))) {}
    void move(Lanes<T>& theta, Lanes<T>& velocity, Lanes<T>&, const Lanes<T>& g) const {
        const Lanes<T> push = rate * g;
        velocity = fma(momentum, velocity, -push);
        theta = fma(momentum, velocity, theta) - push;
    }
};

template <class T> struct RmsProp {
    static constexpr int moments = 1;
    Lanes<T> rate, rho, rest, epsilon;
    RmsProp(const OptimizerSpec& spec, const Step& step)
        : rate(all(T(step.rate))), rho(all(T(spec.rho))), rest(all(T(1.0 - spec.rho))),
          epsilon(all(T(spec.epsilon))) {}
    void move(Lanes<T>& theta, Lanes<T>& square, Lanes<T>&, const Lanes<T>& g) const {
        square = fma(rho, square, rest * g * g);
        theta = theta - rate * g / (sqrt(square) + epsilon);
    }
};

// Adam, and AdamW where `shrink` is not 1.
template <class T> struct Adam {
    static constexpr int moments = 2;
    Lanes<T> beta_1, rest_1, beta_2, rest_2, rate, root, epsilon, shrink;
    Adam(const OptimizerSpec& spec, const Step& step)
        : beta_1(all(T(spec.beta_1))), rest_1(all(T(1.0 - spec.beta_1))),
          beta_2(all(T(spec.beta_2))), rest_2(all(T(1.0 - spec.beta_2))),
          rate(all(T(-step.rate / step.filled_1))), root(all(T(1.0 / std::sqrt(step.filled_2)))),
          epsilon(all(T(spec.epsilon))),
          shrink(all(T(1.0 - step.rate * spec.weight_decay * step.decay))) {}
    void move(Lanes<T>& theta, Lanes<T>& mean, Lanes<T>& square, const Lanes<T>& g) const {
        mean = fma(beta_1, mean, rest_1 * g);
        square = fma(beta_2, square, rest_2 * (g * g));
        if constexpr (sizeof(T) == 4) {
            const Lanes<T> finite = min(all(std::numeric_limits<T>::max()), square);
            const Lanes<T> divisor =
                fma(finite * fast_reciprocal_root(finite), root, epsilon);
            theta = fma(rate * mean, fast_reciprocal(divisor), theta * shrink);
        } else {
            theta = fma(theta, shrink, rate * mean / fma(sqrt(square), root, epsilon));
        }
    }
};

// f(rule) with the rule that `spec` names, for this step.
template <class T, class F> void with(const OptimizerSpec& spec, const Step& step, F f) {
    switch (spec.kind) {
        case Optimizer::sgd: return f(Sgd<T>(spec, step));
        case Optimizer::momentum: return f(Momentum<T>(spec, step));
        case Optimizer::nesterov: return f(Nesterov<T>(spec, step));
        case Optimizer::rmsprop: return f(RmsProp<T>(spec, step));
        case Optimizer::adam:
        case Optimizer::adamw: return f(Adam<T>(spec, step));
    }
}

// The gradient of the penalties: pull theta + push sign(theta).
template <class T> struct Penalty {
    Lanes<T> pull, push;
    bool any;
    Penalty(double l2, double l1) : pull(all(T(l2))), push(all(T(l1))), any(l2 != 0 || l1 != 0) {}
    Lanes<T> gradient(const Lanes<T>& g, const Lanes<T>& theta) const {
        const Lanes<T> o = zero<T>();
        const Lanes<T> sign = if_greater(theta, o, push, if_greater(o, theta, -push, o));
        return fma(pull, theta, g + sign);
    }
};

// Moves n numbers (whole lanes) of theta and its moments by their gradient.
template <class T, class Rule>
PELLUCID_INLINE void move(const Rule& rule, const Penalty<T>& penalty, T by, Index n, const T* g,
                          T* theta, T* first, T* second) {
    const Lanes<T> scale = all(by);
    const auto along = [&](auto gradient_of) {
        for (Index i = 0; i < n; i += Lanes<T>::count) {
            Lanes<T> x = load(theta + i), m = zero<T>(), v = zero<T>();
            if constexpr (Rule::moments > 0) m = load(first + i);
            if constexpr (Rule::moments > 1) v = load(second + i);
            rule.move(x, m, v, gradient_of(load(g + i), x));
            store(theta + i, x);
            if constexpr (Rule::moments > 0) store(first + i, m);
            if constexpr (Rule::moments > 1) store(second + i, v);
        }
    };
    if (penalty.any)
        along([&](const Lanes<T>& gi, const Lanes<T>& x) { return penalty.gradient(gi, x) * scale; });
    else
        along([&](const Lanes<T>& gi, const Lanes<T>&) { return gi * scale; });
}

}  // namespace pellucid
