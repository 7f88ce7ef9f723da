// Dropout silences hidden units at random in each training step, the same ones that
// src/pellucid/dropout.py would.
//
// A number of 16 bits is drawn for each row and unit of a layer that drops, row by row; the unit is
// silenced where it is below 65536 times the rate. NumPy's bit generator gives four of them at a
// time. It is the numbers that are kept: they are compared where a pass needs to know.
#pragma once

#include "plan.h"
#include "questions.h"

namespace pellucid {

// NumPy's own view of a bit generator (numpy/random/bitgen.h).
struct BitGenerator {
    void* state;
    std::uint64_t (*next_uint64)(void*);
    std::uint32_t (*next_uint32)(void*);
    double (*next_double)(void*);
    std::uint64_t (*next_raw)(void*);
};

// The numbers of a layer for some rows, and what they are held against.
template <class T> struct Mask {
    const std::uint16_t* drawn = nullptr;  // (rows, n_out) without gaps; null: all is kept
    Index n_out = 0;
    Integer<T> limit = 0;  // a unit is kept if its number is as large
    T up = T(1);           // what is kept is multiplied by

    explicit operator bool() const { return drawn != nullptr; }

    // 0 or `up` for a lane of units; those behind the last unit are anything of the two.
    PELLUCID_INLINE Lanes<T> factors(Index row, Index unit) const {
        constexpr int n = register_bytes / int(sizeof(T));
        typedef std::uint16_t Drawn __attribute__((vector_size(2 * n)));
        const Lanes<T> kept = all(up);
        Lanes<T> r;
        for (int p = 0; p < parts; ++p) {
            Drawn numbers;
            std::memcpy(&numbers, drawn + row * n_out + unit + p * n, sizeof numbers);
            const auto bits = __builtin_convertvector(numbers, typename Lanes<T>::Bits);
            r.part[p] = bits >= limit ? kept.part[p] : typename Lanes<T>::Register{};
        }
        return r;
    }
};

template <class T> class Dropout;

// What is silenced in the rows of a pass, which begin somewhere in a batch: nothing by default.
template <class T> struct Masks {
    const Dropout<T>* drawn = nullptr;
    Index first = 0;

    Mask<T> of(std::size_t l) const { return drawn ? drawn->mask(l, first) : Mask<T>{}; }
};

template <class T> class Dropout {
    static constexpr Index parts_of_one = 65536;
    static constexpr Index at_once = 4;

  public:
    // With each layer's rate, or none at all, for so many rows.
    Dropout(const Plan<T>& plan, const std::vector<double>& rates, Index rows) {
        for (std::size_t l = 0; l < rates.size(); ++l) {
            const Index n = rates[l] > 0.0 ? rows * plan.layers[l].n_out : 0;
            const Index limit = Index(rates[l] * double(parts_of_one) + 0.5);
            layers_.push_back({Buffer<std::uint16_t>(std::size_t(n + at_once + Lanes<T>::count)),
                               rates[l] > 0.0, plan.layers[l].n_out,
                               std::min(limit, parts_of_one - 1)});
        }
    }

    // For all rows of a batch, layer after layer: each 64 bits are four numbers, the lowest first,
    // which is how they lie in memory too. Those that a layer leaves over are nobody's.
    void draw(BitGenerator& bits, Index rows, Questions& questions) {
        for (const Layer& layer : layers_) {
            if (!layer.drops) continue;
            std::uint16_t* to = layer.drawn.get();
            for (Index i = 0; i < rows * layer.n_out && !questions.stop(); i += at_once) {
                const std::uint64_t four = bits.next_uint64(bits.state);
                std::memcpy(to + i, &four, sizeof four);
                if (i % (1 << 20) == 0) questions.ask_now();
            }
        }
    }

    // Of the rows from one of the batch on.
    Masks<T> masks(Index first) const { return {this, first}; }

    Mask<T> mask(std::size_t l, Index first) const {
        const Layer& layer = layers_[l];
        if (!layer.drops) return {};
        return {layer.drawn.get() + first * layer.n_out, layer.n_out, Integer<T>(layer.limit),
                T(double(parts_of_one) / double(parts_of_one - layer.limit))};
    }

  private:
    struct Layer {
        Buffer<std::uint16_t> drawn;  // (rows, n_out), and as much as is read or written at once
        bool drops;
        Index n_out, limit;
    };
    std::vector<Layer> layers_;
};

}  // namespace pellucid
