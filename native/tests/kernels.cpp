// Holds the matrix products against the naive one, bit for bit, and turning against plain loops.
//
// Prints a digest of every product, which must be the same for every compiler and instruction set.
#include "../activations.h"
#include "check.h"

namespace pellucid::tests {
namespace {

template <class T> constexpr int lanes = Lanes<T>::count;

std::string shape(const char* what, Index m, Index n, Index k, int start) {
    return std::string(what) + " m=" + std::to_string(m) + " n=" + std::to_string(n) +
           " k=" + std::to_string(k) + " start=" + std::to_string(start);
}

// One product: A (m, k), walked through as `Walk` says, and B (k, n) row by row; n is whole lanes.
template <class T, class Walk> struct Product {
    static constexpr bool columns = std::is_same_v<Walk, ByColumns<T>>;
    Index m, n, k, a_stride, c_stride;
    Exact<T> a, b, bias, c;

    Product(Index m_, Index n_, Index k_, Numbers& numbers)
        : m(m_), n(n_), k(k_), a_stride((columns ? m : k) + 3), c_stride(n + 2 * lanes<T>) {
        const Index a_rows = columns ? k : m, a_columns = columns ? m : k;
        a = filled<T>(a_rows > 0 ? (a_rows - 1) * a_stride + a_columns : 0, numbers);
        b = filled<T>(k * n, numbers);
        bias = filled<T>(n, numbers);
        c = filled<T>((m - 1) * c_stride + n, numbers);
    }

    Walk walk() const { return {a.get(), a_stride}; }

    Exact<T> naive(Start start) const {
        Exact<T> wanted(c);
        multiply_naive<T>(m, n, k, walk(), b.get(), n, start, bias.get(), wanted.get(), c_stride);
        return wanted;
    }

    // B in panels, as weights lie in memory.
    Exact<T> in_panels(const Panels<T>& place) const {
        Exact<T> packed(b.size());
        for (int p = 0; p < place.columns.panels(); ++p) {
            const Index first = Index(place.columns.first(p)) * lanes<T>;
            for (Index s = 0; s < k; ++s)
                std::copy_n(b.get() + s * n + first, place.stride(p),
                            packed.get() + place.offset(p, s));
        }
        return packed;
    }
};

constexpr Start starts[] = {Start::zero, Start::row, Start::here};

template <class T, class Walk> void check_tiles(Numbers& numbers) {
    for (int rows = 1; rows <= most_rows; ++rows)
        for (int width = 1; width <= most_width; ++width)
            for (const Index k : {0, 1, 2, 3, 17, 64}) {
                const Product<T, Walk> p(rows, width * lanes<T>, k, numbers);
                for (const Start start : starts) {
                    Exact<T> c(p.c);
                    tile_of<T, Walk>(rows, width)(k, p.walk(), p.b.get(), p.n, start,
                                                  start == Start::row ? p.bias.get() : nullptr,
                                                  c.get(), p.c_stride);
                    CHECK(c.is(p.naive(start)), shape("tile", rows, p.n, k, int(start)));
                }
            }
}

template <class T, class Walk> void check_products(Digest& digest, Numbers& numbers) {
    for (const Index m : {1, 2, 5, 7, 8, 9, 13, 16, 17, 33})
        for (int width = 1; width <= 9; ++width)
            for (const Index k : {1, 2, 10, 31, 70}) {
                const Product<T, Walk> p(m, width * lanes<T>, k, numbers);
                const Columns grouped{width};
                const Exact<T> packed = p.in_panels({nullptr, k, grouped});
                const Panels<T> b{packed.get(), k, grouped};
                for (const Start start : starts) {
                    const std::string in = shape("multiply", m, p.n, k, int(start));
                    const T* bias = start == Start::row ? p.bias.get() : nullptr;
                    const Exact<T> wanted = p.naive(start);
                    Exact<T> c(p.c);
                    multiply<T>(m, k, p.walk(), b, start, bias, c.get(), p.c_stride);
                    CHECK(c.is(wanted), in);
                    digest.add(c);

                    // Panel by panel, each alone in its memory.
                    Exact<T> again(p.c);
                    for (int q = 0; q < grouped.panels(); ++q) {
                        const Index first = Index(grouped.first(q)) * lanes<T>;
                        Exact<T> panel(k * b.stride(q));
                        std::copy_n(b.row(q, 0), panel.size(), panel.get());
                        multiply_panel<T>(m, k, p.walk(), panel.get(), grouped.width(q), start,
                                          bias ? bias + first : nullptr, again.get() + first,
                                          p.c_stride);
                    }
                    CHECK(again.is(wanted), in);
                }
            }
}

// Every lane is in one panel, panels follow each other, and none is wider than a tile.
void check_columns() {
    for (int n = 1; n <= 100; ++n) {
        const Columns columns{n};
        int next = 0;
        for (int p = 0; p < columns.panels(); ++p) {
            CHECK(columns.first(p) == next, std::to_string(n) + " lanes");
            CHECK(columns.width(p) >= 1 && columns.width(p) <= most_width, std::to_string(n));
            next += columns.width(p);
        }
        CHECK(next == n, std::to_string(n) + " lanes");
    }
    for (Index m = 1; m <= 100; ++m) {
        Index next = 0;
        in_blocks(m, [&](Index first, int count) {
            CHECK(first == next && count >= 1 && count <= most_rows, std::to_string(m) + " rows");
            next += count;
        });
        CHECK(next == m, std::to_string(m) + " rows");
    }
}

template <class T> Index whole_registers(Index n) {
    return (n + in_register<T> - 1) / in_register<T> * in_register<T>;
}

template <class T> void check_squares(Numbers& numbers) {
    for (int rows = 1; rows <= lanes<T>; ++rows)
        for (int columns = 1; columns <= lanes<T>; ++columns) {
            const std::string in = shape("turn_square", rows, columns, 0, 0);
            const Index from_stride = lanes<T> + 5, to_stride = lanes<T> + 3;
            const auto from =
                filled<T>((rows - 1) * from_stride + whole_registers<T>(columns), numbers);
            Exact<T> to((columns - 1) * to_stride + lanes<T>);
            turn_square<T>(from.get(), from_stride, rows, to.get(), to_stride, columns);
            for (int j = 0; j < columns; ++j)
                for (int i = 0; i < lanes<T>; ++i) {
                    const T wanted = i < rows ? from[i * from_stride + j] : T(0);
                    CHECK(to[j * to_stride + i] == wanted, in);
                }
        }
}

template <class T> void check_rows(Numbers& numbers) {
    for (int rows = 1; rows <= lanes<T>; ++rows)
        for (const int n : {1, 2, 7, 8, 9, 15, 16, 17, 31, 33, 70}) {
            const std::string in = shape("turn_rows", rows, n, 0, 0);
            const int padded = (n + lanes<T> - 1) / lanes<T> * lanes<T>;
            const Index stride = padded + lanes<T>;
            const auto from = filled<T>((rows - 1) * stride + padded, numbers);
            Exact<T> block(Index(n) * lanes<T>);
            turn_rows<T>(from.get(), stride, rows, n, block.get());
            for (int j = 0; j < n; ++j)
                for (int i = 0; i < lanes<T>; ++i)
                    CHECK(block[j * lanes<T> + i] == (i < rows ? from[i * stride + j] : T(0)), in);
            Exact<T> back = filled<T>((rows - 1) * stride + padded, numbers);
            turn_back<T>(block.get(), n, back.get(), stride, rows);
            for (int i = 0; i < rows; ++i)
                for (int j = 0; j < padded; ++j)
                    CHECK(back[i * stride + j] == (j < n ? from[i * stride + j] : T(0)), in);
        }
}

template <class T> void check_panels(Numbers& numbers) {
    for (const int n_in : {1, 7, 16, 17, 40, 70})
        for (const int n_out : {1, 8, 9, 16, 33, 70}) {
            const std::string in = shape("turn_panel", n_in, n_out, 0, 0);
            const auto in_lanes = [](int n) { return (n + lanes<T> - 1) / lanes<T>; };
            const Columns outputs{in_lanes(n_out)}, inputs{in_lanes(n_in)};
            const auto memory = filled<T>(Index(n_in) * outputs.lanes * lanes<T>, numbers);
            const Panels<T> w{memory.get(), n_in, outputs};
            const auto w_at = [&](Index i, Index j) {
                int p = 0;
                while (j >= (outputs.first(p) + outputs.width(p)) * Index(lanes<T>)) ++p;
                return w.row(p, i)[j - outputs.first(p) * Index(lanes<T>)];
            };
            for (int p = 0; p < inputs.panels(); ++p) {
                const Index wide = Index(inputs.width(p)) * lanes<T>;
                Exact<T> to(n_out * wide);
                turn_panel<T>(w, n_out, inputs.first(p), inputs.width(p), to.get());
                for (Index j = 0; j < n_out; ++j)
                    for (Index u = 0; u < wide; ++u) {
                        const Index i = Index(inputs.first(p)) * lanes<T> + u;
                        CHECK(to[j * wide + u] == (i < n_in ? w_at(i, j) : T(0)), in);
                    }
            }
        }
}

template <class T> void check_all() {
    Numbers numbers(1);
    Digest digest;
    check_products<T, ByRows<T>>(digest, numbers);  // first: how many tiles there are differs
    check_products<T, ByColumns<T>>(digest, numbers);
    check_tiles<T, ByRows<T>>(numbers);
    check_tiles<T, ByColumns<T>>(numbers);
    check_squares<T>(numbers);
    check_rows<T>(numbers);
    check_panels<T>(numbers);
    std::printf("%s products %016llx\n", type_name<T>, (unsigned long long)digest.value());
}

}  // namespace
}  // namespace pellucid::tests

int main() {
    pellucid::tests::check_columns();
    pellucid::tests::check_all<float>();
    pellucid::tests::check_all<double>();
}
