// What the test programs share: a check, numbers to work on, arrays without a spare byte, digests.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <memory>
#include <string>

#include "../matrix.h"

namespace pellucid::tests {

// Ends the program with a word about where and in which case.
#define CHECK(holds, in)                                                       \
    do {                                                                       \
        if (!(holds)) ::pellucid::tests::fail(__FILE__, __LINE__, #holds, in); \
    } while (false)

[[noreturn]] inline void fail(const char* file, int line, const char* what, const std::string& in) {
    std::fprintf(stderr, "%s:%d: not so: %s (%s)\n", file, line, what, in.c_str());
    std::exit(1);
}

// Numbers that look random and are the same everywhere (SplitMix64, Steele, Lea and Flood 2014).
class Numbers {
  public:
    explicit Numbers(std::uint64_t seed) : state_(seed) {}

    std::uint64_t next() {
        std::uint64_t z = state_ += 0x9e3779b97f4a7c15;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return z ^ (z >> 31);
    }
    double unit() { return double(next() >> 11) * 0x1p-53; }  // in [0, 1)
    double between(double low, double high) { return low + (high - low) * unit(); }
    Index below(Index n) { return Index(next() % std::uint64_t(n)); }

  private:
    std::uint64_t state_;
};

// An array on the heap that ends where its last number does, so that AddressSanitizer sees whoever
// reads past it.
template <class T> class Exact {
  public:
    explicit Exact(Index n = 0) : size_(n), at_(new T[std::size_t(n)]()) {}
    Exact(const Exact& other) : Exact(other.size_) { std::copy_n(other.get(), size_, get()); }
    Exact(Exact&&) = default;
    Exact& operator=(Exact&&) = default;

    T* get() const { return at_.get(); }
    Index size() const { return size_; }
    T& operator[](Index i) const { return at_[std::size_t(i)]; }
    T* begin() const { return get(); }
    T* end() const { return get() + size_; }

    // The same bits: 0 and -0 differ.
    bool is(const Exact& other) const {
        return size_ == other.size_ &&
               std::memcmp(get(), other.get(), std::size_t(size_) * sizeof(T)) == 0;
    }

  private:
    Index size_;
    std::unique_ptr<T[]> at_;
};

template <class T>
Exact<T> filled(Index n, Numbers& numbers, double low = -1.0, double high = 1.0) {
    Exact<T> a(n);
    for (T& x : a) x = T(numbers.between(low, high));
    return a;
}

// FNV-1a over the bits of numbers. All NaN count as one, since their signs are the processor's own.
class Digest {
  public:
    template <class T> void add(T x) {
        if (x != x) x = std::numeric_limits<T>::max();
        unsigned char bytes[sizeof(T)];
        std::memcpy(bytes, &x, sizeof(T));
        for (const unsigned char byte : bytes) state_ = (state_ ^ byte) * 0x100000001b3;
    }
    template <class T> void add(const Exact<T>& a) {
        for (const T x : a) add(x);
    }
    std::uint64_t value() const { return state_; }

  private:
    std::uint64_t state_ = 0xcbf29ce484222325;
};

template <class T> constexpr const char* type_name = sizeof(T) == 4 ? "float32" : "float64";

}  // namespace pellucid::tests
