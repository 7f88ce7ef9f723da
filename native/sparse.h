// The first layer's products when X is sparse, from the numbers of X that are stored.
#pragma once

#include "rows.h"
#include "threads.h"

namespace pellucid {

// One row of x W + b.
template <class T>
void sparse_sums(const Inputs<T>& x, Index row, const Panels<T>& w, const T* bias, T* to) {
    constexpr int lanes = Lanes<T>::count;
    for (int p = 0; p < w.columns.panels(); ++p) {
        const Index first = Index(w.columns.first(p)) * lanes;
        for (Index j = 0; j < w.stride(p); j += lanes) {
            Lanes<T> total = bias ? load(bias + first + j) : zero<T>();
            for (Index i = x.start(row); i < x.start(row + 1); ++i)
                total = fma(all(x.values[i]), load(w.row(p, x.column(i)) + j), total);
            store(to + first + j, total);
        }
    }
}

// Some rows, those of `part`, of the gradient x^T dz of W.
template <class T>
void sparse_gradient(const Inputs<T>& x, const Rows& rows, const T* dz, Index dz_stride,
                     Panels<T> gradient, Share part, Start start) {
    constexpr int lanes = Lanes<T>::count;
    for (int p = 0; p < gradient.columns.panels(); ++p) {
        const Index wide = gradient.stride(p);
        if (start == Start::zero)
            std::fill_n(gradient.row(p, part.first), (part.last - part.first) * wide, T(0));
        for (Index r = 0; r < rows.count; ++r) {
            const Index row = rows[r], end = x.start(row + 1);
            const T* from = dz + r * dz_stride + Index(gradient.columns.first(p)) * lanes;
            for (Index i = x.start(row); i < end; ++i) {
                const Index k = x.column(i);
                if (k < part.first || k >= part.last) continue;
                const Lanes<T> xi = all(x.values[i]);
                T* to = gradient.row(p, k);
                for (Index j = 0; j < wide; j += lanes)
                    store(to + j, fma(xi, load(from + j), load(to + j)));
            }
        }
    }
}

}  // namespace pellucid
