// Fuzzers: for each decoder a function that gives it any bytes and checks what it makes of them.
//
// The same functions run under libFuzzer (entry_point.cc, preset "fuzz") and, over the corpus and
// simple mutations of it, in the test suite (corpus_test.cc), whatever the compiler.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace varve::fuzz {

struct Fuzzer {
  std::string_view name;  // of its corpus, and of its program with "_fuzz" behind it
  // "" or what is wrong. A crash is wrong, too.
  std::string (*run)(std::string_view input);
};
std::span<const Fuzzer> Fuzzers();

// An input that a real encoder made.
struct Seed {
  std::string name;
  std::string bytes;
  bool pinned = true;  // false: it lists all settings, and may be older than the newest of them
};
std::vector<Seed> SeedsOf(std::string_view fuzzer);

// Of binary formats, the first byte of an input says whether checksums are made right first: else
// hardly any input would come past them.
inline constexpr char kSealed = 's';
inline constexpr char kRaw = 'r';

std::string FuzzLog(std::string_view input);
std::string FuzzManifest(std::string_view input);
std::string FuzzTable(std::string_view input);
std::string FuzzBlock(std::string_view input);
std::string FuzzBatch(std::string_view input);
std::string FuzzFilter(std::string_view input);
std::string FuzzOptions(std::string_view input);
std::string FuzzWorkload(std::string_view input);
std::string FuzzExperiment(std::string_view input);
std::string FuzzYcsb(std::string_view input);
std::string FuzzTrace(std::string_view input);

}  // namespace varve::fuzz
