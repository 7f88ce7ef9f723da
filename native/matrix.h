// Matrix products. One shape serves all three that a layer needs:
//
//     C (m, n) = start + A (m, k) B (k, n)
//
//     forward     Z  = b + X W          A = X  row by row
//     gradient    dW =     X^T dZ       A = X  column by column
//     backward    dX =     dZ W^T       A = dZ row by row, B = W turned
//
// Every element of C is one chain of fused multiply-adds over k in its order, whatever the size of
// the tiles and whoever computes it: `multiply_naive` is the specification, and all else here only
// keeps more of C in registers (`tile`) and B closer by (`Panels`). They agree bit for bit.
#pragma once

#include "lanes.h"

namespace pellucid {

// How A is walked through. Its numbers for one k, a row of C each, are `stride` apart and those for
// the next k beside them; or the other way round; or the rows lie anywhere, in an order. These are
// types of their own, since a tile is compiled for each: `walk` gives it its rows, to go along with
// `next`.
template <class T> struct ByRows {
    const T* at;
    Index stride;

    const T* row(Index i) const { return at + i * stride; }
    ByRows from(Index i) const { return {row(i), stride}; }
    static constexpr Index step() { return 1; }
    template <int rows> ByRows walk() const { return *this; }
    PELLUCID_INLINE void next() { ++at; }
};

template <class T> struct ByColumns {
    const T* at;
    Index stride;

    const T* row(Index i) const { return at + i; }
    ByColumns from(Index i) const { return {row(i), stride}; }
    Index step() const { return stride; }
    template <int rows> ByColumns walk() const { return *this; }
    PELLUCID_INLINE void next() { at += stride; }
};

template <class T> struct ByOrder {
    const T* at;
    const std::int64_t* order;
    Index stride;

    template <int rows> struct Walk {
        const T* rows_at[rows];
        Index k;
        PELLUCID_INLINE const T* row(Index i) const { return rows_at[i] + k; }
        PELLUCID_INLINE void next() { ++k; }
    };
    const T* row(Index i) const { return at + order[i] * stride; }
    ByOrder from(Index i) const { return {at, order + i, stride}; }
    static constexpr Index step() { return 1; }
    template <int rows> PELLUCID_INLINE Walk<rows> walk() const {
        Walk<rows> walk{};
        unrolled<rows>([&](auto i) { walk.rows_at[i] = row(i); });
        return walk;
    }
};

// Where the sums begin: at 0, at the same row for all rows of C (a bias), or at C as it is.
enum class Start { zero, row, here };

// The specification: element by element.
template <class T, class A>
void multiply_naive(Index m, Index n, Index k, const A& a, const T* b, Index b_stride, Start start,
                    const T* bias, T* c, Index c_stride) {
    for (Index i = 0; i < m; ++i)
        for (Index j = 0; j < n; ++j) {
            T sum = start == Start::zero  ? T(0)
                    : start == Start::row ? bias[j]
                                          : c[i * c_stride + j];
            for (Index s = 0; s < k; ++s)
                sum = std::fma(a.row(i)[s * a.step()], b[s * b_stride + j], sum);
            c[i * c_stride + j] = sum;
        }
}

// The largest tile of C whose sums, with a row of B and a number of A, fit into the registers.
#if defined(__AVX512F__)
constexpr int most_rows = 8, most_width = 3;
#else
constexpr int most_rows = 6, most_width = 1;
#endif

// A tile of C, `rows` by `width` lanes, kept in registers while k goes by.
template <class T, class A, int rows, int width>
void tile(Index k, A a, const T* b, Index b_stride, Start start, const T* bias, T* c,
          Index c_stride) {
    constexpr int lanes = Lanes<T>::count;
    Lanes<T> sums[rows][width];
    if (start == Start::zero)
        unrolled<rows>([&](auto i) { unrolled<width>([&](auto j) { sums[i][j] = zero<T>(); }); });
    else if (start == Start::row)
        unrolled<width>([&](auto j) {
            const Lanes<T> first = load(bias + j * lanes);
            unrolled<rows>([&](auto i) { sums[i][j] = first; });
        });
    else
        unrolled<rows>([&](auto i) {
            unrolled<width>([&](auto j) { sums[i][j] = load(c + i * c_stride + j * lanes); });
        });
    auto walk = a.template walk<rows>();
    for (Index s = 0; s < k; ++s, walk.next(), b += b_stride) {
        Lanes<T> row[width];
        unrolled<width>([&](auto j) { row[j] = load(b + j * lanes); });
        unrolled<rows>([&](auto i) {
            const Lanes<T> x = all(*walk.row(i));
            unrolled<width>([&](auto j) { sums[i][j] = fma(x, row[j], sums[i][j]); });
        });
    }
    unrolled<rows>([&](auto i) {
        unrolled<width>([&](auto j) { store(c + i * c_stride + j * lanes, sums[i][j]); });
    });
}

template <class T, class A>
using Tile = void (*)(Index, A, const T*, Index, Start, const T*, T*, Index);

// The tile of so many rows and lanes.
template <class T, class A> Tile<T, A> tile_of(int rows, int width) {
    static constexpr auto table = []<int... i>(std::integer_sequence<int, i...>) {
        struct {
            Tile<T, A> of[most_rows * most_width];
        } t = {{tile<T, A, i / most_width + 1, i % most_width + 1>...}};
        return t;
    }(std::make_integer_sequence<int, most_rows * most_width>{});
    return table.of[(rows - 1) * most_width + width - 1];
}

// f(first, count) for each of the blocks, as even as can be, that m rows are cut into.
template <class F> void in_blocks(Index m, F f) {
    const Index blocks = (m + most_rows - 1) / most_rows;
    for (Index b = 0, first = 0; b < blocks; ++b) {
        const int count = int((m - first + blocks - b - 1) / (blocks - b));
        f(first, count);
        first += count;
    }
}

// How the columns of a matrix are grouped: panels of a few lanes, each stored by itself row after
// row, so that a tile walks through memory in a straight line. Widths are 3, 3, ..., and 2 and 2
// rather than 3 and 1 at the end.
struct Columns {
    int lanes = 0;  // in all

    int panels() const { return (lanes + most_width - 1) / most_width; }
    int first(int panel) const {
        const int whole = lanes / most_width, rest = lanes % most_width;
        const bool split = most_width == 3 && rest == 1 && whole > 0;
        if (split && panel == whole) return lanes - 2;
        return panel * most_width;
    }
    int width(int panel) const {
        return (panel + 1 < panels() ? first(panel + 1) : lanes) - first(panel);
    }
};

// A matrix of `rows` rows in panels.
template <class T> struct Panels {
    T* at;
    Index rows;
    Columns columns;

    static constexpr int lanes = Lanes<T>::count;
    Index offset(int panel, Index i) const {
        return columns.first(panel) * lanes * rows + i * stride(panel);
    }
    T* row(int panel, Index i) const { return at + offset(panel, i); }
    Index stride(int panel) const { return Index(columns.width(panel)) * lanes; }
};

// C (m, lanes) = start + A B, C row by row, with one panel of B given by its first row.
template <class T, class A>
void multiply_panel(Index m, Index k, const A& a, const T* b, int width, Start start, const T* bias,
                    T* c, Index c_stride) {
    in_blocks(m, [&](Index i, int count) {
        tile_of<T, A>(count, width)(k, a.from(i), b, Index(width) * Lanes<T>::count, start, bias,
                                    c + i * c_stride, c_stride);
    });
}

// Up to eight lanes of a single row of C, wherever in B they are: eight sums that do not wait for
// each other, where the tiles of one row would be three.
constexpr int most_abreast = 8;

template <class T, int n>
void multiply_row(Index k, const T* a, const T* const* b, const Index* b_stride, const T* start,
                  T* c) {
    constexpr int lanes = Lanes<T>::count;
    Lanes<T> sums[n];
    const T* at[n];
    Index stride[n];
    unrolled<n>([&](auto j) {
        sums[j] = start ? load(start + j * lanes) : zero<T>();
        at[j] = b[j];
        stride[j] = b_stride[j];
    });
    for (Index s = 0; s < k; ++s) {
        const Lanes<T> x = all(a[s]);
        unrolled<n>([&](auto j) {
            sums[j] = fma(x, load(at[j]), sums[j]);
            at[j] += stride[j];
        });
    }
    unrolled<n>([&](auto j) { store(c + j * lanes, sums[j]); });
}

template <class T>
void multiply_row(Index k, const T* a, const Panels<T>& b, const T* start, T* c) {
    constexpr int lanes = Lanes<T>::count;
    using Some = void (*)(Index, const T*, const T* const*, const Index*, const T*, T*);
    static constexpr Some some[] = {multiply_row<T, 1>, multiply_row<T, 2>, multiply_row<T, 3>,
                                    multiply_row<T, 4>, multiply_row<T, 5>, multiply_row<T, 6>,
                                    multiply_row<T, 7>, multiply_row<T, 8>};
    const T* at[most_abreast];
    Index stride[most_abreast];
    int n = 0, first = 0;
    for (int p = 0; p < b.columns.panels(); ++p)
        for (int u = 0; u < b.columns.width(p); ++u) {
            at[n] = b.row(p, 0) + u * lanes;
            stride[n++] = b.stride(p);
            if (n < most_abreast && first + n < b.columns.lanes) continue;
            some[n - 1](k, a, at, stride, start ? start + first * lanes : nullptr,
                        c + first * lanes);
            first += n;
            n = 0;
        }
}

// The same for all of B (k, n).
template <class T, class A>
void multiply(Index m, Index k, const A& a, const Panels<T>& b, Start start, const T* bias, T* c,
              Index c_stride) {
    if (m == 1 && start != Start::here && a.step() == 1)
        return multiply_row(k, a.row(0), b, start == Start::row ? bias : nullptr, c);
    for (int p = 0; p < b.columns.panels(); ++p) {
        const Index first = Index(b.columns.first(p)) * Lanes<T>::count;
        multiply_panel(m, k, a, b.row(p, 0), b.columns.width(p), start,
                       bias ? bias + first : nullptr, c + first, c_stride);
    }
}

}  // namespace pellucid
