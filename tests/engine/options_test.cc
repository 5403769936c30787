// Options as text: every setting round-trips, and every wrong one is refused with a sentence.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/options.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <set>

#include "engine/parts.h"
#include "engine/setting_text.h"

namespace varve {
namespace {

std::string MessageOf(const Status& status) { return std::string(status.message()); }

struct BytesCase {
  const char* text;
  uint64_t bytes;
};

TEST(Bytes, AreReadInBinaryAndDecimalUnits) {
  const BytesCase cases[] = {
      {"0", 0},
      {"4096", 4096},
      {"1 KiB", 1024},
      {"64MiB", 64 << 20},
      {"2 gib", 2ull << 30},
      {"1 KB", 1000},
      {"1.5 GB", 1500000000},
      {"1.5 KiB", 1536},
      {" 10 B ", 10},
      {"16383 PiB", 16383ull << 50},
      {"18446744073709551615", UINT64_MAX},
  };
  for (const BytesCase& c : cases) {
    const Result<uint64_t> bytes = ParseBytes(c.text);
    ASSERT_TRUE(bytes.ok()) << c.text << ": " << bytes.status().message();
    EXPECT_EQ(*bytes, c.bytes) << c.text;
  }
}

TEST(Bytes, ThatAreNoSizeAreRefused) {
  for (const char* text :
       {"", " ", "MiB", "-1", "1 XiB", "1.2.3 KB", "1.", ".5 MiB", "1 KiB x", "nan", "1e3",
        "16 EiB", "18446744073709551616", "99999999999 TB", "20000000000.5 GB"}) {
    EXPECT_FALSE(ParseBytes(text).ok()) << text;
  }
}

TEST(Bytes, AreWrittenAsTextThatReadsBackExactly) {
  EXPECT_EQ(FormatBytes(0), "0");
  EXPECT_EQ(FormatBytes(64 << 20), "64 MiB");
  EXPECT_EQ(FormatBytes(1000), "1000");
  for (uint64_t bytes : {uint64_t{0}, uint64_t{1}, uint64_t{1023}, uint64_t{1536}, uint64_t{4097},
                         uint64_t{1} << 40, (uint64_t{1} << 63) + 1, UINT64_MAX}) {
    EXPECT_EQ(*ParseBytes(FormatBytes(bytes)), bytes) << FormatBytes(bytes);
  }
}

TEST(NearestName, IsTheOneThatWasProbablyMeant) {
  const std::vector<std::string> names = {"engine.memtable",   "engine.memtable_bytes",
                                          "engine.compaction", "trial.seed",
                                          "skiplist",          "clock"};
  EXPECT_EQ(NearestName("engine.memtabel", names), "engine.memtable");
  EXPECT_EQ(NearestName("engine.memtable_byte", names), "engine.memtable_bytes");
  EXPECT_EQ(NearestName("engine.memtable-bytes", names), "engine.memtable_bytes");
  EXPECT_EQ(NearestName("memtable", names), "engine.memtable");
  EXPECT_EQ(NearestName("seed", names), "trial.seed");
  EXPECT_EQ(NearestName("SkipList", names), "skiplist");
  EXPECT_EQ(NearestName("skip", names), "skiplist");
  EXPECT_EQ(NearestName("clcok", names), "clock");
  EXPECT_EQ(NearestName("compaktion", names), "engine.compaction");
}

TEST(NearestName, IsEmptyWhereNothingIsNear) {
  EXPECT_EQ(NearestName("btree", {"skiplist", "vector", "map"}), "");
  EXPECT_EQ(NearestName("x", {"lru", "none"}), "");
  EXPECT_EQ(NearestName("", {"lru", "none"}), "");
  EXPECT_EQ(NearestName("lru", {}), "");
}

TEST(Options, EverySettingHasHelpAndANameOfItsOwn) {
  std::set<std::string_view> names;
  for (const Setting& setting : OptionSettings()) {
    EXPECT_TRUE(names.insert(setting.name).second) << setting.name;
    EXPECT_GT(setting.help.size(), 8u) << setting.name;
    EXPECT_EQ(SettingRange(setting).empty(), setting.kind == SettingKind::kText) << setting.name;
    if (setting.kind == SettingKind::kChoice) {
      EXPECT_FALSE(setting.table.empty()) << setting.name;
    }
  }
  EXPECT_GT(names.size(), 25u);
}

TEST(Options, DefaultsAreValid) {
  const Status status = CheckOptions(Options());
  EXPECT_TRUE(status.ok()) << status.message();
}

TEST(Options, TextsReadBackAsTheSameOptions) {
  Options options;
  ASSERT_TRUE(SetOption(&options, "memtable", "vector").ok());
  ASSERT_TRUE(SetOption(&options, "memtable_bytes", "123456").ok());
  ASSERT_TRUE(SetOption(&options, "filter_bits_per_key", "9.7").ok());
  ASSERT_TRUE(SetOption(&options, "trivial_moves", "false").ok());
  Options copy;
  for (const SettingText& setting : OptionTexts(options)) {
    const Status set = SetOption(&copy, setting.name, setting.text);
    ASSERT_TRUE(set.ok()) << setting.name << ": " << set.message();
  }
  EXPECT_EQ(copy.memtable, "vector");
  EXPECT_EQ(copy.memtable_bytes, 123456u);
  EXPECT_EQ(copy.filter_bits_per_key, 9.7);
  EXPECT_FALSE(copy.trivial_moves);
  EXPECT_EQ(OptionTexts(copy).size(), OptionSettings().size());
}

TEST(Options, EverySettingTakesItsLimitsAndNothingBeyond) {
  for (const Setting& setting : OptionSettings()) {
    const bool number = setting.kind == SettingKind::kBytes ||
                        setting.kind == SettingKind::kCount || setting.kind == SettingKind::kNumber;
    if (!number) continue;
    Options options;
    const std::string name(setting.name);
    EXPECT_TRUE(SetOption(&options, name, fmt::format("{:.15g}", setting.min)).ok()) << name;
    EXPECT_TRUE(SetOption(&options, name, std::to_string(uint64_t(setting.max))).ok()) << name;
    EXPECT_FALSE(SetOption(&options, name, std::to_string(uint64_t(setting.max) + 1)).ok()) << name;
    if (setting.min >= 1) {
      EXPECT_FALSE(SetOption(&options, name, std::to_string(uint64_t(setting.min) - 1)).ok())
          << name;
    }
  }
}

struct WrongSetting {
  const char* name;
  const char* text;
  const char* message;
};

TEST(Options, WrongSettingsAreRefusedInOneSentence) {
  const WrongSetting cases[] = {
      {"memtabel", "skiplist", "unknown setting \"memtabel\", did you mean \"memtable\"?"},
      {"quux", "1", "unknown setting \"quux\""},
      {"memtable", "skipist", "memtable: unknown memtable \"skipist\", did you mean \"skiplist\"?"},
      {"memtable_bytes", "many",
       "memtable_bytes: \"many\" is not a size; write 4096, \"64 MiB\" or \"1.5 GB\""},
      {"memtable_bytes", "1 KiB",
       "memtable_bytes: \"1 KiB\" is less than the smallest value, 4 KiB"},
      {"memtable_bytes", "1 TiB",
       "memtable_bytes: \"1 TiB\" is more than the largest value, 64 GiB"},
      {"size_ratio", "1", "size_ratio: \"1\" is less than the smallest value, 2"},
      {"size_ratio", "3.5", "size_ratio: \"3.5\" is not a whole number"},
      {"size_ratio", "-4", "size_ratio: \"-4\" is not a whole number"},
      {"filter_bits_per_key", "inf", "filter_bits_per_key: \"inf\" is not a number"},
      {"trivial_moves", "yes", "trivial_moves: \"yes\" is neither true nor false"},
  };
  for (const WrongSetting& c : cases) {
    Options options;
    const Status status = SetOption(&options, c.name, c.text);
    EXPECT_EQ(status.code(), Status::Code::kInvalidArgument) << c.name;
    EXPECT_EQ(MessageOf(status), c.message);
  }
}

TEST(Options, AnUnknownPartWithNothingNearListsWhatThereIs) {
  Options options;
  const std::string message = MessageOf(SetOption(&options, "cache", "zzzzzzzz"));
  EXPECT_NE(message.find("there are clock, lru, none"), std::string::npos) << message;
}

TEST(Options, AWrongValueLeavesTheOldOne) {
  Options options;
  EXPECT_FALSE(SetOption(&options, "size_ratio", "1").ok());
  EXPECT_EQ(options.size_ratio, Options().size_ratio);
  EXPECT_FALSE(SetOption(&options, "memtable", "none").ok());
  EXPECT_EQ(options.memtable, Options().memtable);
}

TEST(Options, EveryPartOfATableCanBeChosen) {
  for (const Setting& setting : OptionSettings()) {
    if (setting.kind != SettingKind::kChoice) continue;
    bool found = false;
    for (const PartTable& table : PartTables()) {
      if (table.name != setting.table) continue;
      found = true;
      for (const NamedPart& part : table.parts) {
        Options options;
        EXPECT_TRUE(SetOption(&options, setting.name, part.name).ok()) << part.name;
        EXPECT_FALSE(part.help.empty()) << part.name;
      }
    }
    EXPECT_TRUE(found) << "no table " << setting.table;
  }
}

// Sets several settings, then checks the whole.
Status CheckWith(const std::vector<SettingText>& settings) {
  Options options;
  for (const SettingText& setting : settings) {
    const Status set = SetOption(&options, setting.name, setting.text);
    if (!set.ok()) return set.Annotate("not even settable");
  }
  return CheckOptions(options);
}

struct Combination {
  std::vector<SettingText> settings;
  const char* message;
};

TEST(CheckOptions, RefusesWhatCannotWorkTogether) {
  const Combination cases[] = {
      {{{"level0_slowdown_runs", "40"}, {"level0_stop_runs", "39"}},
       "level0_slowdown_runs = 40 must not exceed level0_stop_runs = 39: writes slow down before "
       "they stop"},
      {{{"pending_slowdown_bytes", "2 GiB"}, {"pending_stop_bytes", "1 GiB"}},
       "pending_slowdown_bytes = 2 GiB must not exceed pending_stop_bytes = 1 GiB: writes slow "
       "down before they stop"},
      {{{"create_if_missing", "false"}, {"error_if_exists", "true"}},
       "create_if_missing = false with error_if_exists = true can never open a database"},
      {{{"filter", "fuse8"}, {"filter_allocation", "monkey"}},
       "filter_allocation = monkey cannot go with filter = fuse8, which takes 9.04 bits per key "
       "whatever it is given"},
      {{{"filter", "xor8"}, {"filter_allocation", "levels"}},
       "filter_allocation = levels cannot go with filter = xor8, which takes 9.84 bits per key "
       "whatever it is given"},
      {{{"filter_bits_by_level", "14,many"}},
       "filter_bits_by_level: \"many\" is no number of bits from 0 to 64; write 14,12,9.5"},
      {{{"filter_bits_by_level", "14,,3"}},
       "filter_bits_by_level: \"\" is no number of bits from 0 to 64; write 14,12,9.5"},
      {{{"filter_bits_by_level", "65"}},
       "filter_bits_by_level: \"65\" is no number of bits from 0 to 64; write 14,12,9.5"},
      {{{"memtable", "hash_vector"}, {"memtable_buckets", "70000"}, {"memtable_bytes", "1 MiB"}},
       "memtable_buckets = 70000 take 560000 bytes, more than half of memtable_bytes = 1 MiB"},
  };
  for (const Combination& c : cases) EXPECT_EQ(MessageOf(CheckWith(c.settings)), c.message);
}

TEST(CheckOptions, RefusesAStopThatNoCompactionEverLifts) {
  const Status status = CheckWith({{"compaction", "tiered"},
                                   {"size_ratio", "50"},
                                   {"level0_slowdown_runs", "20"},
                                   {"level0_stop_runs", "36"}});
  EXPECT_NE(MessageOf(status).find("level0_stop_runs = 36 would stop writes for ever"),
            std::string::npos)
      << status.message();
  EXPECT_TRUE(CheckWith({{"compaction", "tiered"}, {"size_ratio", "10"}}).ok());
}

TEST(CheckOptions, RefusesWhatWasSetPastSetOption) {
  Options options;
  options.memtable = "heap";
  EXPECT_NE(MessageOf(CheckOptions(options)).find("memtable: unknown memtable \"heap\""),
            std::string::npos);
  options = Options();
  options.size_ratio = 0;
  EXPECT_FALSE(CheckOptions(options).ok());
}

TEST(CheckOptions, AcceptsEveryPairOfParts) {
  for (const PartTable& a : PartTables()) {
    for (const NamedPart& part : a.parts) {
      for (const Setting& setting : OptionSettings()) {
        if (setting.table != a.name) continue;
        std::vector<SettingText> settings = {{std::string(setting.name), std::string(part.name)}};
        // A trigger needs its limit, and what cascades are whole levels.
        if (setting.name == "triggers" && part.name != "auto" && part.name != "saturation" &&
            part.name != "read_count") {
          settings.push_back({fmt::format("{}_max", part.name), "1"});
        }
        if (part.name == "preemptive") settings.push_back({"granularity", "level"});
        const Status status = CheckWith(settings);
        EXPECT_TRUE(status.ok()) << setting.name << " = " << part.name << ": " << status.message();
      }
    }
  }
}

}  // namespace
}  // namespace varve
