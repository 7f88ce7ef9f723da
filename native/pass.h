// A pass runs some rows through the network and back, as src/pellucid/network.py does:
//
//     forward     z = x W + b        a = f(z)
//     backward    da = dz W^T        dz = f'(z) da
//     gradient    dW = x^T dz        db = sum of dz over rows
//
// Forward and backward are about rows, the gradient about inputs: each can be shared out among
// threads without two of them ever writing to the same place or adding to the same number.
#pragma once

#include "fold.h"
#include "losses.h"
#include "sparse.h"
#include "straight.h"
#include "units.h"

namespace pellucid {

template <class T> class Pass {
    static constexpr int lanes = Lanes<T>::count;

  public:
    // For up to `capacity` rows and so many threads. `drops` has each layer's rate of dropout.
    Pass(const Plan<T>& plan, Index capacity, int members, bool training,
         const std::vector<double>& drops = {})
        : plan_(plan), first_(plan.first()), unfolding_(plan), capacity_(capacity),
          x_stride_(row_stride<T>(plan.n_in)), row_loss_(std::size_t(capacity + lanes)) {
        Index most_out = 0, most_in = 0;
        for (std::size_t l = 0; l < plan.layers.size(); ++l) {
            const Layer<T>& layer = plan.layers[l];
            units_.emplace_back(layer, l < first_ ? 0 : capacity, training,
                                l < drops.size() && drops[l] > 0.0);
            gathers_.push_back(training && gathers(layer));
            if (gathers_.back()) most_in = std::max(most_in, Index(layer.n_in));
            most_out = std::max(most_out, layer.padded());
        }
        const Index share_of_in = std::min(most_in, most_in / members + 16);
        for (int t = 0; t < members; ++t)
            columns_.emplace_back(std::size_t(capacity * share_of_in));
        const Index wide = Index(most_width) * lanes;
        const Index numbers =
            std::max({2 * most_out * lanes, most_out * wide, capacity * wide}) + most_rows * wide;
        for (int t = 0; t < members; ++t) scratch_.emplace_back(std::size_t(numbers));
    }

    Index capacity() const { return capacity_; }

    // Some rows to run, in an order or as they stand.
    Batch<T> batch(const Inputs<T>& inputs, const Rows& rows) const {
        return {&inputs, rows, access(inputs, rows.order != nullptr, rows.count)};
    }

    // To be called before rows of such inputs are run, with nobody at work yet.
    void make_room(const Inputs<T>& inputs, bool ordered) {
        if (!x_copy_.get() && access(inputs, ordered, capacity_) == Access::copied)
            x_copy_ = Buffer<T>(std::size_t(capacity_ * x_stride_));
    }

    // Forward through all layers; the last one's activation may be left out.
    void forward(T* parameters, const Batch<T>& batch, Share part, bool with_output, int member,
                 const Masks<T>& masks = {}) {
        if (batch.access == Access::copied) copy_inputs(batch, part);
        for (std::size_t l = first_; l < units_.size(); ++l) {
            sums(l, parameters, batch, part);
            if (l + 1 < units_.size() || with_output)
                units_[l].activate(part, masks.of(l), scratch(member));
        }
    }

    // The same for a few rows as they stand, with weights read where theta has them.
    void forward_straight(const T* theta, const Batch<T>& batch, bool with_output) {
        const Share all_rows{0, batch.rows.count};
        if (batch.access == Access::copied) copy_inputs(batch, all_rows);
        for (std::size_t l = first_; l < units_.size(); ++l) {
            straight_sums(l, theta, batch);
            if (l + 1 < units_.size() || with_output) units_[l].activate(all_rows, {}, scratch(0));
        }
    }

    void activate_output(Share part, int member) {
        units_.back().activate(part, {}, scratch(member));
    }

    // The loss of each row of a share, and with `gradient` dLoss/dz of the last layer, times the
    // row's weight and `scale`. Shares begin at whole lanes.
    void loss(const LossSpec& spec, const Targets<T>& targets, const Rows& which, double scale,
              Share part, bool gradient, int member) {
        const Layer<T>& layer = plan_.layers.back();
        Units<T>& last = units_.back();
        const int n = int(plan_.n_out);
        T* outputs = scratch(member);
        T* wanted = outputs + layer.padded() * lanes;
        for (Index r = part.first; r < part.last; r += lanes) {
            const int count = int(std::min<Index>(lanes, part.last - r));
            alignas(64) T weights[lanes] = {};
            for (int i = 0; i < count; ++i) {
                const Index row = which[r + i];
                const T* y = targets.y + row * n;
                for (int j = 0; j < n; ++j) wanted[j * lanes + i] = y[j];
                weights[i] = T(double(targets.weight_of(row)) * scale);
            }
            for (int i = count; i < lanes; ++i)
                for (int j = 0; j < n; ++j) wanted[j * lanes + i] = T(0);
            smooth(spec, wanted, n);
            turn_rows(last.a() + r * layer.stride, layer.stride, count, n, outputs);
            const Lanes<T> rows = loss_block(spec, outputs, wanted, n, load(weights));
            store(row_loss_.get() + r, rows);
            if (gradient) turn_back(outputs, n, last.dz() + r * layer.stride, layer.stride, count);
        }
        if (gradient && !spec.raw) last.back(part, scratch(member));
    }

    T row_loss(Index r) const { return row_loss_.get()[r]; }

    // From dz of the last layer to that of every layer, for a share of the rows.
    void backward(T* parameters, Share part, int member) {
        for (std::size_t l = units_.size() - 1; l > first_; --l) {
            const Layer<T>& layer = plan_.layers[l];
            const Layer<T>& before = plan_.layers[l - 1];
            const T* dz = units_[l].dz() + part.first * layer.stride;
            T* da = units_[l - 1].dz() + part.first * before.stride;
            const Index m = part.last - part.first;
            if (layer.kind == Kind::dense) {
                T* turned = scratch(member);
                for (int p = 0; p < before.columns.panels(); ++p) {
                    const int first = before.columns.first(p), width = before.columns.width(p);
                    turn_panel(layer.weights(parameters), layer.n_out, first, width, turned);
                    multiply_panel(m, layer.n_out, ByRows<T>{dz, layer.stride}, turned, width,
                                   Start::zero, static_cast<const T*>(nullptr), da + first * lanes,
                                   before.stride);
                }
            } else {
                const T* s = parameters + layer.w;
                for (Index r = 0; r < m; ++r)
                    for (Index j = 0; j < layer.padded(); j += lanes)
                        store(da + r * before.stride + j,
                              load(dz + r * layer.stride + j) * load(s + j));
            }
            units_[l - 1].back(part, scratch(member));
        }
    }

    // A folded layer's gradient, which is that of s W, becomes those of s and W.
    void unfold(Share part, T* parameters, T* gradient) {
        const Panels<T> g = plan_.layers[first_].weights(gradient);
        for (int p = 0; p < g.columns.panels(); ++p)
            unfolding_.rows(p, part.first, part.last, parameters, g.row(p, part.first));
        scale_gradient(part, [&](Index at, Index count, const T* ds) {
            std::copy_n(ds, count, gradient + at);
        });
    }

    // The gradient of s, where it is folded, for a share of the rows of W that all have been
    // unfolded.
    template <class Sink> void scale_gradient(Share part, Sink sink) {
        if (part.first == part.last) return;
        sink(plan_.layers[0].w + part.first, whole_lanes<T>(part.last - part.first),
             unfolding_.ds(part));
    }

    // The gradient of W or s of layer l over all rows of the batch, for a share of the rows of W.
    // It goes `into` memory laid out as theta is, on top of what is there if `start` says so; or,
    // where that is null, piece by piece to `sink(place, count, numbers)`, so that it is never
    // whole, and unfolded.
    template <class Sink>
    void gradient(std::size_t l, T* parameters, const Batch<T>& batch, Share part, Start start,
                  T* into, int member, Sink sink) {
        const Layer<T>& layer = plan_.layers[l];
        if (layer.kind == Kind::scale) {
            if (part.first < part.last)
                column_sums(l, batch, true, start, layer.w, into, scratch(member), sink);
        } else if (l == first_ && batch.inputs->sparse()) {
            sparse_gradient(*batch.inputs, batch.rows, units_[l].dz(), layer.stride,
                            layer.weights(into), part, start);
        } else {
            weight_gradient(l, parameters, batch, part, start, into, member, sink);
        }
    }

    // The same for b.
    template <class Sink>
    void bias_gradient(std::size_t l, const Batch<T>& batch, Start start, T* into, int member,
                       Sink sink) {
        column_sums(l, batch, false, start, plan_.layers[l].b, into, scratch(member), sink);
    }

    const T* output() const { return units_.back().a(); }
    Index output_stride() const { return plan_.layers.back().stride; }

  private:
    T* scratch(int member) const { return scratch_[std::size_t(member)].get(); }

    Access access(const Inputs<T>& inputs, bool ordered, Index rows) const {
        if (!plan_.dense_first()) return Access::copied;
        if (inputs.sparse() || rows == 1) return Access::in_place;
        // Rows a multiple of 1024 bytes long would compete for places in the cache.
        if (plan_.n_in * Index(sizeof(T)) % 1024 == 0) return Access::copied;
        if (!ordered) return Access::in_place;
        return gathers_[first_] ? Access::in_order : Access::copied;
    }

    void copy_inputs(const Batch<T>& batch, Share part) {
        const Inputs<T>& inputs = *batch.inputs;
        for (Index r = part.first; r < part.last; ++r) {
            T* to = x_copy_.get() + r * x_stride_;
            const Index row = batch.rows[r];
            if (!inputs.sparse()) {
                copy(inputs.dense + row * plan_.n_in, plan_.n_in, to);
                continue;
            }
            std::fill_n(to, plan_.n_in, T(0));
            for (Index i = inputs.start(row); i < inputs.start(row + 1); ++i)
                to[inputs.column(i)] = inputs.values[i];
        }
    }

    // What layer l is given, row by row, from one row on.
    ByRows<T> given(std::size_t l, const Batch<T>& batch, Index row) const {
        if (l > first_) {
            const Index stride = plan_.layers[l - 1].stride;
            return {units_[l - 1].given() + row * stride, stride};
        }
        if (batch.access == Access::copied) return {x_copy_.get() + row * x_stride_, x_stride_};
        return {batch.inputs->dense + batch.rows[row] * plan_.n_in, plan_.n_in};
    }

    // f(what layer l is given from one row on), wherever its rows are.
    template <class F> void with_given(std::size_t l, const Batch<T>& batch, Index row, F f) const {
        if (l > first_ || batch.access != Access::in_order) return f(given(l, batch, row));
        f(ByOrder<T>{batch.inputs->dense, batch.rows.order + batch.rows.first + row, plan_.n_in});
    }

    void sums(std::size_t l, T* parameters, const Batch<T>& batch, Share part) {
        const Layer<T>& layer = plan_.layers[l];
        T* to = units_[l].sums() + part.first * layer.stride;
        const Index m = part.last - part.first;
        const T* bias = layer.bias ? parameters + layer.b : nullptr;
        if (layer.kind == Kind::scale) {
            const ByRows<T> x = given(l, batch, part.first);
            const T* s = parameters + layer.w;
            for (Index r = 0; r < m; ++r)
                for (Index j = 0; j < layer.padded(); j += lanes)
                    store(to + r * layer.stride + j, load(x.row(r) + j) * load(s + j));
        } else if (l == first_ && batch.inputs->sparse()) {
            for (Index r = 0; r < m; ++r)
                sparse_sums(*batch.inputs, batch.rows[part.first + r], layer.multiplier(parameters),
                            bias, to + r * layer.stride);
        } else if (m > 0) {
            with_given(l, batch, part.first, [&](const auto& x) {
                multiply(m, layer.n_in, x, layer.multiplier(parameters),
                         bias ? Start::row : Start::zero, bias, to, layer.stride);
            });
        }
    }

    void straight_sums(std::size_t l, const T* theta, const Batch<T>& batch) {
        const Layer<T>& layer = plan_.layers[l];
        const Index m = batch.rows.count, n = layer.n_out;
        const T* w = theta + layer.theta_w;
        const T* scales = l == 1 && first_ == 1 ? theta + plan_.layers[0].theta_w : nullptr;
        T* to = units_[l].sums();
        const bool scale = layer.kind == Kind::scale;
        const bool sparse = l == first_ && !scale && batch.inputs->sparse();
        const ByRows<T> x = sparse ? ByRows<T>{} : given(l, batch, 0);
        for (Index r = 0; r < m; ++r) {
            T* c = to + r * layer.stride;
            if (scale)
                each_lane(w, n, [&](Index j, const Lanes<T>& s) {
                    store(c + j, load(x.row(r) + j) * s);
                });
            else if (layer.bias)
                each_lane(theta + layer.theta_b, n,
                          [&](Index j, const Lanes<T>& b) { store(c + j, b); });
            else
                std::fill_n(c, layer.padded(), T(0));
            if (!sparse) continue;
            const Index row = batch.rows[r];
            for (Index i = batch.inputs->start(row); i < batch.inputs->start(row + 1); ++i) {
                const Index k = batch.inputs->column(i);
                add_rows<T, 1>(batch.inputs->values + i, w + k * n, scales ? scales + k : nullptr,
                               n, c);
            }
        }
        if (!sparse && !scale)
            multiply_straight(m, n, Index(layer.n_in), x, w, scales, to, layer.stride);
    }

    void smooth(const LossSpec& spec, T* y, int n) const {
        if (spec.label_smoothing == 0.0) return;
        const bool shared = spec.kind == Loss::cross_entropy;
        const Lanes<T> keep = all(T(1.0 - spec.label_smoothing));
        const Lanes<T> add = all(T(spec.label_smoothing / (shared ? n : 2)));
        for (int j = 0; j < n; ++j) store(y + j * lanes, keep * load(y + j * lanes) + add);
    }

    template <class Sink>
    void weight_gradient(std::size_t l, T* parameters, const Batch<T>& batch, Share part,
                         Start start, T* into, int member, Sink sink) {
        const Index m = batch.rows.count;
        const Layer<T>& layer = plan_.layers[l];
        const Panels<T> place{nullptr, layer.rows(), layer.columns};
        const T* dz = units_[l].dz();
        T* piece = scratch(member);  // of the gradient
        T* packed = piece + most_rows * most_width * lanes;
        const bool gathered = gathers_[l] && m > 1;
        const ByRows<T> x = gathered ? ByRows<T>{} : given(l, batch, 0);
        const bool folded = l == 1 && first_ == 1;
        if (m == 1 && !into && !folded) {  // tiles would be all beginning and no middle
            for (int p = 0; p < layer.columns.panels(); ++p)
                sink.outer(layer.w + place.offset(p, part.first), x.at + part.first,
                           part.last - part.first, dz + Index(layer.columns.first(p)) * lanes,
                           place.stride(p));
            return;
        }
        T* together = columns_[std::size_t(member)].get();
        if (gathered)
            with_given(l, batch, 0,
                       [&](const auto& rows) { gather_columns(rows, part, m, together); });
        for (int p = 0; p < layer.columns.panels(); ++p) {
            const Index first = Index(layer.columns.first(p)) * lanes, wide = place.stride(p);
            const T* b = dz + first;
            Index b_stride = layer.stride;
            if (layer.columns.panels() > 1) {  // closer together: it is gone through many times
                for (Index r = 0; r < m; ++r)
                    for (Index j = 0; j < wide; j += lanes)
                        store(packed + r * wide + j, load(b + r * layer.stride + j));
                b = packed;
                b_stride = wide;
            }
            in_blocks(part.last - part.first, [&](Index i, int count) {
                const T* columns = gathered ? together + i * m : x.at + part.first + i;
                const Index at = layer.w + place.offset(p, part.first + i);
                T* c = into ? into + at : piece;
                tile_of<T, ByColumns<T>>(count, layer.columns.width(p))(
                    m, {columns, gathered ? count : x.stride}, b, b_stride, start, nullptr, c,
                    wide);
                if (into) return;
                if (folded)
                    unfolding_.rows(p, part.first + i, part.first + i + count, parameters, c);
                sink(at, count * wide, c);
            });
        }
    }

    // Whether the columns of what a layer is given are worth bringing together for its gradient,
    // which goes through them once a panel, each time through as many pages of memory as there are
    // rows.
    bool gathers(const Layer<T>& layer) const {
        return layer.kind == Kind::dense && capacity_ >= 64 && layer.columns.panels() > 2;
    }

    template <class A> static void gather_columns(const A& x, Share part, Index m, T* to) {
        in_blocks(part.last - part.first, [&](Index i, int count) {
            if (count == most_rows)  // most are, and a size known beforehand is a move or two
                for (Index r = 0; r < m; ++r, to += most_rows)
                    std::memcpy(to, x.row(r) + part.first + i, most_rows * sizeof(T));
            else
                for (Index r = 0; r < m; ++r, to += count)
                    copy(x.row(r) + part.first + i, count, to);
        });
    }

    // The sums over rows of dz, or of x dz: the gradients of b and of s.
    template <class Sink>
    void column_sums(std::size_t l, const Batch<T>& batch, bool times_x, Start start, Index place,
                     T* into, T* piece, Sink sink) {
        constexpr int at_once = 4;  // additions that do not wait for each other
        const Layer<T>& layer = plan_.layers[l];
        const ByRows<T> x = times_x ? given(l, batch, 0) : ByRows<T>{};
        const T* dz = units_[l].dz();
        for (Index j = 0; j < layer.padded(); j += at_once * lanes) {
            const int n = int(std::min<Index>(at_once, (layer.padded() - j) / lanes));
            Lanes<T> total[at_once];
            for (int u = 0; u < n; ++u)
                total[u] = start == Start::here ? load(into + place + j + u * lanes) : zero<T>();
            for (Index r = 0; r < batch.rows.count; ++r)
                for (int u = 0; u < n; ++u) {
                    const Lanes<T> d = load(dz + r * layer.stride + j + u * lanes);
                    total[u] =
                        times_x ? fma(load(x.row(r) + j + u * lanes), d, total[u]) : total[u] + d;
                }
            T* c = into ? into + place + j : piece;
            for (int u = 0; u < n; ++u) store(c + u * lanes, total[u]);
            if (!into) sink(place + j, Index(n) * lanes, c);
        }
    }

    const Plan<T>& plan_;
    const std::size_t first_;  // the layer that takes the inputs
    Unfolding<T> unfolding_;
    Index capacity_;
    Index x_stride_;
    Buffer<T> x_copy_;
    Buffer<T> row_loss_;
    std::vector<Units<T>> units_;               // one a layer
    std::vector<bool> gathers_;                 // one a layer
    std::vector<Buffer<T>> scratch_, columns_;  // one a thread
};

}  // namespace pellucid
