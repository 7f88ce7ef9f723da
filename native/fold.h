// A scale layer that goes first is folded into the weights after it:
//
//     forward     (x s) W = x (s W)
//     gradient    G = x^T dz      dW = s G      ds = the sums of W G along its rows
//
// so that inputs are multiplied where they lie, and dz W^T, which ds alone would need, never is.
#pragma once

#include "plan.h"
#include "threads.h"

namespace pellucid {

// s W, for some rows of W, where the plan has a place for it.
template <class T> void fold(const Plan<T>& plan, T* memory, Share rows) {
    if (!plan.folds()) return;
    const FlushDenormals flush;
    const T* s = memory + plan.layers[0].w;
    const Layer<T>& layer = plan.layers[1];
    const Panels<T> from = layer.weights(memory), to = layer.multiplier(memory);
    for (int p = 0; p < from.columns.panels(); ++p)
        for (Index i = rows.first; i < rows.last; ++i)
            for (Index j = 0; j < from.stride(p); j += Lanes<T>::count)
                store(to.row(p, i) + j, all(s[i]) * load(from.row(p, i) + j));
}

// From gradients of s W to those of s and of W, a few rows of one panel after the other.
template <class T> class Unfolding {
    static constexpr Index lanes = Lanes<T>::count;

  public:
    explicit Unfolding(const Plan<T>& plan)
        : plan_(plan), sums_(std::size_t(plan.folds() ? plan.n_in * lanes : 0)),
          ds_(std::size_t(plan.folds() ? whole_lanes<T>(plan.n_in) : 0)) {}

    // G of some rows becomes dW; a row's panels come in their order.
    void rows(int panel, Index first, Index last, T* memory, T* g) {
        const T* s = memory + plan_.layers[0].w;
        const Panels<T> w = plan_.layers[1].weights(memory);
        for (Index i = first; i < last; ++i) {
            Lanes<T> sum = panel == 0 ? zero<T>() : load(sums_.get() + i * lanes);
            for (Index j = 0; j < w.stride(panel); j += lanes, g += lanes) {
                sum = fma(load(w.row(panel, i) + j), load(g), sum);
                store(g, all(s[i]) * load(g));
            }
            store(sums_.get() + i * lanes, sum);
        }
    }

    // ds of a share of the rows, of which all panels have come; shares begin at whole lanes.
    const T* ds(Share part) {
        for (Index i = part.first; i < part.last; ++i)
            ds_.get()[i] = sum(load(sums_.get() + i * lanes));
        return ds_.get() + part.first;
    }

  private:
    const Plan<T>& plan_;
    Buffer<T> sums_;  // (n_in, a lane)
    Buffer<T> ds_;    // (n_in,) in whole lanes
};

}  // namespace pellucid
