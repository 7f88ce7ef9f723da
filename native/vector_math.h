// exp, log and their relatives on lanes, from additions, multiplications and fused ones alone, so
// that they give the same bits on every machine, which no system's math library promises.
//
// Each is within a few units in the last place; tests/test_native_maths.py holds them against
// mpmath. NaN goes in and comes out; results below the smallest normal number are 0, as everywhere
// in the engine. Cody and Waite, Software Manual for the Elementary Functions, 1980, is the source
// of the reductions.
#pragma once

#include <limits>

#include "lanes.h"

namespace pellucid {

// What differs between float and double.
template <class T> struct Format;

template <> struct Format<float> {
    static constexpr int fraction_bits = 23, bias = 127;
    static constexpr int exp_terms = 7, log_terms = 4;
    static constexpr float exp_low = -87.33654f, exp_high = 88.72283f;
    static constexpr float ln2_high = 0x1.62e4p-1f, ln2_low = 0x1.7f7d1cp-20f;
    static constexpr float round = 0x1.8p23f;  // adding it rounds to a whole number
};

template <> struct Format<double> {
    static constexpr int fraction_bits = 52, bias = 1023;
    static constexpr int exp_terms = 13, log_terms = 11;
    static constexpr double exp_low = -708.3964185322641, exp_high = 709.782712893384;
    static constexpr double ln2_high = 0x1.62e42feep-1, ln2_low = 0x1.a39ef35793c76p-33;
    static constexpr double round = 0x1.8p52;
};

// 2^n for whole n from -bias + 1 to bias, in every lane.
template <class T> PELLUCID_INLINE Lanes<T> power_of_two(const Lanes<T>& n) {
    using F = Format<T>;
    using Bits = typename Lanes<T>::Bits;
    const Lanes<T> shifted = n + all(T(F::round + F::bias));  // n + bias in the lowest bits
    Lanes<T> r;
    for (int p = 0; p < parts; ++p)
        r.part[p] = typename Lanes<T>::Register(Bits(shifted.part[p]) << F::fraction_bits);
    return r;
}

// x = n ln 2 + r with |r| <= ln 2 / 2, and exp(r) - 1 by Taylor's series.
template <class T> struct Reduced {
    Lanes<T> n, tail;
};

template <class T> PELLUCID_INLINE Reduced<T> reduced(const Lanes<T>& x) {
    using F = Format<T>;
    constexpr T one_over_ln2 = T(1.4426950408889634074);
    const Lanes<T> round = all(F::round);
    const Lanes<T> n = fma(x, all(one_over_ln2), round) - round;
    const Lanes<T> r = fma(n, all(-F::ln2_low), fma(n, all(-F::ln2_high), x));
    double factorial[F::exp_terms + 1] = {1.0};
    for (int i = 1; i <= F::exp_terms; ++i) factorial[i] = factorial[i - 1] * i;
    Lanes<T> series = all(T(1.0 / factorial[F::exp_terms]));
    unrolled<F::exp_terms - 2>(
        [&](auto i) { series = fma(series, r, all(T(1.0 / factorial[F::exp_terms - 1 - i]))); });
    return {n, fma(series * r, r, r)};  // r + r^2 (1/2! + r/3! + ...)
}

template <class T> PELLUCID_INLINE Lanes<T> exp(const Lanes<T>& x) {
    using F = Format<T>;
    // The power is taken in two halves, since 2^n alone is out of range just below the limit.
    const Lanes<T> inside = min(all(F::exp_high), max(all(F::exp_low), x));
    const auto [n, tail] = reduced(inside);
    const Lanes<T> half = fma(n, all(T(0.5)), all(F::round)) - all(F::round);
    const Lanes<T> y = (tail + all(T(1))) * power_of_two(half) * power_of_two(n - half);
    const Lanes<T> infinity = all(std::numeric_limits<T>::infinity());
    return if_greater(x, all(F::exp_high), infinity, if_greater(all(F::exp_low), x, zero<T>(), y));
}

// exp(x) and exp(x) - 1, which has all its digits near 0, for x so far below the limit that there
// is nothing to be looked after but the numbers too small.
template <class T> struct Exponential {
    Lanes<T> e, e_less_1;
};

template <class T> PELLUCID_INLINE Exponential<T> moderate_exp(const Lanes<T>& x) {
    using F = Format<T>;
    const auto [n, tail] = reduced(max(all(F::exp_low), x));
    const Lanes<T> power = power_of_two(n);
    return {if_greater(all(F::exp_low), x, zero<T>(), fma(power, tail, power)),
            fma(power, tail, power - all(T(1)))};
}

// log(x) for x >= 0: x = 2^e (1 + f) with 1 + f in [sqrt(1/2), sqrt(2)), s = f / (2 + f),
// log(1 + f) = 2 (s + s^3/3 + s^5/5 + ...).
template <class T> PELLUCID_INLINE Lanes<T> log(const Lanes<T>& x) {
    using F = Format<T>;
    using Bits = typename Lanes<T>::Bits;
    using Register = typename Lanes<T>::Register;
    constexpr Integer<T> fraction = (Integer<T>(1) << F::fraction_bits) - 1;
    constexpr Integer<T> one = Integer<T>(F::bias) << F::fraction_bits;
    const T root_half = T(0.70710678118654752440);
    Integer<T> root_bits;
    std::memcpy(&root_bits, &root_half, sizeof(T));
    Lanes<T> e, m;
    for (int p = 0; p < parts; ++p) {
        // Counted from sqrt(1/2), the exponent field is e + 1 less the one of sqrt(1/2) itself.
        const Bits shifted = Bits(x.part[p]) + (one - root_bits);
        const Bits exponent = (shifted >> F::fraction_bits) - Integer<T>(F::bias);
        m.part[p] = Register((shifted & fraction) + root_bits);
        e.part[p] = __builtin_convertvector(exponent, Register);
    }
    const Lanes<T> f = m - all(T(1));
    const Lanes<T> s = f / (all(T(2)) + f);
    const Lanes<T> z = s * s;
    Lanes<T> series = all(T(1.0 / (2 * F::log_terms + 1)));
    unrolled<F::log_terms - 1>(
        [&](auto i) { series = fma(series, z, all(T(1.0 / (2 * (F::log_terms - 1 - i) + 1)))); });
    // f - s (f - 2 z series) is 2 s + 2 s z series with the leading part f exact.
    const Lanes<T> tail = s * (f - all(T(2)) * z * series);
    const Lanes<T> y = fma(e, all(F::ln2_high), f - (tail - e * all(F::ln2_low)));
    const Lanes<T> infinity = all(std::numeric_limits<T>::infinity());
    const Lanes<T> not_a_number = all(std::numeric_limits<T>::quiet_NaN());
    const Lanes<T> positive = if_greater(infinity, x, y, x);  // inf and NaN stay what they are
    return if_greater(x, zero<T>(), positive, if_equal(x, zero<T>(), -infinity, not_a_number));
}

// log(1 + x) for x >= 0: what 1 + x lost in rounding is put back.
template <class T> PELLUCID_INLINE Lanes<T> log1p(const Lanes<T>& x) {
    const Lanes<T> u = all(T(1)) + x;
    return log(u) + (x - (u - all(T(1)))) / u;
}

template <class T> PELLUCID_INLINE Lanes<T> tanh(const Lanes<T>& x) {
    const Lanes<T> e = moderate_exp(all(T(-2)) * abs(x)).e_less_1;  // in (-1, 0]
    const Lanes<T> y = -e / (all(T(2)) + e);
    return if_greater(zero<T>(), x, -y, y);
}

// With the exponential taken of a negative number only.
template <class T> PELLUCID_INLINE Lanes<T> sigmoid(const Lanes<T>& x) {
    const Lanes<T> e = moderate_exp(-abs(x)).e;
    return if_at_least(x, zero<T>(), all(T(1)), e) / (all(T(1)) + e);
}

// The complementary error function; the coefficients are those of src/pellucid/special.py.
template <class T> PELLUCID_INLINE Lanes<T> erfc(const Lanes<T>& x) {
    constexpr double chebyshev[] = {
        -0.6513268598908547,     0.6419697923564902,      0.019476473204185836,
        -0.009561514786808632,   -0.0009465953444820369,  0.00036683949785276145,
        4.252332480690777e-05,   -2.0278578112534242e-05, -1.6242900046470256e-06,
        1.3036558355805232e-06,  1.5626441722066142e-08,  -8.523809591492654e-08,
        6.5290544390988515e-09,  5.059343495551469e-09,   -9.91364156493033e-10,
        -2.273651222931836e-10,  9.646791102015527e-11,   2.3940380830391146e-12,
        -6.886027526497553e-12,  8.944879273090725e-13,   3.130921399342958e-13,
        -1.1270822362361252e-13, 3.810905255189232e-16,   7.106097613609237e-15,
        -1.5230282014571043e-15, -9.457494571291233e-17};
    constexpr int terms = sizeof(T) == 4 ? 13 : 26;  // the others are below a float's last digit
    const Lanes<T> z = abs(x);
    const Lanes<T> t = all(T(2)) / (all(T(2)) + z);
    const Lanes<T> u = fma(all(T(4)), t, all(T(-2)));
    Lanes<T> b1 = zero<T>(), b2 = zero<T>();
    unrolled<terms - 1>([&](auto i) {  // Clenshaw's recurrence
        const Lanes<T> b = fma(u, b1, all(T(chebyshev[terms - 1 - i])) - b2);
        b2 = b1;
        b1 = b;
    });
    const Lanes<T> power = fma(all(T(0.5)) * u, b1, all(T(chebyshev[0])) - b2) - z * z;
    const Lanes<T> tail = t * exp(power);
    return if_at_least(x, zero<T>(), tail, all(T(2)) - tail);
}

// 1 / x for positive floats from a first guess in the bits, made better by two steps that are right
// to third order: in less time than the hardware's division takes, and within two units in the last
// place.
//
// Several at a time, since each of them waits for itself at every operation.
template <int n> using Some = Lanes<float>[n];

template <int n> PELLUCID_INLINE void fast_reciprocal(const Some<n>& x, Some<n>& y) {
    using Bits = Lanes<float>::Bits;
    unrolled<n>([&](auto i) {
        for (int p = 0; p < parts; ++p)
            y[i].part[p] = Lanes<float>::Register(0x7ef311c7 - Bits(x[i].part[p]));
    });
    Some<n> e;
    for (int step = 0; step < 2; ++step) {  // y (1 + e + e^2)
        unrolled<n>([&](auto i) { e[i] = fnma(x[i], y[i], all(1.0f)); });
        unrolled<n>([&](auto i) { e[i] = fma(e[i], e[i], e[i]); });
        unrolled<n>([&](auto i) { y[i] = fma(y[i], e[i], y[i]); });
    }
}

}  // namespace pellucid
