// What a unit does with its weighted sum, on lanes: the table of src/pellucid/activations.py.
//
// Each has `forward(z) -> a`. One that says `from_a` works back from that alone: `backward(da, a)`
// is dz. Another has `curve(z)`, which is a with the slope f'(z) beside it, from one exponential:
// dz is da times the slope. Softmax is the exception, being about whole rows.
#pragma once

#include "turning.h"
#include "vector_math.h"

namespace pellucid {

enum class Activation {
    identity,
    sigmoid,
    tanh,
    relu,
    leaky_relu,
    elu,
    selu,
    gelu,
    softplus,
    swish,
    mish,
    exp,
    softmax
};

constexpr const char* activation_names[] = {
    "identity", "sigmoid",  "tanh",  "relu", "leaky_relu", "elu",    "selu",
    "gelu",     "softplus", "swish", "mish", "exp",        "softmax"};

// A point of a curve, and how steep it is there.
template <class T> struct Curve {
    Lanes<T> a, slope;
};

struct Identity {
    static constexpr bool from_a = true;
    template <class V> static V forward(const V& z) { return z; }
    template <class V> static V backward(const V& da, const V&) { return da; }
};

struct Sigmoid {
    static constexpr bool from_a = true;
    template <class T> static Lanes<T> forward(const Lanes<T>& z) { return sigmoid(z); }
    template <class T> static Lanes<T> backward(const Lanes<T>& da, const Lanes<T>& a) {
        return da * a * (all(T(1)) - a);
    }
};

struct Tanh {
    static constexpr bool from_a = true;
    template <class T> static Lanes<T> forward(const Lanes<T>& z) { return tanh(z); }
    template <class T> static Lanes<T> backward(const Lanes<T>& da, const Lanes<T>& a) {
        return da * (all(T(1)) - a * a);
    }
};

struct Relu {
    static constexpr bool from_a = true;
    template <class T> static Lanes<T> forward(const Lanes<T>& z) {
        return max(zero<T>(), z);  // NaN stays NaN
    }
    template <class T> static Lanes<T> backward(const Lanes<T>& da, const Lanes<T>& a) {
        return if_greater(a, zero<T>(), da, zero<T>());
    }
};

struct LeakyRelu {
    static constexpr bool from_a = true;
    template <class T> static Lanes<T> forward(const Lanes<T>& z) {
        return if_greater(z, zero<T>(), z, all(T(0.01)) * z);
    }
    template <class T> static Lanes<T> backward(const Lanes<T>& da, const Lanes<T>& a) {
        return if_greater(a, zero<T>(), da, all(T(0.01)) * da);
    }
};

struct Exp {
    static constexpr bool from_a = true;
    template <class T> static Lanes<T> forward(const Lanes<T>& z) { return exp(z); }
    template <class T> static Lanes<T> backward(const Lanes<T>& da, const Lanes<T>& a) {
        return da * a;
    }
};

// What those have in common whose slope is not to be had from a, or not with all its digits.
template <class Row> struct Curved {
    static constexpr bool from_a = false;
    template <class T> static Lanes<T> forward(const Lanes<T>& z) { return Row::curve(z).a; }
};

struct Elu : Curved<Elu> {
    template <class T> static Curve<T> curve(const Lanes<T>& z) {
        const auto [e, e_less_1] = moderate_exp(min(zero<T>(), z));
        return {if_greater(z, zero<T>(), z, e_less_1), e};
    }
};

struct Selu : Curved<Selu> {
    static constexpr double scale = 1.0507009873554804934193349852946;
    static constexpr double both = scale * 1.6732632423543772848170429916717;
    template <class T> static Curve<T> curve(const Lanes<T>& z) {
        const auto [e, e_less_1] = moderate_exp(min(zero<T>(), z));
        return {if_greater(z, zero<T>(), all(T(scale)) * z, all(T(both)) * e_less_1),
                if_greater(z, zero<T>(), all(T(scale)), all(T(both)) * e)};
    }
};

struct Gelu : Curved<Gelu> {
    static constexpr double root_half = 0.70710678118654752440;
    static constexpr double one_over_root_two_pi = 0.39894228040143267794;
    template <class T> static Curve<T> curve(const Lanes<T>& z) {
        const Lanes<T> share = all(T(0.5)) * erfc(all(T(-root_half)) * z);
        const Lanes<T> density = exp(all(T(-0.5)) * z * z) * all(T(one_over_root_two_pi));
        return {z * share, fma(z, density, share)};
    }
};

struct Softplus : Curved<Softplus> {
    template <class T> static Curve<T> curve(const Lanes<T>& z) {
        const Lanes<T> e = moderate_exp(-abs(z)).e;
        return {max(zero<T>(), z) + log1p(e),
                if_at_least(z, zero<T>(), all(T(1)), e) / (all(T(1)) + e)};
    }
};

struct Swish : Curved<Swish> {
    template <class T> static Curve<T> curve(const Lanes<T>& z) {
        const Lanes<T> s = sigmoid(z);
        return {z * s, s * fma(z, all(T(1)) - s, all(T(1)))};
    }
};

// With n = e^z (e^z + 2), tanh(softplus(z)) is n / (n + 2), and 1 to the last digit beyond z = 40.
struct Mish : Curved<Mish> {
    template <class T> static Curve<T> curve(const Lanes<T>& z) {
        const Lanes<T> inside = min(all(T(40)), z);
        const Lanes<T> e = moderate_exp(inside).e;
        const Lanes<T> n = e * (e + all(T(2)));
        const Lanes<T> inverse = all(T(1)) / (n + all(T(2)));
        const Lanes<T> t = n * inverse;  // whose own slope is 4 e (e + 1) / (n + 2)^2
        const Lanes<T> steep = all(T(4)) * fma(e, e, e) * inverse;
        return {z * t, fma(steep, inside * inverse, t)};
    }
};

// f(Identity{}), f(Sigmoid{}), ...: the row of the table that `which` names. Softmax has none.
template <class F> void with(Activation which, F f) {
    switch (which) {
        case Activation::identity: return f(Identity{});
        case Activation::sigmoid: return f(Sigmoid{});
        case Activation::tanh: return f(Tanh{});
        case Activation::relu: return f(Relu{});
        case Activation::leaky_relu: return f(LeakyRelu{});
        case Activation::elu: return f(Elu{});
        case Activation::selu: return f(Selu{});
        case Activation::gelu: return f(Gelu{});
        case Activation::softplus: return f(Softplus{});
        case Activation::swish: return f(Swish{});
        case Activation::mish: return f(Mish{});
        case Activation::exp: return f(Exp{});
        case Activation::softmax: return;
    }
}

// Whether the way back needs slopes that are kept on the way forward.
inline bool needs_slope(Activation which) {
    bool answer = false;
    with(which, [&](auto f) { answer = !decltype(f)::from_a; });
    return answer;
}

// A block of as many rows as there are lanes, turned: block[j] holds column j, a row in each lane.
template <class T> void turn_rows(const T* from, Index stride, int rows, int n, T* block) {
    constexpr int lanes = Lanes<T>::count;
    for (int j = 0; j < n; j += lanes)
        turn_square(from + j, stride, rows, block + Index(j) * lanes, lanes,
                    std::min(lanes, n - j));
}

// The way back, which also fills the columns up to whole lanes with 0.
template <class T> void turn_back(const T* block, int n, T* to, Index stride, int rows) {
    constexpr int lanes = Lanes<T>::count;
    for (int j = 0; j < n; j += lanes)
        turn_square(block + Index(j) * lanes, lanes, std::min(lanes, n - j), to + j, stride, rows);
}

// a = softmax(z) of one turned block of n columns, in place: exp(z) over its sum.
template <class T> void softmax_forward(T* z, int n) {
    constexpr int lanes = Lanes<T>::count;
    Lanes<T> top = load(z);
    for (int j = 1; j < n; ++j) top = max(top, load(z + j * lanes));
    Lanes<T> total = zero<T>();
    for (int j = 0; j < n; ++j) {
        const Lanes<T> e = exp(load(z + j * lanes) - top);
        store(z + j * lanes, e);
        total = total + e;
    }
    for (int j = 0; j < n; ++j) store(z + j * lanes, load(z + j * lanes) / total);
}

// dz = a (da - sum of a da), in place of da.
template <class T> void softmax_backward(T* da, const T* a, int n) {
    constexpr int lanes = Lanes<T>::count;
    Lanes<T> total = zero<T>();
    for (int j = 0; j < n; ++j) total = fma(load(a + j * lanes), load(da + j * lanes), total);
    for (int j = 0; j < n; ++j)
        store(da + j * lanes, load(a + j * lanes) * (load(da + j * lanes) - total));
}

}  // namespace pellucid
