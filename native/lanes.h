// Lanes are 64 bytes of numbers that are worked on at once: 16 floats or 8 doubles.
//
// The width is the same on every machine; only how many registers it takes differs (one with
// AVX-512, two with AVX2, four with NEON). So the order in which numbers are added never depends on
// the instruction set, and neither do the bits of a result. For the same reason nothing here is
// left to the compiler's choice: a multiplication and an addition are fused where `fma` says so and
// nowhere else (-ffp-contract=off), and there is no -ffast-math.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#define PELLUCID_INLINE inline __attribute__((always_inline))

namespace pellucid {

using Index = std::ptrdiff_t;

#if defined(__AVX512F__)
constexpr int register_bytes = 64;
#elif defined(__AVX2__) && defined(__FMA__)
constexpr int register_bytes = 32;
#elif defined(__aarch64__)
constexpr int register_bytes = 16;
#else
#error "the engine needs fused multiply-add: build for x86-64-v3, x86-64-v4 or aarch64"
#endif

constexpr int lane_bytes = 64;
constexpr int parts = lane_bytes / register_bytes;

template <class T> using Integer = std::conditional_t<sizeof(T) == 4, std::int32_t, std::int64_t>;

template <class T> struct Lanes {
    static constexpr int count = lane_bytes / int(sizeof(T));
    typedef T Register __attribute__((vector_size(register_bytes)));
    typedef Integer<T> Bits __attribute__((vector_size(register_bytes)));
    Register part[parts];
};

// One number in every lane. (`Register{} + x` would cost an addition: x + 0 is not x when x is -0.)
PELLUCID_INLINE Lanes<float> all(float x) {
    Lanes<float> r;
    for (int p = 0; p < parts; ++p) {
#if defined(__AVX512F__)
        r.part[p] = _mm512_set1_ps(x);
#elif defined(__AVX2__)
        r.part[p] = _mm256_set1_ps(x);
#else
        r.part[p] = vdupq_n_f32(x);
#endif
    }
    return r;
}

PELLUCID_INLINE Lanes<double> all(double x) {
    Lanes<double> r;
    for (int p = 0; p < parts; ++p) {
#if defined(__AVX512F__)
        r.part[p] = _mm512_set1_pd(x);
#elif defined(__AVX2__)
        r.part[p] = _mm256_set1_pd(x);
#else
        r.part[p] = vdupq_n_f64(x);
#endif
    }
    return r;
}

template <class T> PELLUCID_INLINE Lanes<T> zero() { return all(T(0)); }

template <class T> PELLUCID_INLINE Lanes<T> load(const T* p) {
    Lanes<T> r;
    std::memcpy(&r, p, lane_bytes);
    return r;
}

template <class T> PELLUCID_INLINE void store(T* p, const Lanes<T>& a) {
    std::memcpy(p, &a, lane_bytes);
}

// The first n numbers at p, and 0 in the lanes behind: nothing behind them is touched.
template <class T> PELLUCID_INLINE Lanes<T> load_first(Index n, const T* p) {
#if defined(__AVX512F__)
    if constexpr (sizeof(T) == 4)
        return {{_mm512_maskz_loadu_ps(__mmask16((1u << n) - 1), p)}};
    else
        return {{_mm512_maskz_loadu_pd(__mmask8((1u << n) - 1), p)}};
#else
    T numbers[Lanes<T>::count] = {};
    std::memcpy(numbers, p, std::size_t(n) * sizeof(T));
    return load(numbers);
#endif
}

template <class T> PELLUCID_INLINE void store_first(Index n, T* p, const Lanes<T>& a) {
#if defined(__AVX512F__)
    if constexpr (sizeof(T) == 4)
        _mm512_mask_storeu_ps(p, __mmask16((1u << n) - 1), a.part[0]);
    else
        _mm512_mask_storeu_pd(p, __mmask8((1u << n) - 1), a.part[0]);
#else
    std::memcpy(p, &a, std::size_t(n) * sizeof(T));
#endif
}

// n numbers from one place to another, which are rarely many.
template <class T> PELLUCID_INLINE void copy(const T* from, Index n, T* to) {
    constexpr Index lanes = Lanes<T>::count;
    Index i = 0;
    for (; i + lanes <= n; i += lanes) store(to + i, load(from + i));
    if (i < n) store_first(n - i, to + i, load_first(n - i, from + i));
}

#define PELLUCID_LANEWISE(op)                                                    \
    template <class T>                                                           \
    PELLUCID_INLINE Lanes<T> operator op(const Lanes<T>& a, const Lanes<T>& b) { \
        Lanes<T> r;                                                              \
        for (int p = 0; p < parts; ++p) r.part[p] = a.part[p] op b.part[p];      \
        return r;                                                                \
    }
PELLUCID_LANEWISE(+)
PELLUCID_LANEWISE(-)
PELLUCID_LANEWISE(*)
PELLUCID_LANEWISE(/)
#undef PELLUCID_LANEWISE

template <class T> PELLUCID_INLINE Lanes<T> operator-(const Lanes<T>& a) {
    Lanes<T> r;
    for (int p = 0; p < parts; ++p) r.part[p] = -a.part[p];
    return r;
}

// a b + c, rounded once.
PELLUCID_INLINE Lanes<float> fma(const Lanes<float>& a, const Lanes<float>& b,
                                 const Lanes<float>& c) {
    Lanes<float> r;
    for (int p = 0; p < parts; ++p) {
#if defined(__AVX512F__)
        r.part[p] = _mm512_fmadd_ps(a.part[p], b.part[p], c.part[p]);
#elif defined(__AVX2__)
        r.part[p] = _mm256_fmadd_ps(a.part[p], b.part[p], c.part[p]);
#else
        r.part[p] = vfmaq_f32(c.part[p], a.part[p], b.part[p]);
#endif
    }
    return r;
}

PELLUCID_INLINE Lanes<double> fma(const Lanes<double>& a, const Lanes<double>& b,
                                  const Lanes<double>& c) {
    Lanes<double> r;
    for (int p = 0; p < parts; ++p) {
#if defined(__AVX512F__)
        r.part[p] = _mm512_fmadd_pd(a.part[p], b.part[p], c.part[p]);
#elif defined(__AVX2__)
        r.part[p] = _mm256_fmadd_pd(a.part[p], b.part[p], c.part[p]);
#else
        r.part[p] = vfmaq_f64(c.part[p], a.part[p], b.part[p]);
#endif
    }
    return r;
}

// c - a b, rounded once.
template <class T>
PELLUCID_INLINE Lanes<T> fnma(const Lanes<T>& a, const Lanes<T>& b, const Lanes<T>& c) {
    return fma(-a, b, c);
}

PELLUCID_INLINE Lanes<float> sqrt(const Lanes<float>& a) {
    Lanes<float> r;
    for (int p = 0; p < parts; ++p) {
#if defined(__AVX512F__)
        r.part[p] = _mm512_maskz_sqrt_ps(0xffff, a.part[p]);  // GCC 12 warns of the plain one
#elif defined(__AVX2__)
        r.part[p] = _mm256_sqrt_ps(a.part[p]);
#else
        r.part[p] = vsqrtq_f32(a.part[p]);
#endif
    }
    return r;
}

PELLUCID_INLINE Lanes<double> sqrt(const Lanes<double>& a) {
    Lanes<double> r;
    for (int p = 0; p < parts; ++p) {
#if defined(__AVX512F__)
        r.part[p] = _mm512_maskz_sqrt_pd(0xff, a.part[p]);
#elif defined(__AVX2__)
        r.part[p] = _mm256_sqrt_pd(a.part[p]);
#else
        r.part[p] = vsqrtq_f64(a.part[p]);
#endif
    }
    return r;
}

// yes where the comparison holds, else no; a comparison with NaN does not hold.
#define PELLUCID_CHOICE(name, op)                                                            \
    template <class T>                                                                       \
    PELLUCID_INLINE Lanes<T> name(const Lanes<T>& a, const Lanes<T>& b, const Lanes<T>& yes, \
                                  const Lanes<T>& no) {                                      \
        Lanes<T> r;                                                                          \
        for (int p = 0; p < parts; ++p)                                                      \
            r.part[p] = a.part[p] op b.part[p] ? yes.part[p] : no.part[p];                   \
        return r;                                                                            \
    }
PELLUCID_CHOICE(if_greater, >)
PELLUCID_CHOICE(if_at_least, >=)
PELLUCID_CHOICE(if_equal, ==)
#undef PELLUCID_CHOICE

// The greater, and the smaller; b where either is NaN. On x86 that is one instruction, which GCC
// does not find by itself.
PELLUCID_INLINE Lanes<float> max(const Lanes<float>& a, const Lanes<float>& b) {
#if defined(__AVX512F__)
    return {{_mm512_maskz_max_ps(0xffff, a.part[0], b.part[0])}};
#elif defined(__AVX2__)
    return {{_mm256_max_ps(a.part[0], b.part[0]), _mm256_max_ps(a.part[1], b.part[1])}};
#else
    return if_greater(a, b, a, b);
#endif
}

PELLUCID_INLINE Lanes<float> min(const Lanes<float>& a, const Lanes<float>& b) {
#if defined(__AVX512F__)
    return {{_mm512_maskz_min_ps(0xffff, a.part[0], b.part[0])}};
#elif defined(__AVX2__)
    return {{_mm256_min_ps(a.part[0], b.part[0]), _mm256_min_ps(a.part[1], b.part[1])}};
#else
    return if_greater(b, a, a, b);
#endif
}

PELLUCID_INLINE Lanes<double> max(const Lanes<double>& a, const Lanes<double>& b) {
    return if_greater(a, b, a, b);
}

PELLUCID_INLINE Lanes<double> min(const Lanes<double>& a, const Lanes<double>& b) {
    return if_greater(b, a, a, b);
}

template <class T> PELLUCID_INLINE Lanes<T> abs(const Lanes<T>& a) {
    Lanes<T> r;
    const auto all_but_sign = std::make_unsigned_t<Integer<T>>(-1) >> 1;
    for (int p = 0; p < parts; ++p) {
        using Bits = typename Lanes<T>::Bits;
        r.part[p] = typename Lanes<T>::Register(Bits(a.part[p]) & Integer<T>(all_but_sign));
    }
    return r;
}

// The lanes added in one fixed tree: halves, quarters, ..., neighbours.
template <class T> PELLUCID_INLINE T sum(const Lanes<T>& a) {
    T numbers[Lanes<T>::count];
    store(numbers, a);
    for (int half = Lanes<T>::count / 2; half > 0; half /= 2)
        for (int i = 0; i < half; ++i) numbers[i] = numbers[i] + numbers[i + half];
    return numbers[0];
}

// f(0), f(1), ..., f(n - 1) with the number known when compiling, so that arrays of lanes that it
// indexes live in registers.
template <int n, class F> PELLUCID_INLINE void unrolled(F&& f) {
    [&]<int... i>(std::integer_sequence<int, i...>) __attribute__((always_inline)) {
        (f(std::integral_constant<int, i>{}), ...);
    }(std::make_integer_sequence<int, n>{});
}

}  // namespace pellucid
