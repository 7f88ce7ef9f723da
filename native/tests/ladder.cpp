// What each step of the ladder of kernels brings: the same product by the naive loops, by tiles
// over rows of B as they stand, and by tiles over panels. Prints Gflop/s, the best of many runs.
#include <chrono>
#include <cstdio>
#include <vector>

#include "../plan.h"

namespace {

using namespace pellucid;

// The least time of one call of f, in seconds.
template <class F> double least_seconds(F f) {
    using Clock = std::chrono::steady_clock;
    double least = 1e9;
    const auto end = Clock::now() + std::chrono::milliseconds(700);
    while (Clock::now() < end) {
        const auto start = Clock::now();
        f();
        least = std::min(least, std::chrono::duration<double>(Clock::now() - start).count());
    }
    return least;
}

void climb(Index m, Index n, Index k) {
    using T = float;
    Columns columns;
    columns.lanes = int(whole_lanes<T>(n) / Lanes<T>::count);
    const Index a_stride = row_stride<T>(k), stride = row_stride<T>(n);
    const Buffer<T> a(std::size_t(m * a_stride)), c(std::size_t(m * stride));
    const Buffer<T> flat(std::size_t(k * stride)), panels(std::size_t(k * whole_lanes<T>(n)));
    for (std::size_t i = 0; i < a.size(); ++i) a.get()[i] = T(0.25);
    for (std::size_t i = 0; i < flat.size(); ++i) flat.get()[i] = T(0.5);
    for (std::size_t i = 0; i < panels.size(); ++i) panels.get()[i] = T(0.5);
    const ByRows<T> x{a.get(), a_stride};
    const double naive = least_seconds([&] {
        multiply_naive(m, n, k, x, flat.get(), stride, Start::zero, static_cast<const T*>(nullptr),
                       c.get(), stride);
    });
    const double tiles = least_seconds([&] {
        for (int p = 0; p < columns.panels(); ++p) {
            const Index first = Index(columns.first(p)) * Lanes<T>::count;
            in_blocks(m, [&](Index i, int count) {
                tile_of<T, ByRows<T>>(count, columns.width(p))(
                    k, x.from(i), flat.get() + first, stride, Start::zero, nullptr,
                    c.get() + i * stride + first, stride);
            });
        }
    });
    const Panels<T> b{panels.get(), k, columns};
    const double packed = least_seconds([&] {
        multiply(m, k, x, b, Start::zero, static_cast<const T*>(nullptr), c.get(), stride);
    });
    const double gflop = 2e-9 * double(m * n * k);
    std::printf("%4td x %4td, k %4td: naive %6.1f, tiles %6.1f, panels %6.1f Gflop/s\n", m, n, k,
                gflop / naive, gflop / tiles, gflop / packed);
}

}  // namespace

int main() {
    climb(32, 100, 64);
    climb(32, 10, 100);
    climb(32, 100, 784);
    climb(128, 200, 784);
    climb(256, 1024, 1024);
}
