// Repair: after damage of every kind, what is intact is answered right, what is not is said to be
// lost, and an interrupted repair can be run again.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/repair/repair.h"

#include <gtest/gtest.h>

#include <set>

#include "engine/io/faulty_file_system.h"
#include "engine/repair/verify.h"
#include "engine/tree/file_names.h"
#include "engine/tree/manifest.h"
#include "tests/engine/damage/database_image.h"

namespace varve::damage {
namespace {

const Sample& Closed() {
  static const Sample sample = MakeSample(SampleEnd::kClosed, "process");
  return sample;
}

std::string TextOf(const RepairReport& report) {
  std::string text;
  for (const std::string& action : report.actions) text += "did: " + action + "\n";
  for (const RepairLoss& loss : report.losses) {
    text += "lost: " + loss.file + ": " + loss.what + "; keys " + loss.keys.low + " to " +
            (loss.keys.to_end ? "the end" : loss.keys.high) + "\n";
  }
  return text;
}

// Keys that the report says may have lost their newest version.
size_t KeysLost(const RepairReport& report) {
  size_t lost = 0;
  for (const std::string& key : Closed().keys) lost += report.MayHaveLost(key) ? 1 : 0;
  return lost;
}

// The promise of repair.h, key by key.
void ExpectThePromise(FileSystem& files, const RepairReport& report) {
  const Result<VerifyReport> verified = VerifyDatabase(files, kDirectory);
  ASSERT_TRUE(verified.ok()) << verified.status().ToString();
  for (const Finding& damage : verified->damage) ADD_FAILURE() << damage.ToString();
  const Answers answers = AskEverything(files, Closed(), Closed().answers);
  ASSERT_FALSE(answers.error) << "it opens, and everything can be read";
  for (const std::string& key : Closed().keys) {
    const auto shown = answers.values.find(key);
    const auto right = Closed().answers.find(key);
    const bool is_shown = shown != answers.values.end();
    const bool is_right = is_shown == (right != Closed().answers.end()) &&
                          (!is_shown || shown->second == right->second);
    if (is_right) continue;
    EXPECT_TRUE(report.MayHaveLost(key)) << key << " is wrong, and nothing was said of it";
    if (!is_shown) continue;
    const auto history = Closed().history.find(key);
    const bool written =
        history != Closed().history.end() && history->second.contains(shown->second);
    EXPECT_TRUE(written) << key << " shows what was never written";
  }
  if (report.losses.empty()) {
    EXPECT_EQ(answers.wrong, "");
  }
}

// Repairs an image, checks the promise, and returns the report.
RepairReport RepairImage(const Image& image) {
  const auto dry = Mount(image);
  const Result<RepairReport> planned =
      RepairDatabase(*dry, Closed().options, kDirectory, RepairMode::kDryRun);
  Image after_dry = ReadImage(*dry, kDirectory);
  after_dry.erase("LOCK");
  Image before = image;
  before.erase("LOCK");
  EXPECT_EQ(after_dry, before) << "a dry run changes nothing";
  const auto files = Mount(image);
  const Result<RepairReport> report = RepairDatabase(*files, Closed().options, kDirectory);
  EXPECT_TRUE(report.ok()) << report.status().ToString();
  if (!report.ok() || !planned.ok()) return {};
  EXPECT_EQ(planned->losses.size(), report->losses.size());
  EXPECT_LE(planned->actions.size(), report->actions.size());
  // Asking opens the database: by then a second repair must have found nothing to do.
  const Result<RepairReport> again = RepairDatabase(*files, Closed().options, kDirectory);
  EXPECT_TRUE(again.ok() && again->nothing_to_do()) << (again.ok() ? TextOf(*again) : "");
  ExpectThePromise(*files, *report);
  if (testing::Test::HasFailure()) ADD_FAILURE() << TextOf(*report);
  return *report;
}

Image Flipped(const std::string& name, size_t bit) {
  Image image = Closed().files;
  image[name][bit / 8] = static_cast<char>(image[name][bit / 8] ^ 1 << bit % 8);
  return image;
}

Tree TreeOf(const Image& image) {
  const Result<ManifestState> state = Manifest::Read(*Mount(image), kDirectory);
  EXPECT_TRUE(state.ok()) << state.status().ToString();
  return state.ok() ? state->tree : Tree();
}

TEST(Repair, AnIntactDatabaseIsLeftAsItIs) {
  const auto files = Mount(Closed().files);
  const Result<RepairReport> report = RepairDatabase(*files, Closed().options, kDirectory);
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  EXPECT_TRUE(report->nothing_to_do()) << TextOf(*report);
  EXPECT_EQ(ReadImage(*files, kDirectory), Closed().files);
}

// I11
TEST(Repair, AfterAFlippedBitOnlyOneBlockMayBeLost) {
  for (const auto& [name, bytes] : Closed().files) {
    for (size_t bit = 5; bit < bytes.size() * 8; bit += 61) {
      SCOPED_TRACE(name + ", bit " + std::to_string(bit));
      const RepairReport report = RepairImage(Flipped(name, bit));
      if (name.ends_with(".table")) {
        EXPECT_LE(report.losses.size(), 1u);
        // A block holds at most ten keys; the range of lost ones begins and ends with a neighbour.
        if (bytes.size() > 1500) {
          EXPECT_LE(KeysLost(report), 12u) << TextOf(report);
        }
      } else if (!name.ends_with(".wal")) {
        EXPECT_TRUE(report.losses.empty()) << TextOf(report);
      }
      if (HasFailure()) return;
    }
  }
}

// Range tombstones are in the properties: where those are lost, what they had deleted may be back.
TEST(Repair, DamageToAnythingButDataBlocksOfATableLosesNothing) {
  size_t with_ranges = 0;
  for (const std::string& name : FilesWith(Closed().files, ".table")) {
    const std::string& bytes = Closed().files.at(name);
    uint64_t data_bytes = 0;
    bytes.copy(reinterpret_cast<char*>(&data_bytes), 8, bytes.size() - 52);
    const bool has_ranges = bytes[bytes.size() - 20] == 2;
    size_t losses = 0;
    for (size_t bit = data_bytes * 8; bit < bytes.size() * 8; bit += 23) {
      SCOPED_TRACE(name + ", bit " + std::to_string(bit));
      const RepairReport report = RepairImage(Flipped(name, bit));
      losses += report.losses.size();
      if (!has_ranges) {
        EXPECT_TRUE(report.losses.empty()) << TextOf(report);
      }
      if (HasFailure()) return;
    }
    EXPECT_EQ(losses > 0, has_ranges);
    with_ranges += has_ranges ? 1 : 0;
  }
  EXPECT_GT(with_ranges, 0u);
}

TEST(Repair, ADamagedTableKeepsItsPlaceInTheTree) {
  const Tree before = TreeOf(Closed().files);
  for (const std::string& name : FilesWith(Closed().files, ".table")) {
    if (Closed().files.at(name).size() < 1500) continue;  // of one block nothing is left
    const auto files = Mount(Flipped(name, 100));
    ASSERT_TRUE(RepairDatabase(*files, Closed().options, kDirectory).ok());
    const Tree after = TreeOf(ReadImage(*files, kDirectory));
    ASSERT_EQ(after.levels.size(), before.levels.size());
    for (size_t level = 0; level < before.levels.size(); ++level) {
      ASSERT_EQ(after.levels[level].runs.size(), before.levels[level].runs.size());
      for (size_t run = 0; run < before.levels[level].runs.size(); ++run) {
        EXPECT_EQ(after.levels[level].runs[run].id, before.levels[level].runs[run].id);
      }
    }
    EXPECT_TRUE(files->Exists(kDirectory + "/lost/" + name)) << "the original is kept";
    EXPECT_FALSE(files->Exists(kDirectory + "/" + name));
  }
}

TEST(Repair, ACutFileKeepsWhatIsBeforeTheCut) {
  for (const auto& [name, bytes] : Closed().files) {
    for (size_t length = 0; length < bytes.size(); length += 1 + bytes.size() / 12) {
      SCOPED_TRACE(name + ", cut to " + std::to_string(length));
      Image image = Closed().files;
      image[name].resize(length);
      const RepairReport report = RepairImage(image);
      if (name == "CURRENT") {
        EXPECT_TRUE(report.losses.empty()) << TextOf(report);
      }
      if (HasFailure()) return;
    }
  }
}

TEST(Repair, AMissingFileIsMadeAnewOrSaidToBeLost) {
  for (const auto& [name, bytes] : Closed().files) {
    SCOPED_TRACE(name);
    Image image = Closed().files;
    image.erase(name);
    const RepairReport report = RepairImage(image);
    const bool holds_data = name.ends_with(".table") || name.ends_with(".wal");
    EXPECT_EQ(report.losses.empty(), !holds_data) << TextOf(report);
    EXPECT_EQ(report.rebuilt, name.starts_with("manifest"));
  }
}

TEST(Repair, SwappedFilesAreToldByWhatTheyHold) {
  for (const auto& [a, bytes_a] : Closed().files) {
    for (const auto& [b, bytes_b] : Closed().files) {
      if (a >= b || bytes_a == bytes_b) continue;
      SCOPED_TRACE(a + " and " + b);
      Image image = Closed().files;
      std::swap(image[a], image[b]);
      const RepairReport report = RepairImage(image);
      const bool same_kind = a.substr(a.size() - 4) == b.substr(b.size() - 4);
      if (same_kind) {
        EXPECT_TRUE(report.losses.empty()) << TextOf(report);
      }
      if (HasFailure()) return;
    }
  }
}

// In levels, the sequence numbers of tables that share keys overlap as a whole: which table is
// newer depends on the key.
TEST(Repair, ATreeOfManyLevelsIsPutTogetherFromItsTables) {
  for (const std::string compaction : {"leveled", "tiered", "lazy_leveled"}) {
    SCOPED_TRACE(compaction);
    Sample sample = MakeLeveledSample(compaction);
    EXPECT_GT(FilesWith(sample.files, ".table").size(), 8u);
    sample.files.erase(FilesWith(sample.files, "manifest").front());
    const auto files = Mount(sample.files);
    const Result<RepairReport> report = RepairDatabase(*files, sample.options, kDirectory);
    ASSERT_TRUE(report.ok()) << report.status().ToString();
    EXPECT_TRUE(report->losses.empty()) << TextOf(*report);
    const Answers answers = AskEverything(*files, sample, sample.answers);
    EXPECT_FALSE(answers.error);
    EXPECT_EQ(answers.wrong, "");
  }
}

// Neither CURRENT nor manifest: the tables say of which database they are.
TEST(Repair, WithTablesAndLogsAloneAllAnswersAreRight) {
  Image image = Closed().files;
  image.erase("CURRENT");
  image.erase(FilesWith(image, "manifest").front());
  const auto files = Mount(image);
  const Result<RepairReport> report = RepairDatabase(*files, Closed().options, kDirectory);
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  EXPECT_TRUE(report->rebuilt);
  EXPECT_FALSE(report->losses.empty()) << "that it was closed is not known any more";
  const Answers answers = AskEverything(*files, Closed(), Closed().answers);
  EXPECT_FALSE(answers.error);
  EXPECT_EQ(answers.wrong, "");
}

TEST(Repair, TwoDamagedFilesAreRepairedAtOnce) {
  const std::vector<std::string> tables = FilesWith(Closed().files, ".table");
  const std::string manifest = FilesWith(Closed().files, "manifest").front();
  const std::string log = FilesWith(Closed().files, ".wal").front();
  for (const std::string& other : {tables[0], tables[1], log, std::string("CURRENT")}) {
    for (size_t at = 3; at < Closed().files.at(other).size(); at += 29) {
      SCOPED_TRACE(other + " at " + std::to_string(at));
      for (const std::string& one : {manifest, std::string("CURRENT")}) {
        Image image = Flipped(one, 100);
        image[other][at] = static_cast<char>(image[other][at] ^ 0x10);
        RepairImage(image);
        if (HasFailure()) return;
      }
    }
  }
}

// Records behind the damage are intact, and each has its sequence number.
TEST(Repair, RecordsOfALogBehindDamageAreTaken) {
  const std::string log = FilesWith(Closed().files, ".wal").front();
  const std::string& bytes = Closed().files.at(log);
  const size_t first_record = 37 + 20;  // behind the start record
  const auto files = Mount(Flipped(log, first_record * 8));
  const Result<RepairReport> report = RepairDatabase(*files, Closed().options, kDirectory);
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  ASSERT_FALSE(report->losses.empty());
  const Answers answers = AskEverything(*files, Closed(), Closed().answers);
  // The last records put key147 and deleted key101; the batch before them is gone, as a whole.
  EXPECT_TRUE(answers.values.contains("key147"));
  EXPECT_FALSE(answers.values.contains("key101"));
  EXPECT_TRUE(answers.values.contains("key112")) << "the batch had deleted it";
  EXPECT_GT(bytes.size(), first_record);
}

// I3: what was lost had numbers, which somebody may know from a backup or a log of their own.
TEST(Repair, SequenceNumbersOfLostRecordsAreNotGivenOutAgain) {
  const auto last_of = [](FileSystem* files) {
    Environment environment;
    environment.file_system = files;
    auto db = Db::Open(Closed().options, environment, kDirectory);
    EXPECT_TRUE(db.ok()) << db.status().ToString();
    return db.ok() ? (*db)->GetSnapshot()->sequence() : 0;
  };
  const SequenceNumber last = last_of(Mount(Closed().files).get());
  const std::string log = FilesWith(Closed().files, ".wal").front();
  const size_t bytes = Closed().files.at(log).size();
  for (const size_t kept : {bytes - 1, bytes / 2, size_t{60}, size_t{0}}) {
    Image image = Closed().files;
    image[log].resize(kept);
    const auto files = Mount(image);
    const Result<RepairReport> report = RepairDatabase(*files, Closed().options, kDirectory);
    ASSERT_TRUE(report.ok()) << report.status().ToString();
    EXPECT_FALSE(report->losses.empty()) << kept;
    EXPECT_GE(last_of(files.get()), last) << kept;
  }
}

// A power cut, or a full disk, at any call: what is left can be repaired.
TEST(Repair, ARepairThatFailsAtAnyCallCanBeRunAgain) {
  const std::string table = FilesWith(Closed().files, ".table").front();
  const std::string manifest = FilesWith(Closed().files, "manifest").front();
  const std::string log = FilesWith(Closed().files, ".wal").front();
  for (const std::string& name : {table, manifest, log, std::string("CURRENT")}) {
    bool done = false;
    const auto undisturbed = Mount(Flipped(name, 300));
    const RepairReport whole = *RepairDatabase(*undisturbed, Closed().options, kDirectory);
    const auto values = AskEverything(*undisturbed, Closed(), Closed().answers).values;
    for (uint64_t call = 0; !done; ++call) {
      SCOPED_TRACE(name + ", call " + std::to_string(call));
      ASSERT_LT(call, 500u);
      const auto memory = Mount(Flipped(name, 300));
      FaultyFileSystem faulty(memory.get());
      faulty.FailFrom(call, Status::IoError("injected"));
      const Result<RepairReport> first = RepairDatabase(faulty, Closed().options, kDirectory);
      done = first.ok();
      faulty.SetRule({});
      const Result<RepairReport> second = RepairDatabase(faulty, Closed().options, kDirectory);
      ASSERT_TRUE(second.ok()) << second.status().ToString();
      // What the first has said to be lost, and done, the second need not say.
      RepairReport both = *second;
      if (first.ok())
        both.losses.insert(both.losses.end(), first->losses.begin(), first->losses.end());
      if (!first.ok() && second->nothing_to_do()) both = whole;
      ExpectThePromise(*memory, both);
      EXPECT_EQ(AskEverything(*memory, Closed(), Closed().answers).values, values);
      // Without a manifest, a table that the first had not finished cannot be told from a damaged
      // one.
      if (!first.ok() && name != manifest) {
        EXPECT_LE(KeysLost(both), KeysLost(whole)) << TextOf(both);
      }
      if (HasFailure()) return;
    }
  }
}

TEST(Repair, WhatIsNoDatabaseIsRefusedAndAnOpenOneIsLeftAlone) {
  const auto files = Mount({});
  EXPECT_EQ(RepairDatabase(*files, Options(), "/none").status().code(), Status::Code::kNotFound);
  EXPECT_EQ(RepairDatabase(*files, Options(), kDirectory).status().code(),
            Status::Code::kInvalidArgument);
  const auto open = Mount(Closed().files);
  const auto lock = open->Lock(LockFileName(kDirectory));
  ASSERT_TRUE(lock.ok());
  EXPECT_EQ(RepairDatabase(*open, Options(), kDirectory).status().code(), Status::Code::kBusy);
}

}  // namespace
}  // namespace varve::damage
