// A few rows through a layer whose weights are where theta has them: to lay them out in panels
// would take longer than to use them once. Every sum is the same chain as in matrix.h.
#pragma once

#include "rows.h"

namespace pellucid {

// c += x[0] (row 0 of B) + x[1] (row 1 of B) + ..., for `rows` rows of n numbers without gaps; c is
// in whole lanes. Rows that have a scale are multiplied by it first.
template <class T, int rows> void add_rows(const T* x, const T* b, const T* scale, Index n, T* c) {
    constexpr int lanes = Lanes<T>::count;
    Lanes<T> factors[rows], scales[rows];
    unrolled<rows>([&](auto s) {
        factors[s] = all(x[s]);
        scales[s] = all(scale ? scale[s] : T(1));
    });
    const auto along = [&](auto scaled) __attribute__((always_inline)) {
        const auto add = [&](Index j, auto row) __attribute__((always_inline)) {
            Lanes<T> sum = load(c + j);
            unrolled<rows>([&](auto s) {
                const Lanes<T> numbers = row(b + s * n + j);
                sum = fma(factors[s], scaled ? scales[s] * numbers : numbers, sum);
            });
            store(c + j, sum);
        };
        Index j = 0;
        for (; j + lanes <= n; j += lanes) add(j, [](const T* p) { return load(p); });
        if (j < n) add(j, [count = n - j](const T* p) { return load_first(count, p); });
    };
    scale ? along(std::true_type{}) : along(std::false_type{});
}

// C (m, n) += A B for a few rows, with A row by row and B (k, n) without gaps, whose rows may have
// a scale.
template <class T>
void multiply_straight(Index m, Index n, Index k, const ByRows<T>& a, const T* b, const T* scale,
                       T* c, Index c_stride) {
    constexpr int at_once = 8;
    const auto from = [&](Index s) { return scale ? scale + s : nullptr; };
    Index s = 0;
    for (; s + at_once <= k; s += at_once)
        for (Index i = 0; i < m; ++i)
            add_rows<T, at_once>(a.row(i) + s, b + s * n, from(s), n, c + i * c_stride);
    for (; s < k; ++s)
        for (Index i = 0; i < m; ++i)
            add_rows<T, 1>(a.row(i) + s, b + s * n, from(s), n, c + i * c_stride);
}

// f(place, the numbers there) for n numbers without gaps, in whole lanes with 0 behind them.
template <class T, class F> void each_lane(const T* from, Index n, F f) {
    constexpr int lanes = Lanes<T>::count;
    Index j = 0;
    for (; j + lanes <= n; j += lanes) f(j, load(from + j));
    if (j < n) f(j, load_first(n - j, from + j));
}

}  // namespace pellucid
