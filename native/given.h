// X as Python gives it: an array, or the three arrays of a CSR one.
#pragma once

#include <cmath>
#include <deque>

#include "arrays.h"
#include "rows.h"

namespace pellucid {

// An array, or (indptr, indices, data). Holds on to it.
template <class T> class GivenInputs {
  public:
    GivenInputs(nb::handle x, Index n_in) {
        if (!nb::isinstance<nb::tuple>(x)) {
            const Array& array = held_.emplace_back(x, "X");
            inputs.rows = array.rows();
            inputs.dense = array.numbers<T>({inputs.rows, n_in});
            return;
        }
        const auto parts = nb::cast<nb::tuple>(x);
        if (parts.size() != 3) throw nb::value_error("X is no (indptr, indices, data)");
        const Array& starts = held_.emplace_back(parts[0], "X.indptr");
        const Array& columns = held_.emplace_back(parts[1], "X.indices");
        const Array& values = held_.emplace_back(parts[2], "X.data");
        if (starts.rows() < 1) throw nb::value_error("X.indptr is empty");
        inputs.rows = starts.rows() - 1;
        inputs.wide = starts.is("int64");
        const Index stored = values.rows();
        if (inputs.wide) {
            inputs.starts = starts.numbers<std::int64_t>({inputs.rows + 1});
            inputs.columns = columns.numbers<std::int64_t>({stored});
        } else {
            inputs.starts = starts.numbers<std::int32_t>({inputs.rows + 1});
            inputs.columns = columns.numbers<std::int32_t>({stored});
        }
        inputs.values = values.numbers<T>({stored});
        refuse_disorder(stored, n_in);
    }

    Inputs<T> inputs;
    const std::deque<Array>& arrays() const { return held_; }

    // Numbers stored in a row, on average and up to the next power of two; below 0 if X is not
    // sparse. Rounded, so that calls with about as many are of the same kind.
    double stored() const {
        if (!inputs.sparse()) return -1.0;
        const double all = double(inputs.start(inputs.rows)), rows = double(inputs.rows);
        return std::exp2(std::ceil(std::log2(std::max(1.0, all / std::max(1.0, rows)))));
    }

  private:
    void refuse_disorder(Index stored, Index n_in) const {
        const nb::gil_scoped_release unlocked;  // it may be long
        Index end = inputs.start(0);
        bool sound = end == 0 && inputs.start(inputs.rows) == stored;
        for (Index r = 0; sound && r < inputs.rows; ++r) {
            sound = inputs.start(r + 1) >= end && inputs.start(r + 1) <= stored;
            end = inputs.start(r + 1);
        }
        if (!sound) throw nb::value_error("X.indptr does not go up from 0 to the length of X.data");
        for (Index r = 0; r < inputs.rows; ++r)
            for (Index i = inputs.start(r), before = -1; i < inputs.start(r + 1); ++i) {
                const Index column = inputs.column(i);
                if (column <= before || column >= n_in)
                    throw nb::value_error("X.indices goes beyond the columns or is not in order");
                before = column;
            }
    }

    std::deque<Array> held_;
};

}  // namespace pellucid
