// Units are what a layer's sums become: activations, of which dropout may silence some, and slopes
// for the way back.
#pragma once

#include "dropout.h"
#include "threads.h"

namespace pellucid {

// The units of a layer, for up to so many rows.
template <class T> class Units {
    static constexpr int lanes = Lanes<T>::count;

  public:
    Units(const Layer<T>& layer, Index capacity, bool training, bool drops)
        : layer_(&layer), a_(std::size_t(capacity * layer.stride)) {
        if (!training) return;
        dz_ = Buffer<T>(a_.size());
        const bool curved = needs_slope(layer.activation);
        if (drops || curved) slopes_ = Buffer<T>(a_.size());
        if (drops && !curved) kept_ = Buffer<T>(a_.size());
    }

    T* sums() const { return a_.get(); }     // before `activate`
    const T* a() const { return a_.get(); }  // after it
    const T* given() const { return kept_.get() ? kept_.get() : a_.get(); }
    T* dz() const { return dz_.get(); }

    // a = f(z) in place of z, and what a mask keeps of it; `block` is room for a lane of rows.
    void activate(Share part, const Mask<T>& mask, T* block) {
        T *a = a_.get(), *slopes = slopes_.get();
        if (layer_->activation == Activation::softmax)
            each_block_of(part, [&](Index at, int rows) {
                turn_rows(a + at, layer_->stride, rows, layer_->n_out, block);
                softmax_forward(block, layer_->n_out);
                turn_back(block, layer_->n_out, a + at, layer_->stride, rows);
            });
        with(layer_->activation, [&](auto f) {
            if constexpr (!decltype(f)::from_a) {
                if (slopes) return mask ? bend(f, part, mask) : bend(f, part, Everything{});
            }
            if (std::is_same_v<decltype(f), Identity>) return;
            each_lane_of(part,
                         [&](Index at, Index, Index) { store(a + at, f.forward(load(a + at))); });
        });
        if (!mask || !kept_.get()) return;
        each_lane_of(part, [&](Index at, Index r, Index j) {
            const Lanes<T> factors = mask.factors(r, j);
            store(slopes + at, factors);
            store(kept_.get() + at, load(a + at) * factors);
        });
    }

    // dz = f'(z) da in place of da, which is of what the next layer was given.
    void back(Share part, T* block) {
        T* dz = dz_.get();
        if (const T* slopes = slopes_.get())
            each_lane_of(part, [&](Index at, Index, Index) {
                store(dz + at, load(dz + at) * load(slopes + at));
            });
        with(layer_->activation, [&](auto f) {
            if constexpr (decltype(f)::from_a && !std::is_same_v<decltype(f), Identity>)
                each_lane_of(part, [&](Index at, Index, Index) {
                    store(dz + at, f.backward(load(dz + at), load(a() + at)));
                });
        });
        if (layer_->activation != Activation::softmax) return;
        T* outputs = block + layer_->padded() * lanes;
        each_block_of(part, [&](Index at, int rows) {
            turn_rows(dz + at, layer_->stride, rows, layer_->n_out, block);
            turn_rows(a() + at, layer_->stride, rows, layer_->n_out, outputs);
            softmax_backward(block, outputs, layer_->n_out);
            turn_back(block, layer_->n_out, dz + at, layer_->stride, rows);
        });
    }

  private:
    // A mask that keeps everything, and multiplies by nothing.
    struct Everything {
        struct One {
            friend Lanes<T> operator*(const Lanes<T>& x, One) { return x; }
        };
        One factors(Index, Index) const { return {}; }
    };

    // f(place, row, column) for all lanes of some rows.
    template <class F> void each_lane_of(Share part, F f) const {
        for (Index r = part.first; r < part.last; ++r)
            for (Index j = 0; j < layer_->padded(); j += lanes) f(r * layer_->stride + j, r, j);
    }

    // a and the slopes, and what a mask keeps of both.
    template <class F, class Keeps> void bend(F f, Share part, const Keeps& mask) {
        T *a = a_.get(), *slopes = slopes_.get();
        each_lane_of(part, [&](Index at, Index r, Index j) {
            const auto factors = mask.factors(r, j);
            const Curve<T> curve = f.curve(load(a + at));
            store(a + at, curve.a * factors);
            store(slopes + at, curve.slope * factors);
        });
    }

    // f(place, rows) for each block of as many rows as there are lanes.
    template <class F> void each_block_of(Share part, F f) const {
        for (Index r = part.first; r < part.last; r += lanes)
            f(r * layer_->stride, int(std::min<Index>(lanes, part.last - r)));
    }

    const Layer<T>* layer_;
    Buffer<T> a_;       // (capacity, n_out) first z
    Buffer<T> slopes_;  // what da is multiplied by: f'(z), the mask's factors, or both
    Buffer<T> kept_;    // what the next layer is given, where the way back needs a as it is
    Buffer<T> dz_;
};

}  // namespace pellucid
