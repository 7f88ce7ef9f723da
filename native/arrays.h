// Arrays as they cross the border from Python: looked at through the buffer protocol, never copied,
// and refused by name where they are not what the engine takes.
#pragma once

#include <nanobind/nanobind.h>

#include <cstdint>
#include <string>
#include <vector>

#include "matrix.h"

namespace pellucid {

namespace nb = nanobind;

template <class T> constexpr const char* name_of = nullptr;
template <> inline constexpr const char* name_of<float> = "float32";
template <> inline constexpr const char* name_of<double> = "float64";
template <> inline constexpr const char* name_of<std::int64_t> = "int64";
template <> inline constexpr const char* name_of<std::int32_t> = "int32";

// A view of an object's memory, held while this lives.
class Array {
  public:
    Array(nb::handle object, const char* name, bool writable = false)
        : object_(object), name_(name) {
        if (!PyObject_CheckBuffer(object.ptr()))
            throw nb::type_error((name_ + " is no array: got " + type_of(object)).c_str());
        const int flags = PyBUF_FORMAT | PyBUF_STRIDES;
        if (writable && PyObject_GetBuffer(object.ptr(), &view_, flags | PyBUF_WRITABLE) == 0)
            return;
        PyErr_Clear();
        if (PyObject_GetBuffer(object.ptr(), &view_, flags) != 0) {
            const nb::python_error why;
            throw nb::value_error((name_ + " cannot be looked at: " + why.what()).c_str());
        }
        if (!writable) return;
        PyBuffer_Release(&view_);
        throw nb::value_error((name_ + " cannot be written to: give an array of its own").c_str());
    }
    ~Array() { PyBuffer_Release(&view_); }
    Array(const Array&) = delete;

    bool is(const char* type) const {
        const std::string format = view_.format ? view_.format : "";
        const auto size = view_.itemsize;
        if (format == "f") return type == std::string("float32");
        if (format == "d") return type == std::string("float64");
        if (format == "i" || format == "l" || format == "q")
            return type == std::string(size == 8 ? "int64" : "int32");
        return false;
    }

    // Its numbers, when it has the type and shape that are wanted and lies in one piece.
    template <class T> T* numbers(const std::vector<Index>& shape) const {
        if (!is(name_of<T>))
            throw nb::type_error((name_ + " is of " + dtype() + ": expected " + name_of<T> +
                                  ", aligned and in native byte order")
                                     .c_str());
        bool same = std::size_t(view_.ndim) == shape.size();
        for (std::size_t i = 0; same && i < shape.size(); ++i) same = view_.shape[i] == shape[i];
        if (!same) {
            const auto text = "has shape " + shown(given()) + ": expected " + shown(shape);
            throw nb::value_error((name_ + " " + text).c_str());
        }
        if (!PyBuffer_IsContiguous(&view_, 'C'))
            throw nb::value_error(
                (name_ + " is not contiguous: use numpy.ascontiguousarray").c_str());
        return static_cast<T*>(view_.buf);
    }

    Index rows() const { return view_.ndim > 0 ? view_.shape[0] : 0; }
    Index columns() const { return view_.ndim == 2 ? view_.shape[1] : 0; }

    // Two arrays of which one is written to must not share memory.
    void refuse_overlap(const Array& other) const {
        const auto* a = static_cast<const char*>(view_.buf);
        const auto* b = static_cast<const char*>(other.view_.buf);
        if (view_.len > 0 && other.view_.len > 0 && a < b + other.view_.len && b < a + view_.len)
            throw nb::value_error((name_ + " shares memory with " + other.name_).c_str());
    }

  private:
    static std::string type_of(nb::handle object) {
        return object.is_none() ? "None" : nb::str(object.type().attr("__name__")).c_str();
    }

    std::string dtype() const {
        if (!nb::hasattr(object_, "dtype")) return type_of(object_);
        const nb::object dtype = object_.attr("dtype");
        return nb::str(nb::handle(dtype)).c_str();
    }

    std::vector<Index> given() const { return {view_.shape, view_.shape + view_.ndim}; }

    static std::string shown(const std::vector<Index>& shape) {
        std::string text = "(";
        for (std::size_t i = 0; i < shape.size(); ++i)
            text += (i ? ", " : "") + std::to_string(shape[i]);
        return text + (shape.size() == 1 ? ",)" : ")");
    }

    nb::handle object_;
    std::string name_;
    Py_buffer view_{};
};

}  // namespace pellucid
