// How a gradient becomes a step: the table of src/pellucid/optimizers.py, on lanes.
//
// A rule is made for one step of one segment of theta and moves theta and up to two moments, a few
// lanes of them at a time.
#pragma once

#include "matrix.h"
#include "vector_math.h"

namespace pellucid {

enum class Optimizer { sgd, momentum, nesterov, rmsprop, adam, adamw };

constexpr const char* optimizer_names[] = {"sgd",     "momentum", "nesterov",
                                           "rmsprop", "adam",     "adamw"};

struct OptimizerSpec {
    Optimizer kind = Optimizer::sgd;
    double momentum = 0.9;
    double rho = 0.99;
    double beta_1 = 0.9, beta_2 = 0.999;
    double epsilon = 1e-8;
    bool epsilon_hat = false;  // epsilon is added before the root's bias is corrected
    double weight_decay = 0.0;

    int moments() const { return kind == Optimizer::sgd ? 0 : kind >= Optimizer::adam ? 2 : 1; }
};

// x^n by squaring: unlike the system's pow, the same everywhere.
inline double whole_power(double x, std::int64_t n) {
    double r = 1.0;
    for (; n > 0; n >>= 1, x *= x)
        if (n & 1) r *= x;
    return r;
}

// What a rule is made from, beside the optimizer's own settings: the learning rate and the factor
// on decay of a segment of theta, and how far Adam's means are from forgetting that they began at
// 0.
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

// An epsilon of 0 is as small as can be: columns that only fill up a lane would give 0 / 0.
template <class T> T above_zero(double epsilon) {
    return std::max(T(epsilon), std::numeric_limits<T>::min());
}

template <class T, int n> using Several = Lanes<T>[n];

template <class T> struct Sgd {
    static constexpr int moments = 0;
    Lanes<T> rate;
    Sgd(const OptimizerSpec&, const Step& step) : rate(all(T(step.rate))) {}
    template <int n>
    PELLUCID_INLINE void move(Several<T, n>& theta, Several<T, n>&, Several<T, n>&,
                              const Several<T, n>& g) const {
        unrolled<n>([&](auto i) { theta[i] = fnma(rate, g[i], theta[i]); });
    }
};

template <class T> struct Momentum {
    static constexpr int moments = 1;
    Lanes<T> rate, momentum;
    Momentum(const OptimizerSpec& spec, const Step& step)
        : rate(all(T(step.rate))), momentum(all(T(spec.momentum))) {}
    template <int n>
    PELLUCID_INLINE void move(Several<T, n>& theta, Several<T, n>& velocity, Several<T, n>&,
                              const Several<T, n>& g) const {
        unrolled<n>([&](auto i) {
            velocity[i] = fma(momentum, velocity[i], -(rate * g[i]));
            theta[i] = theta[i] + velocity[i];
        });
    }
};

template <class T> struct Nesterov {
    static constexpr int moments = 1;
    Lanes<T> rate, momentum;
    Nesterov(const OptimizerSpec& spec, const Step& step)
        : rate(all(T(step.rate))), momentum(all(T(spec.momentum))) {}
    template <int n>
    PELLUCID_INLINE void move(Several<T, n>& theta, Several<T, n>& velocity, Several<T, n>&,
                              const Several<T, n>& g) const {
        unrolled<n>([&](auto i) {
            const Lanes<T> push = rate * g[i];
            velocity[i] = fma(momentum, velocity[i], -push);
            theta[i] = fma(momentum, velocity[i], theta[i]) - push;
        });
    }
};

template <class T> struct RmsProp {
    static constexpr int moments = 1;
    Lanes<T> rate, rho, rest, epsilon;
    RmsProp(const OptimizerSpec& spec, const Step& step)
        : rate(all(T(step.rate))), rho(all(T(spec.rho))), rest(all(T(1.0 - spec.rho))),
          epsilon(all(above_zero<T>(spec.epsilon))) {}
    template <int n>
    PELLUCID_INLINE void move(Several<T, n>& theta, Several<T, n>& square, Several<T, n>&,
                              const Several<T, n>& g) const {
        unrolled<n>([&](auto i) {
            square[i] = fma(rho, square[i], rest * g[i] * g[i]);
            theta[i] = theta[i] - rate * g[i] / (sqrt(square[i]) + epsilon);
        });
    }
};

template <class T> struct Adam {
    static constexpr int moments = 2;
    Lanes<T> beta_1, rest_1, beta_2, rest_2, rate, root, epsilon;
    Adam(const OptimizerSpec& spec, const Step& step)
        : beta_1(all(T(spec.beta_1))), rest_1(all(T(1.0 - spec.beta_1))),
          beta_2(all(T(spec.beta_2))), rest_2(all(T(1.0 - spec.beta_2))),
          rate(all(T(-step.rate / step.filled_1))), root(all(T(1.0 / std::sqrt(step.filled_2)))),
          epsilon(all(above_zero<T>(spec.epsilon_hat ? spec.epsilon / std::sqrt(step.filled_2)
                                                     : spec.epsilon))) {}
    template <int n>
    PELLUCID_INLINE void move(Several<T, n>& theta, Several<T, n>& mean, Several<T, n>& square,
                              const Several<T, n>& g) const {
        unrolled<n>([&](auto i) { mean[i] = fma(beta_1, mean[i], rest_1 * g[i]); });
        unrolled<n>([&](auto i) { square[i] = fma(beta_2, square[i], rest_2 * (g[i] * g[i])); });
        if constexpr (sizeof(T) == 4) {
            // The processor takes roots while the rest is being multiplied; dividing as well would
            // have to wait for them.
            const Lanes<T> most = all(std::sqrt(std::numeric_limits<T>::max()));
            Several<T, n> divisor, inverse;
            unrolled<n>([&](auto i) { divisor[i] = min(most, sqrt(square[i])); });
            unrolled<n>([&](auto i) { divisor[i] = fma(divisor[i], root, epsilon); });
            fast_reciprocal<n>(divisor, inverse);
            unrolled<n>([&](auto i) { divisor[i] = rate * mean[i]; });
            unrolled<n>([&](auto i) { theta[i] = fma(divisor[i], inverse[i], theta[i]); });
        } else {
            unrolled<n>([&](auto i) {
                theta[i] = theta[i] + rate * mean[i] / fma(sqrt(square[i]), root, epsilon);
            });
        }
    }
};

// Adam after theta has shrunk by the decoupled decay.
template <class T> struct AdamW : Adam<T> {
    Lanes<T> shrink;
    AdamW(const OptimizerSpec& spec, const Step& step)
        : Adam<T>(spec, step), shrink(all(T(1.0 - step.rate * spec.weight_decay * step.decay))) {}
    template <int n>
    PELLUCID_INLINE void move(Several<T, n>& theta, Several<T, n>& mean, Several<T, n>& square,
                              const Several<T, n>& g) const {
        unrolled<n>([&](auto i) { theta[i] = theta[i] * shrink; });
        Adam<T>::template move<n>(theta, mean, square, g);
    }
};

// f(rule) with the rule that `spec` names, for this step.
template <class T, class F> void with(const OptimizerSpec& spec, const Step& step, F f) {
    switch (spec.kind) {
        case Optimizer::sgd: return f(Sgd<T>(spec, step));
        case Optimizer::momentum: return f(Momentum<T>(spec, step));
        case Optimizer::nesterov: return f(Nesterov<T>(spec, step));
        case Optimizer::rmsprop: return f(RmsProp<T>(spec, step));
        case Optimizer::adam: return f(Adam<T>(spec, step));
        case Optimizer::adamw: return f(AdamW<T>(spec, step));
    }
}

// The gradient of the penalties: pull theta + push sign(theta).
template <class T> struct Penalty {
    Lanes<T> pull, push;
    bool any, of_squares_alone;
    Penalty(double l2, double l1)
        : pull(all(T(l2))), push(all(T(l1))), any(l2 != 0 || l1 != 0), of_squares_alone(l1 == 0) {}
    Lanes<T> gradient(const Lanes<T>& g, const Lanes<T>& theta) const {
        const Lanes<T> o = zero<T>();
        const Lanes<T> sign = if_greater(theta, o, push, if_greater(o, theta, -push, o));
        return fma(pull, theta, g + sign);
    }
};

// Moves n lanes of theta, and of its moments, by `scale` times their gradient: `several` of them at
// a time, and then `rest` at a time. `gradient(i, u)` gives that of lane i + u, in the block that
// begins at lane i; u is known when compiling.
template <int several, int rest, class T, class Rule, class Gradient>
PELLUCID_INLINE void move(const Rule& rule, const Penalty<T>& penalty, T scale, Index n,
                          Gradient gradient, T* theta, T* first, T* second) {
    constexpr int lanes = Lanes<T>::count;
    const auto along = [&](auto gradient_at) __attribute__((always_inline)) {
        const Rule local = rule;  // which no store to theta can change: it stays in registers
        const auto some = [&](Index i, auto at_once) __attribute__((always_inline)) {
            constexpr int count = at_once;
            Several<T, count> x, m, v, d;
            unrolled<count>([&](auto u) {
                const Index at = (i + u) * lanes;
                x[u] = load(theta + at);
                if constexpr (Rule::moments > 0) m[u] = load(first + at);
                if constexpr (Rule::moments > 1) v[u] = load(second + at);
                d[u] = gradient_at(i, u, x[u]);
            });
            local.template move<count>(x, m, v, d);
            unrolled<count>([&](auto u) {
                const Index at = (i + u) * lanes;
                store(theta + at, x[u]);
                if constexpr (Rule::moments > 0) store(first + at, m[u]);
                if constexpr (Rule::moments > 1) store(second + at, v[u]);
            });
        };
        Index i = 0;
        for (; i + several <= n; i += several) some(i, std::integral_constant<int, several>{});
        for (; i + rest <= n; i += rest) some(i, std::integral_constant<int, rest>{});
    };
    if (penalty.any && penalty.of_squares_alone && scale == T(1)) {
        const Lanes<T> pull = penalty.pull;
        along([&](Index i, auto u, const Lanes<T>& x)
                  __attribute__((always_inline)) { return fma(pull, x, gradient(i, u)); });
    } else if (penalty.any || scale != T(1))
        along([&](Index i, auto u, const Lanes<T>& x) __attribute__((always_inline)) {
            return penalty.gradient(gradient(i, u), x) * all(scale);
        });
    else
        along([&](Index i, auto u, const Lanes<T>&)
                  __attribute__((always_inline)) { return gradient(i, u); });
}

// A gradient that is written down, one lane after the other.
template <class T> auto written(const T* g) {
    return [g](Index i, auto u)
               __attribute__((always_inline)) { return load(g + (i + u) * Lanes<T>::count); };
}

}  // namespace pellucid
