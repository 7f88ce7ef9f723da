// A plan is a network's shape as the engine sees it: where each layer's numbers lie in theta, and
// where in memory that is laid out in whole lanes.
#pragma once

#include <cstdlib>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

#include "activations.h"

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace pellucid {

enum class Kind { dense, scale };

constexpr const char* kind_names[] = {"dense", "scale"};

// What is told of a layer, with the factors on learning rate and decay of its one or two segments.
struct LayerSpec {
    Kind kind;
    int n_in, n_out;
    bool bias;
    Activation activation;
    std::vector<double> rates, decays;
};

// Numbers in memory that begin at a cache line, all 0 at first. Many of them begin at a page of the
// large kind and ask for such: with fewer pages, fewer have to be looked up.
template <class T> class Buffer {
    static constexpr std::size_t large_page = std::size_t(1) << 21;

  public:
    Buffer() = default;
    explicit Buffer(std::size_t n) : size_(n) {
        std::size_t bytes = n * sizeof(T) + 64;
        const std::size_t at = bytes < 2 * large_page ? 64 : large_page;
        bytes = (bytes + at - 1) / at * at;
        at_.reset(static_cast<T*>(std::aligned_alloc(at, bytes)));
        if (!at_) throw std::bad_alloc();
#if defined(MADV_HUGEPAGE)
        if (at == large_page) madvise(at_.get(), bytes, MADV_HUGEPAGE);  // a wish, not a need
#endif
        std::memset(static_cast<void*>(at_.get()), 0, bytes);
    }
    T* get() const { return at_.get(); }
    std::size_t size() const { return size_; }

  private:
    struct Free {
        void operator()(T* p) const { std::free(p); }
    };
    std::unique_ptr<T, Free> at_;
    std::size_t size_ = 0;
};

template <class T> constexpr Index whole_lanes(Index n) {
    return (n + Lanes<T>::count - 1) / Lanes<T>::count * Lanes<T>::count;
}

// Numbers from one row of a matrix to the next: whole lanes, and not a multiple of 1024 bytes, or
// neighbouring rows would compete for the same few places in the cache.
template <class T> constexpr Index row_stride(Index n) {
    const Index lanes = whole_lanes<T>(n) / Lanes<T>::count;
    return (lanes % 16 == 0 ? lanes + 1 : lanes) * Lanes<T>::count;
}

template <class T> struct Layer : LayerSpec {
    Columns columns;         // of n_out
    Index stride;            // of its activations, row by row
    Index theta_w, theta_b;  // where W (or s) and b begin in theta
    Index w, b;              // and in the laid out memory: W in panels, s and b in whole lanes
    Index times;             // where that is there which x is multiplied by: W, or s W

    explicit Layer(const LayerSpec& spec) : LayerSpec(spec) {
        columns.lanes = int(whole_lanes<T>(n_out) / Lanes<T>::count);
        stride = row_stride<T>(n_out);
    }
    Index padded() const { return Index(columns.lanes) * Lanes<T>::count; }
    Index rows() const { return kind == Kind::dense ? n_in : 1; }  // of W, or of s
    Panels<T> weights(T* laid_out) const { return {laid_out + w, rows(), columns}; }
    Panels<T> multiplier(T* laid_out) const { return {laid_out + times, rows(), columns}; }
    Panels<T> biases(T* laid_out) const { return {laid_out + b, 1, columns}; }
};

template <class T> class Plan {
  public:
    std::vector<Layer<T>> layers;
    Index size = 0;      // of theta
    Index laid_out = 0;  // of the memory that stands for it
    Index n_in, n_out;

    explicit Plan(const std::vector<LayerSpec>& specs) {
        if (specs.empty()) throw std::invalid_argument("layers is empty: expected one at least");
        for (const LayerSpec& spec : specs) {
            if (spec.n_in < 1 || spec.n_out < 1)
                throw std::invalid_argument("a layer has no inputs or no outputs");
            if (!layers.empty() && layers.back().n_out != spec.n_in)
                throw std::invalid_argument(
                    "a layer takes other numbers than the one before gives");
            if (spec.kind == Kind::scale && spec.n_in != spec.n_out)
                throw std::invalid_argument("a scale layer gives as many numbers as it takes");
            Layer<T> layer(spec);
            layer.theta_w = size;
            layer.w = layer.times = laid_out;
            size += layer.rows() * layer.n_out;
            laid_out += layer.rows() * layer.padded();
            layer.theta_b = size;
            layer.b = laid_out;
            if (layer.bias) size += layer.n_out, laid_out += layer.padded();
            layers.push_back(layer);
        }
        n_in = layers.front().n_in;
        n_out = layers.back().n_out;
        if (!folds()) return;
        layers[1].times = laid_out;
        laid_out += layers[1].rows() * layers[1].padded();
    }

    // Whether a scale layer goes first and only multiplies: it is folded into the dense one after
    // it.
    bool folds() const {
        if (layers.size() < 2 || layers[1].kind != Kind::dense) return false;
        const Layer<T>& front = layers.front();
        return front.kind == Kind::scale && !front.bias && front.activation == Activation::identity;
    }

    // The number of the layer that takes the inputs.
    std::size_t first() const { return folds() ? 1 : 0; }
    bool dense_first() const { return layers[first()].kind == Kind::dense; }

    // Operations that a step takes for a row, with so many numbers stored in it if X is sparse.
    double flops_of_a_row(double stored = -1.0) const {
        double flops = 0.0;
        for (const Layer<T>& layer : layers) flops += 6.0 * double(layer.rows() * layer.n_out);
        if (stored < 0.0 || !dense_first()) return flops;
        return flops + 6.0 * (stored - double(n_in)) * double(layers[first()].n_out);
    }

    // theta (size) into memory in whole lanes, with 0 in what is left of them.
    void lay_out(const T* theta, T* to) const {
        each_panel(to,
                   [&](Index from, Index stride, Index rows, Index count, T* panel, Index width) {
                       for (Index i = 0; i < rows; ++i, panel += width) {
                           copy(theta + from + i * stride, count, panel);
                           for (Index j = count; j < width; ++j) panel[j] = T(0);
                       }
                   });
    }

    void take_back(T* from, T* theta) const {
        each_panel(from,
                   [&](Index to, Index stride, Index rows, Index count, T* panel, Index width) {
                       for (Index i = 0; i < rows; ++i)
                           copy(panel + i * width, count, theta + to + i * stride);
                   });
    }

  private:
    // f(place in theta, numbers from row to row there, rows, numbers in a row of the panel, where
    // the panel is, numbers from row to row here) for each panel of each matrix and vector.
    template <class F> void each_panel(T* memory, F f) const {
        for (const Layer<T>& layer : layers) {
            panels_of(layer.weights(memory), layer.theta_w, layer.n_out, f);
            if (layer.bias) panels_of(layer.biases(memory), layer.theta_b, layer.n_out, f);
        }
    }
    template <class F> static void panels_of(const Panels<T>& m, Index place, Index n_out, F f) {
        for (int p = 0; p < m.columns.panels(); ++p) {
            const Index first = Index(m.columns.first(p)) * Lanes<T>::count, width = m.stride(p);
            f(place + first, n_out, m.rows, std::min(width, n_out - first), m.row(p, 0), width);
        }
    }
};

}  // namespace pellucid
