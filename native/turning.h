// Turning a matrix over its diagonal, so that what lay side by side comes one after the other.
//
// Two things need it: dX = dZ W^T, where W is turned a panel at a time into the cache, and whatever
// adds up along a row (softmax, a loss), where lanes become rows so that nothing is added across.
#pragma once

#include "matrix.h"

namespace pellucid {

template <class T> constexpr int in_register = register_bytes / int(sizeof(T));

// One step of turning: of two rows, the halves on the wrong side of the diagonal change places, in
// blocks of `distance` numbers.
template <class T, int distance, int... i>
PELLUCID_INLINE void swap_blocks(typename Lanes<T>::Register& a, typename Lanes<T>::Register& b,
                                 std::integer_sequence<int, i...>) {
    constexpr int n = sizeof...(i);
    const auto low = __builtin_shufflevector(a, b, (i & distance ? i - distance + n : i)...);
    const auto high = __builtin_shufflevector(a, b, (i & distance ? i + n : i + distance)...);
    a = low;
    b = high;
}

template <class T, int distance = 1>
PELLUCID_INLINE void turn_registers(typename Lanes<T>::Register (&row)[in_register<T>]) {
    constexpr int n = in_register<T>;
    if constexpr (distance < n) {
        unrolled<n>([&](auto i) {
            if constexpr ((i & distance) == 0)
                swap_blocks<T, distance>(row[i], row[i + distance],
                                         std::make_integer_sequence<int, n>{});
        });
        turn_registers<T, 2 * distance>(row);
    }
}

// to[j][i] = from[i][j] for a square of as many rows as there are lanes, of which the first `rows`
// are read, the others being 0, and the first `columns` turned and written.
template <class T>
void turn_square(const T* from, Index from_stride, int rows, T* to, Index to_stride, int columns) {
    constexpr int n = in_register<T>, lanes = Lanes<T>::count;
    for (int i = 0; i < lanes; i += n)
        for (int j = 0; j < columns; j += n) {
            typename Lanes<T>::Register row[n];
            unrolled<n>([&](auto r) {
                if (i + r < rows)
                    std::memcpy(&row[r], from + (i + r) * from_stride + j, register_bytes);
                else
                    row[r] = typename Lanes<T>::Register{};
            });
            turn_registers<T>(row);
            unrolled<n>([&](auto r) {
                if (j + r < columns)
                    std::memcpy(to + (j + r) * to_stride + i, &row[r], register_bytes);
            });
        }
}

// One panel of W^T (n_out, width lanes of inputs) from W in panels (n_in, n_out), into `to`.
template <class T> void turn_panel(const Panels<T>& w, Index n_out, int first, int width, T* to) {
    constexpr int lanes = Lanes<T>::count;
    const Index stride = Index(width) * lanes;
    for (int v = 0; v < width; ++v) {
        const Index i = Index(first + v) * lanes;
        const int rows = int(std::min<Index>(lanes, w.rows - i));
        for (int p = 0; p < w.columns.panels(); ++p)
            for (int u = 0; u < w.columns.width(p); ++u) {
                const Index j = Index(w.columns.first(p) + u) * lanes;
                turn_square(w.row(p, i) + u * lanes, w.stride(p), rows, to + j * stride + v * lanes,
                            stride, int(std::min<Index>(lanes, n_out - j)));
            }
    }
}

}  // namespace pellucid
