// Covering arrays: no pair is forgotten, in general and over the settings of the engine.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/torture/pairwise.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

#include "engine/parts.h"
#include "engine/util/random.h"
#include "harness/torture/configurations.h"
#include "tests/sanitizers.h"

namespace varve::harness {
namespace {

using Pair = std::pair<std::pair<size_t, int>, std::pair<size_t, int>>;

std::set<Pair> PairsOf(const std::vector<PairwiseRow>& rows) {
  std::set<Pair> pairs;
  for (const PairwiseRow& row : rows) {
    for (size_t a = 0; a < row.size(); ++a) {
      for (size_t b = a + 1; b < row.size(); ++b) pairs.insert({{a, row[a]}, {b, row[b]}});
    }
  }
  return pairs;
}

// All combinations.
std::vector<PairwiseRow> AllRows(const std::vector<int>& counts) {
  std::vector<PairwiseRow> rows = {{}};
  for (const int count : counts) {
    std::vector<PairwiseRow> longer;
    for (const PairwiseRow& row : rows) {
      for (int value = 0; value < count; ++value) {
        longer.push_back(row);
        longer.back().push_back(value);
      }
    }
    rows = longer;
  }
  return rows;
}

TEST(Pairwise, EveryPairIsInARowAndRowsAreFew) {
  const std::vector<int> counts = {3, 4, 2, 5, 3, 1, 2};
  const auto rows = PairwiseRows(
      counts, [](const PairwiseRow&) { return true; }, 1);
  EXPECT_EQ(PairsOf(rows), PairsOf(AllRows(counts)));
  EXPECT_GE(rows.size(), 20u) << "4 * 5 pairs need as many rows";
  EXPECT_LE(rows.size(), 32u) << "of 720 combinations";
}

TEST(Pairwise, WhatIsNotAllowedIsInNoRowAndAllElseIs) {
  const std::vector<int> counts = {3, 3, 3, 2};
  // The first must not exceed the second, nor the second the third.
  const auto allowed = [](const PairwiseRow& row) { return row[0] <= row[1] && row[1] <= row[2]; };
  std::vector<PairwiseRow> all = AllRows(counts);
  std::erase_if(all, [&](const PairwiseRow& row) { return !allowed(row); });
  const auto completable = [&](const PairwiseRow& row) {
    for (const PairwiseRow& whole : all) {
      bool fits = true;
      for (size_t i = 0; i < row.size(); ++i) fits &= row[i] == kUnset || row[i] == whole[i];
      if (fits) return true;
    }
    return false;
  };
  for (uint64_t seed = 0; seed < 10; ++seed) {
    const auto rows = PairwiseRows(counts, completable, seed);
    EXPECT_EQ(PairsOf(rows), PairsOf(all));
    for (const PairwiseRow& row : rows) EXPECT_TRUE(allowed(row));
    EXPECT_TRUE(allowed(RandomRow(counts, completable, seed)));
  }
}

TEST(Pairwise, TheSameSeedMakesTheSameRows) {
  const auto any = [](const PairwiseRow&) { return true; };
  EXPECT_EQ(PairwiseRows({3, 3, 3}, any, 7), PairwiseRows({3, 3, 3}, any, 7));
  EXPECT_NE(PairwiseRows({3, 3, 3}, any, 7), PairwiseRows({3, 3, 3}, any, 8));
}

TEST(Configurations, ThereAreManyWithNamesOfTheirOwnAndAllCanBeOpened) {
  std::set<std::string> names;
  std::set<std::string> settings;
  for (const Configuration& configuration : NamedConfigurations()) {
    EXPECT_TRUE(names.insert(configuration.name).second) << configuration.name;
    const Status status = CheckOptions(configuration.options);
    EXPECT_TRUE(status.ok()) << configuration.name << ": " << status.ToString();
    std::string all;
    for (const SettingText& text : OptionTexts(configuration.options)) all += text.text + " ";
    settings.insert(all);
  }
  EXPECT_GE(names.size(), 40u);
  EXPECT_GE(settings.size(), 40u) << "those that differ only in name do not count";
}

TEST(Configurations, EverySettingVariesOverLegalValues) {
  for (const Setting& setting : OptionSettings()) {
    const std::vector<std::string> values = SettingValues(setting);
    EXPECT_GE(values.size(), 2u) << setting.name;
    EXPECT_EQ(std::set<std::string>(values.begin(), values.end()).size(), values.size());
    for (const std::string& value : values) {
      Options options;
      EXPECT_TRUE(SetOption(&options, setting.name, value).ok()) << setting.name << "=" << value;
    }
    if (setting.kind != SettingKind::kChoice) continue;
    for (const PartTable& table : PartTables()) {
      if (table.name != setting.table) continue;
      EXPECT_EQ(values.size(), table.parts.size()) << setting.name;
    }
  }
}

using NamedPair = std::pair<std::string, std::string>;

void AddPairs(const std::vector<SettingText>& texts, std::set<NamedPair>* pairs) {
  for (size_t a = 0; a < texts.size(); ++a) {
    for (size_t b = a + 1; b < texts.size(); ++b) {
      pairs->insert({texts[a].name + "=" + texts[a].text, texts[b].name + "=" + texts[b].text});
    }
  }
}

// Independent of how rows are made: whatever pair a random setting of everything has, if only
// CheckOptions lets it be, must be in a covering configuration.
TEST(Configurations, EveryLegalPairOfSettingsIsCovered) {
  std::set<NamedPair> covered;
  const std::vector<Configuration> rows = CoveringConfigurations(1);
  for (const Configuration& row : rows) {
    ASSERT_TRUE(CheckOptions(row.options).ok()) << row.name;
    AddPairs(OptionTexts(row.options), &covered);
  }
  Random random(1);
  std::set<NamedPair> legal;
  for (uint64_t i = 0; i < ScaledCycles(6000); ++i) {
    Options options;
    for (const Setting& setting : OptionSettings()) {
      const std::vector<std::string> values = SettingValues(setting);
      const size_t value = random.Uniform(static_cast<uint32_t>(values.size()));
      ASSERT_TRUE(SetOption(&options, setting.name, values[value]).ok());
    }
    if (CheckOptions(options).ok()) AddPairs(OptionTexts(options), &legal);
  }
  for (const NamedPair& pair : legal) {
    EXPECT_TRUE(covered.contains(pair)) << pair.first << " with " << pair.second;
  }
  if (kSanitizerSlowdown == 1) {
    EXPECT_GT(legal.size(), covered.size() * 19 / 20) << "the sample saw nearly all there are";
  }
  EXPECT_LE(legal.size(), covered.size());
  EXPECT_LT(rows.size(), MemTableParts().size() * CompactionParts().size() * 3 / 2)
      << "the two longest lists decide";
  RecordProperty("rows", static_cast<int>(rows.size()));
}

}  // namespace
}  // namespace varve::harness
