// Which builds of the engine this processor can run. Compiled for the plainest of processors, since
// it has to run on all of them.
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <string>
#include <vector>

namespace {

// Best first, named as compilers name them.
std::vector<std::string> instruction_sets() {
    std::vector<std::string> names;
#if defined(__x86_64__)
    __builtin_cpu_init();
    const bool v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                    __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
    const bool v4 = v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                    __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
                    __builtin_cpu_supports("avx512vl");
    if (v4) names.push_back("x86-64-v4");
    if (v3) names.push_back("x86-64-v3");
#elif defined(__aarch64__)
    names.push_back("aarch64");
#endif
    return names;
}

}  // namespace

NB_MODULE(_cpu, module) {
    module.doc() = "Which builds of the engine this processor can run.";
    module.def("instruction_sets", &instruction_sets, "Their names, best first.");
}
