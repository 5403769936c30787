// Damage to any file of a small database: every flipped bit, every cut, files deleted or swapped,
// bytes swapped. Whatever was done, the answers are right or an error, and verify finds it. What
// provably cannot change an answer has a test of its own that says why.
//
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <random>

#include "engine/repair/dump.h"
#include "engine/repair/verify.h"
#include "engine/table/table_salvage.h"
#include "engine/tree/file_names.h"
#include "engine/tree/manifest_format.h"
#include "tests/engine/damage/database_image.h"
#include "tests/sanitizers.h"

namespace varve::damage {
namespace {

// One sample for all tests: it is only read.
const Sample& Closed() {
  static const Sample sample = MakeSample(SampleEnd::kClosed, "process");
  return sample;
}

bool VerifyFinds(FileSystem& files) {
  const Result<VerifyReport> report = VerifyDatabase(files, kDirectory);
  return !report.ok() || !report->intact();
}

// Shows every file; only that it comes back counts.
void Dump(FileSystem& files, const std::string& name) {
  DumpOptions options;
  options.entries = true;
  size_t bytes = 0;
  const Status status = DumpDatabaseFile(files, kDirectory + "/" + name, options,
                                         [&bytes](std::string_view text) { bytes += text.size(); });
  EXPECT_TRUE(!status.ok() || bytes != 0);
}

// What became of damage.
struct Outcome {
  bool detected = false;  // by a read
  bool found = false;     // by verify
  std::string wrong;
};

Outcome Try(const Sample& sample, const Image& image, const std::string& damaged) {
  const std::unique_ptr<FileSystem> files = Mount(image);
  Outcome outcome;
  if (image.contains(damaged)) Dump(*files, damaged);
  outcome.found = VerifyFinds(*files);
  const Answers answers = AskEverything(*files, sample, sample.answers);
  outcome.detected = answers.error;
  outcome.wrong = answers.wrong;
  return outcome;
}

// Damage that must be felt.
void ExpectDetected(const Image& image, const std::string& damaged, const std::string& what) {
  const Outcome outcome = Try(Closed(), image, damaged);
  EXPECT_EQ(outcome.wrong, "") << what;
  EXPECT_TRUE(outcome.detected) << what << ": everything was read, and nobody noticed";
  EXPECT_TRUE(outcome.found) << what << ": verify did not find it";
}

std::string ManifestName() { return FilesWith(Closed().files, "manifest").front(); }

// Where the last seal of the manifest begins: the one part that may be damaged unnoticed.
size_t LastSeal() { return Closed().files.at(ManifestName()).size() - kManifestSealBytes; }

TEST(Corruption, TheSampleHasEverythingThatCanBeDamaged) {
  const Sample& sample = Closed();
  EXPECT_GE(FilesWith(sample.files, ".table").size(), 3u);
  ASSERT_EQ(FilesWith(sample.files, ".wal").size(), 1u);
  EXPECT_GT(sample.files.at(FilesWith(sample.files, ".wal").front()).size(), 100u);
  ASSERT_EQ(FilesWith(sample.files, "manifest").size(), 1u);
  size_t bytes = 0;
  for (const auto& file : sample.files) bytes += file.second.size();
  EXPECT_LT(bytes, 12000u) << "every bit of it is tried";
  const Outcome outcome = Try(sample, sample.files, "CURRENT");
  EXPECT_EQ(outcome.wrong, "");
  EXPECT_FALSE(outcome.detected);
  EXPECT_FALSE(outcome.found);
}

// I11
// Every bit; under a sanitizer every seventh, which comes to each of the eight of a byte.
constexpr size_t kBitStep = kSanitized ? 7 : 1;

TEST(Corruption, EveryFlippedBitIsDetectedAndFound) {
  size_t bits = 0;
  for (const auto& [name, bytes] : Closed().files) {
    const size_t end = name == ManifestName() ? LastSeal() : bytes.size();
    Image image = Closed().files;
    std::string& damaged = image[name];
    for (size_t bit = 0; bit < end * 8; bit += kBitStep, ++bits) {
      damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ 1 << bit % 8);
      ExpectDetected(image, name, name + ", bit " + std::to_string(bit));
      damaged[bit / 8] = bytes[bit / 8];
      if (HasFailure()) return;
    }
  }
  RecordProperty("bits", std::to_string(bits));
  EXPECT_GT(bits, 25000 / kBitStep);
}

// The last seal says that the record before it is durable. A clean close notes how many bytes of
// the manifest must be there without it, so that the record is checked in any case; and nothing is
// ever appended to a manifest that was read. So nothing depends on this seal any more.
TEST(Corruption, TheLastSealOfTheManifestCannotChangeAnAnswer) {
  for (size_t bit = LastSeal() * 8; bit < (LastSeal() + kManifestSealBytes) * 8; ++bit) {
    Image image = Closed().files;
    std::string& bytes = image[ManifestName()];
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ 1 << bit % 8);
    const Outcome outcome = Try(Closed(), image, ManifestName());
    EXPECT_EQ(outcome.wrong, "") << bit;
    EXPECT_FALSE(outcome.detected) << bit;
    const Result<VerifyReport> report = VerifyDatabase(*Mount(image), kDirectory);
    ASSERT_TRUE(report.ok());
    ASSERT_FALSE(report->notes.empty());
    EXPECT_EQ(report->notes.front().offset, LastSeal()) << "but verify mentions it";
  }
}

// I11
TEST(Corruption, EveryCutIsDetectedAndFound) {
  for (const auto& [name, bytes] : Closed().files) {
    for (size_t length = 0; length < bytes.size(); ++length) {
      Image image = Closed().files;
      image[name].resize(length);
      const std::string what = name + ", cut to " + std::to_string(length);
      if (name == ManifestName() && length >= LastSeal()) {
        EXPECT_EQ(Try(Closed(), image, name).wrong, "") << what;
      } else {
        ExpectDetected(image, name, what);
      }
      if (HasFailure()) return;
    }
  }
}

// I11: an edit that is cut off as a whole leaves a manifest that looks good.
TEST(Corruption, EveryCutOfTheManifestIsDetectedWhenNoLogCanTell) {
  const Sample sample = MakeSample(SampleEnd::kFlushed, "process");
  const std::string name = FilesWith(sample.files, "manifest").front();
  const size_t end = sample.files.at(name).size() - kManifestSealBytes;
  for (size_t length = 0; length < end; ++length) {
    Image image = sample.files;
    image[name].resize(length);
    const Outcome outcome = Try(sample, image, name);
    EXPECT_EQ(outcome.wrong, "") << length;
    EXPECT_TRUE(outcome.detected && outcome.found) << length;
  }
}

// I11
TEST(Corruption, BytesAfterTheEndAreDetectedOrChangeNothing) {
  for (const auto& [name, bytes] : Closed().files) {
    if (name == "LOCK") continue;
    for (const std::string& more : {std::string(1, '\0'), std::string("x"), bytes}) {
      Image image = Closed().files;
      image[name] += more;
      EXPECT_EQ(Try(Closed(), image, name).wrong, "") << name;
    }
  }
}

// I11. The lock file is empty, and is made again.
TEST(Corruption, EveryFileButTheLockIsMissed) {
  for (const auto& [name, bytes] : Closed().files) {
    Image image = Closed().files;
    image.erase(name);
    if (name == "LOCK") {
      const Outcome outcome = Try(Closed(), image, name);
      EXPECT_EQ(outcome.wrong, "");
      EXPECT_FALSE(outcome.detected || outcome.found);
    } else {
      ExpectDetected(image, name, name + " deleted");
    }
  }
}

// I11
TEST(Corruption, EverySwapOfTwoFilesIsDetectedAndFound) {
  for (const auto& [a, bytes_a] : Closed().files) {
    for (const auto& [b, bytes_b] : Closed().files) {
      if (a >= b || bytes_a == bytes_b) continue;
      // What is in the lock file is not read; whoever loses its bytes to it is missed.
      Image image = Closed().files;
      std::swap(image[a], image[b]);
      ExpectDetected(image, a, a + " and " + b + " swapped");
    }
  }
}

// The places of the data blocks of a table.
std::vector<IntactBlock> BlocksOf(const Image& image, const std::string& name) {
  const auto files = Mount(image);
  const auto file = files->OpenFile(kDirectory + "/" + name);
  const Result<TableIdentity> identity = ReadTableIdentity(**file);
  EXPECT_TRUE(identity.ok()) << identity.status().ToString();
  return ExamineTable(**file, *identity, nullptr).blocks;
}

// I11: blocks are intact, but not where they belong.
TEST(Corruption, EverySwapOfBlocksWithinAndBetweenTablesIsDetectedAndFound) {
  struct Place {
    std::string name;
    IntactBlock block;
  };
  std::vector<Place> places;
  for (const std::string& name : FilesWith(Closed().files, ".table")) {
    for (const IntactBlock& block : BlocksOf(Closed().files, name)) places.push_back({name, block});
  }
  int swaps = 0;
  for (const Place& a : places) {
    for (const Place& b : places) {
      const std::string bytes_b = Closed().files.at(b.name).substr(b.block.offset, b.block.bytes);
      if (Closed().files.at(a.name).substr(a.block.offset, a.block.bytes) == bytes_b) continue;
      Image image = Closed().files;
      image[a.name].replace(a.block.offset, a.block.bytes, bytes_b);
      ExpectDetected(image, a.name, a.name + " has a block of " + b.name);
      ++swaps;
    }
  }
  EXPECT_GT(swaps, 50);
}

// I11: any bytes in the place of others, as when a device writes to the wrong place.
TEST(Corruption, PiecesInTheWrongPlaceAreDetectedAndFound) {
  constexpr size_t kPiece = 64;
  constexpr uint64_t kSeed = 11;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  std::mt19937_64 random(kSeed);
  std::vector<std::string> names;
  for (const auto& file : Closed().files) {
    if (file.second.size() > kPiece) names.push_back(file.first);
  }
  int tried = 0;
  while (tried < 1500) {
    const std::string& to = names[random() % names.size()];
    const std::string& from = names[random() % names.size()];
    Image image = Closed().files;
    const std::string& source = Closed().files.at(from);
    const size_t at = random() % (image[to].size() - kPiece);
    const std::string piece = source.substr(random() % (source.size() - kPiece), kPiece);
    if (image[to].substr(at, kPiece) == piece) continue;
    if (to == ManifestName() && at + kPiece > LastSeal()) continue;
    image[to].replace(at, kPiece, piece);
    ExpectDetected(image, to, to + " at " + std::to_string(at) + " has a piece of " + from);
    ++tried;
    if (HasFailure()) return;
  }
}

// The first set of answers of the log's history that the database shows, or -1 for an error.
int PrefixShown(const Sample& sample, const Image& image) {
  for (size_t i = sample.prefixes.size(); i > 0; --i) {
    const Answers answers = AskEverything(*Mount(image), sample, sample.prefixes[i - 1]);
    if (answers.error) return -1;
    if (answers.wrong.empty()) return static_cast<int>(i) - 1;
  }
  ADD_FAILURE() << "the answers are those of no prefix";
  return -1;
}

// I2, I11. After a crash the end of the log that no sync had covered may be anything: a bit that is
// flipped there looks like what the crash has done. So the answer may be that of an earlier moment;
// it is never a mixture. In the class "power" it is only the last record that is not covered.
TEST(Corruption, AfterACrashAFlippedBitOfTheLogLeavesAPrefix) {
  for (const std::string durability : {"process", "power"}) {
    const Sample sample = MakeSample(SampleEnd::kKilled, durability);
    const std::string log = FilesWith(sample.files, ".wal").front();
    const int all = static_cast<int>(sample.prefixes.size()) - 1;
    std::set<int> shown;
    for (size_t bit = 0; bit < sample.files.at(log).size() * 8; bit += 3 * kBitStep) {
      Image image = sample.files;
      image[log][bit / 8] = static_cast<char>(image[log][bit / 8] ^ 1 << bit % 8);
      shown.insert(PrefixShown(sample, image));
      if (HasFailure()) return;
    }
    EXPECT_FALSE(shown.contains(all)) << "every bit of a log counts";
    EXPECT_TRUE(shown.contains(all - 1));
    EXPECT_EQ(shown.contains(-1), durability == "power") << "a sync had covered the first records";
    EXPECT_EQ(shown.contains(0), durability == "process");
  }
}

// The space that a log reserves ahead is read as zeros and holds nothing. Whatever appears there is
// a torn tail, which was never acknowledged.
TEST(Corruption, TheReservedZerosOfALogCannotChangeAnAnswer) {
  const Sample sample = MakeSample(SampleEnd::kKilled, "process");
  const std::string log = FilesWith(sample.files, ".wal").front();
  const size_t end = sample.files.at(log).size();
  Image image = sample.files;
  image[log].resize(end + 4096);
  for (size_t bit = end * 8; bit < image[log].size() * 8; bit += 41) {
    Image damaged = image;
    damaged[log][bit / 8] = static_cast<char>(1 << bit % 8);
    const Outcome outcome = Try(sample, damaged, log);
    EXPECT_EQ(outcome.wrong, "") << bit;
    EXPECT_FALSE(outcome.detected) << bit;
  }
}

// What an open has read is noted again: opening a damaged database twice does not make it right.
TEST(Corruption, ALogThatLostItsEndIsRefusedAsOftenAsItIsOpened) {
  Image image = Closed().files;
  std::string& log = image[FilesWith(image, ".wal").front()];
  log.resize(log.size() / 2);
  const auto files = Mount(image);
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(AskEverything(*files, Closed(), Closed().answers).error) << i;
    EXPECT_TRUE(VerifyFinds(*files)) << i;
  }
}

TEST(Corruption, VerifyNamesEveryDamageAndItsPlace) {
  Image image = Closed().files;
  const std::vector<std::string> tables = FilesWith(image, ".table");
  const std::vector<IntactBlock> blocks = BlocksOf(image, tables[0]);
  ASSERT_GE(blocks.size(), 2u);
  for (const IntactBlock& block : blocks) image[tables[0]][block.offset + 3] ^= 1;
  image.erase(tables[1]);
  image["000999.table"] = "not in the tree";
  image["notes.txt"] = "not ours";
  const Result<VerifyReport> report = VerifyDatabase(*Mount(image), kDirectory);
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  ASSERT_EQ(report->damage.size(), blocks.size() + 1);
  for (size_t i = 0; i < blocks.size(); ++i) {
    const bool first = report->damage.front().file == tables[0];
    const Finding& finding = report->damage[first ? i : i + 1];
    EXPECT_EQ(finding.file, tables[0]);
    EXPECT_EQ(finding.offset, blocks[i].offset);
  }
  EXPECT_EQ(report->notes.size(), 2u);
}

TEST(Corruption, VerifyChangesNothing) {
  const auto files = Mount(Closed().files);
  EXPECT_FALSE(VerifyFinds(*files));
  EXPECT_EQ(ReadImage(*files, kDirectory), Closed().files);
}

}  // namespace
}  // namespace varve::damage
