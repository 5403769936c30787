// The entry point of libFuzzer, compiled once for each fuzzer with its name in VARVE_FUZZER.
//
// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "tests/fuzz/fuzzers.h"

// NOLINTNEXTLINE: the name is libFuzzer's
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  for (const varve::fuzz::Fuzzer& fuzzer : varve::fuzz::Fuzzers()) {
    if (fuzzer.name != VARVE_FUZZER) continue;
    const std::string wrong =
        fuzzer.run(std::string_view(reinterpret_cast<const char*>(data), size));
    if (wrong.empty()) return 0;
    std::fprintf(stderr, "%s: %s\n", VARVE_FUZZER, wrong.c_str());
    std::abort();
  }
  std::abort();
}
