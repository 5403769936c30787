// Every fuzzer over its corpus and over simple mutations of it, without libFuzzer, so that any
// compiler tests them. The corpus holds what the encoders write now ("seed-…"), and inputs that
// once found a bug.
//
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include "tests/fuzz/fuzzers.h"
#include "tests/paths.h"
#include "tests/sanitizers.h"

namespace varve::fuzz {
namespace {

namespace fs = std::filesystem;

constexpr auto kMutations = static_cast<int>(ScaledCycles(3000));

fs::path CorpusOf(std::string_view fuzzer) {
  return fs::path(SourcePath("tests/fuzz/corpus")) / fuzzer;
}

std::string Read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream bytes;
  bytes << file.rdbuf();
  return bytes.str();
}

class FuzzCorpus : public testing::TestWithParam<Fuzzer> {
 protected:
  void SetUp() override {
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(CorpusOf(GetParam().name), error)) {
      paths_.push_back(entry.path());
    }
    std::sort(paths_.begin(), paths_.end());
    for (const fs::path& path : paths_) inputs_.push_back(Read(path));
  }

  std::vector<fs::path> paths_;
  std::vector<std::string> inputs_;
};

// With VARVE_REWRITE=1 the files are written; the difference is then for a reviewer to read.
TEST_P(FuzzCorpus, HoldsWhatTheEncodersWriteNow) {
  const std::vector<Seed> seeds = SeedsOf(GetParam().name);
  ASSERT_FALSE(seeds.empty());
  for (const Seed& seed : seeds) {
    const fs::path path = CorpusOf(GetParam().name) / ("seed-" + seed.name);
    if (std::getenv("VARVE_REWRITE") != nullptr) {
      fs::create_directories(path.parent_path());
      std::ofstream(path, std::ios::binary) << seed.bytes;
    }
    EXPECT_TRUE(fs::exists(path)) << path;
    if (!seed.pinned) continue;
    EXPECT_EQ(Read(path), seed.bytes) << path << ": run once with VARVE_REWRITE=1";
  }
}

TEST_P(FuzzCorpus, EveryInputIsRight) {
  ASSERT_FALSE(inputs_.empty());
  for (size_t i = 0; i < inputs_.size(); ++i) {
    EXPECT_EQ(GetParam().run(inputs_[i]), "") << paths_[i];
  }
  EXPECT_EQ(GetParam().run(""), "");
}

using Random = std::mt19937_64;

// Changes one thing. `other`: an input to take pieces from.
void Mutate(const std::string& other, Random* random, std::string* input) {
  const auto below = [random](size_t limit) { return limit == 0 ? 0 : (*random)() % limit; };
  const size_t at = below(input->size());
  switch (below(7)) {
    case 0:
      if (!input->empty()) (*input)[at] = static_cast<char>((*input)[at] ^ 1 << below(8));
      break;
    case 1:
      if (!input->empty()) (*input)[at] = static_cast<char>((*random)());
      break;
    case 2:
      input->insert(at, below(5), static_cast<char>((*random)()));
      break;
    case 3:
      input->erase(at, below(9));
      break;
    case 4:
      input->resize(at);
      break;
    case 5: {
      const size_t from = below(other.size());
      input->insert(at, other.substr(from, below(40)));
      break;
    }
    default:
      for (size_t i = at; i < std::min(at + 4, input->size()); ++i) {
        (*input)[i] = static_cast<char>(below(2) == 0 ? 0xff : 0);
      }
  }
}

TEST_P(FuzzCorpus, EveryMutationIsRight) {
  ASSERT_FALSE(inputs_.empty());
  for (int seed = 0; seed < kMutations; ++seed) {
    Random random(static_cast<uint64_t>(seed));
    std::string input = inputs_[random() % inputs_.size()];
    const std::string& other = inputs_[random() % inputs_.size()];
    for (uint64_t left = 1 + random() % 5; left > 0; --left) Mutate(other, &random, &input);
    ASSERT_EQ(GetParam().run(input), "") << "seed " << seed;
  }
}

INSTANTIATE_TEST_SUITE_P(Every, FuzzCorpus, testing::ValuesIn(Fuzzers().begin(), Fuzzers().end()),
                         [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace varve::fuzz
