// Rows: of inputs and targets, which of them a pass is about, and how its first layer gets at them.
#pragma once

#include "plan.h"

namespace pellucid {

// Rows of inputs: an array, or compressed sparse rows (CSR) with its columns in order.
template <class T> struct Inputs {
    Index rows = 0;
    const T* dense = nullptr;
    const T* values = nullptr;
    const void* starts = nullptr;   // (rows + 1,)
    const void* columns = nullptr;  // (starts[rows],)
    bool wide = false;              // whether those two are 64 bits wide

    bool sparse() const { return dense == nullptr; }
    Index start(Index row) const { return whole(starts, row); }
    Index column(Index i) const { return whole(columns, i); }

  private:
    Index whole(const void* p, Index i) const {
        return wide ? Index(static_cast<const std::int64_t*>(p)[i])
                    : Index(static_cast<const std::int32_t*>(p)[i]);
    }
};

// Targets and weights of rows; no weights means 1 each.
template <class T> struct Targets {
    const T* y = nullptr;  // (n, n_out)
    const T* weight = nullptr;

    T weight_of(Index row) const { return weight ? weight[row] : T(1); }
};

// Which rows a pass is about: `count` of them from `first` on, in an order or as they stand.
struct Rows {
    const std::int64_t* order;
    Index first, count;

    Index operator[](Index i) const { return order ? Index(order[first + i]) : first + i; }
};

// How the first layer gets at its rows: where they lie one after the other, where an order says
// that they lie, or where they have been copied to.
enum class Access { in_place, in_order, copied };

template <class T> struct Batch {
    const Inputs<T>* inputs;
    Rows rows;
    Access access;
};

}  // namespace pellucid
