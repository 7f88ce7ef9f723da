// What a unit does with its weighted sum, on lanes: the table of src/pellucid/activations.py.
//
// Each has `forward(z) -> a` and `backward(da, z, a) -> dz`; one that says `from_a` works back from
// a alone, so that its z need not be kept. Softmax is the exception, being about whole rows.
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

struct Identity {
    static constexpr bool from_a = true;
    template <class V> static V forward(const V& z) { return z; }
    template <class V> static V backward(const V& da, const V&, const V&) { return da; }
};

struct Sigmoid {
    static constexpr bool from_a = true;
    template <class T> static Lanes<T> forward(const Lanes<T>& z) { return sigmoid(z); }
    template <class T>
    static Lanes<T> backward(const Lanes<T>& da, const Lanes<T>&, const Lanes<T>& a) {
        return da * a * (all(T(1)) - a);
    }
};

struct Tanh {
    static constexpr bool from_a = true;
    template <class T> static Lanes<T> forward(const Lanes<T>& z) { return tanh(z); }
    template <class T>
    static Lanes<T> backward(const Lanes<T>& da, const Lanes<T>&, const Lanes<T>& a) {
        return da * (all(T(1)) - a * a);
    }
};

struct Relu {
    static constexpr bool from_a = true;
    template <class T> static Lanes<T> forward(const Lanes<T>& z) {
        return max(zero<T>(), z);  // NaN stays NaN
    }
    template <class T>
    static Lanes<T> backward(const Lanes<T>& da, const Lanes<T>&, const Lanes<T>& a) {
        return if_greater(a, zero<T>(), da, zero<T>());
    }
};

struct LeakyRelu {
    static constexpr bool from_a = true;
    template <class T> static Lanes<T> forward(const Lanes<T>& z) {
        return if_greater(z, zero<T>(), z, all(T(0.01)) * z);
    }
    template <class T>
    static Lanes<T> backward(const Lanes<T>& da, const Lanes<T>&, const Lanes<T>& a) {
        return if_greater(a, zero<T>(), da, all(T(0.01)) * da);
    }
};

struct Elu {
    static constexpr bool from_a = false;  // a + 1 would lose the digits of a small exp(z)
    template <class T> static Lanes<T> forward(const Lanes<T>& z) {
        return if_greater(z, zero<T>(), z, expm1(min(zero<T>(), z)));
    }
    template <class T>
    static Lanes<T> backward(const Lanes<T>& da, const Lanes<T>& z, const Lanes<T>&) {
        return da * exp(min(zero<T>(), z));
    }
};

struct Selu {
    static constexpr bool from_a = false;
    static constexpr double scale = 1.0507009873554804934193349852946;
    static constexpr double alpha = 1.6732632423543772848170429916717;
    template <class T> static Lanes<T> forward(const Lanes<T>& z) {
        const Lanes<T> curve = all(T(alpha)) * expm1(min(zero<T>(), z));
        return all(T(scale)) * if_greater(z, zero<T>(), z, curve);
    }
    template <class T>
    static Lanes<T> backward(const Lanes<T>& da, const Lanes<T>& z, const Lanes<T>&) {
        const Lanes<T> slope = all(T(alpha)) * exp(min(zero<T>(), z));
        return all(T(scale)) * da * if_greater(z, zero<T>(), all(T(1)), slope);
    }
};

struct Gelu {
    static constexpr bool from_a = false;
    static constexpr double root_half = 0.70710678118654752440;
    static constexpr double one_over_root_two_pi = 0.39894228040143267794;
    template <class T> static Lanes<T> forward(const Lanes<T>& z) {
        return all(T(0.5)) * z * erfc(all(T(-root_half)) * z);
    }
    template <class T>
    static Lanes<T> backward(const Lanes<T>& da, const Lanes<T>& z, const Lanes<T>&) {
        const Lanes<T> density = exp(all(T(-0.5)) * z * z) * all(T(one_over_root_two_pi));
        return da * fma(z, density, all(T(0.5)) * erfc(all(T(-root_half)) * z));
    }
};

struct Softplus {
    static constexpr bool from_a = false;
    template <class T> static Lanes<T> forward(const Lanes<T>& z) { return softplus(z); }
    template <class T>
    static Lanes<T> backward(const Lanes<T>& da, const Lanes<T>& z, const Lanes<T>&) {
        return da * sigmoid(z);
    }
};

struct Swish {
    static constexpr bool from_a = false;
    template <class T> static Lanes<T> forward(const Lanes<T>& z) { return z * sigmoid(z); }
    template <class T>
    static Lanes<T> backward(const Lanes<T>& da, const Lanes<T>& z, const Lanes<T>&) {
        const Lanes<T> s = sigmoid(z);
        return da * s * fma(z, all(T(1)) - s, all(T(1)));
    }
};

struct Mish {
    static constexpr bool from_a = false;
    template <class T> static Lanes<T> forward(const Lanes<T>& z) { return z * tanh(softplus(z)); }
    template <class T>
    static Lanes<T> backward(const Lanes<T>& da, const Lanes<T>& z, const Lanes<T>&) {
        const Lanes<T> t = tanh(softplus(z));
        return da * fma(z * (all(T(1)) - t * t), sigmoid(z), t);
    }
};

struct Exp {
    static constexpr bool from_a = true;
    template <class T> static Lanes<T> forward(const Lanes<T>& z) { return exp(z); }
    template <class T>
    static Lanes<T> backward(const Lanes<T>& da, const Lanes<T>&, const Lanes<T>& a) {
        return da * a;
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

inline bool needs_z(Activation which) {
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
