// Making, mounting and asking the sample.
//
// SPDX-License-Identifier: Apache-2.0
#include "tests/engine/damage/database_image.h"

#include <gtest/gtest.h>

#include <random>
#include <utility>

#include "engine/io/memory_file_system.h"
#include "tests/engine/db_test_util.h"

namespace varve::damage {
namespace {

constexpr IoCause kCause{IoKind::kVerify};

Options TinyOptions(const std::string& durability) {
  Options options;
  options.durability = durability;
  options.wal = "write";
  options.memtable_bytes = 64 << 10;
  options.table_bytes = 4 << 10;
  options.block_bytes = 256;
  options.restart_interval = 4;
  options.cache = "none";
  options.compression = "lz4";
  options.size_ratio = 4;
  options.level0_runs = 16;  // nothing is merged when it is opened: the order of runs counts
  options.background = "inline";
  options.seed = 7;
  return options;
}

constexpr int kKeys = 44;

std::string KeyOf(int i) { return "key" + std::to_string(100 + i); }

// Writes to a database, and keeps the books.
class Author {
 public:
  Author(Sample* sample, FileSystem* file_system) : sample_(sample) {
    environment_.file_system = file_system;
  }

  void Open(const std::string& compression) {
    sample_->options.compression = compression;
    db_ = OpenDb(sample_->options, environment_, kDirectory);
  }
  void Put(int key, const std::string& value) {
    EXPECT_OK(db_->Put(KeyOf(key), value));
    Note(key, value);
  }
  void Delete(int key) {
    EXPECT_OK(db_->Delete(KeyOf(key)));
    sample_->answers.erase(KeyOf(key));
  }
  void DeleteRange(int first, int last) {
    EXPECT_OK(db_->DeleteRange(KeyOf(first), KeyOf(last)));
    sample_->answers.erase(sample_->answers.lower_bound(KeyOf(first)),
                           sample_->answers.lower_bound(KeyOf(last)));
  }
  // One record: two puts and a delete.
  void PutBatch(int key, const std::string& value) {
    WriteBatch batch;
    batch.Put(KeyOf(key), value);
    batch.Put(KeyOf(key + 1), value + "+");
    batch.Delete(KeyOf(key + 2));
    EXPECT_OK(db_->Write(batch));
    Note(key, value);
    Note(key + 1, value + "+");
    sample_->answers.erase(KeyOf(key + 2));
  }
  void EndOfRecord() { sample_->prefixes.push_back(sample_->answers); }
  Db& db() { return *db_; }
  void Close() { db_.reset(); }

 private:
  void Note(int key, const std::string& value) {
    sample_->answers[KeyOf(key)] = value;
    sample_->history[KeyOf(key)].insert(value);
  }

  Sample* const sample_;
  Environment environment_;
  std::unique_ptr<Db> db_;
};

std::string Value(int number, char fill) {
  return std::to_string(1000 + number) + std::string(28, fill);
}

}  // namespace

Sample MakeSample(SampleEnd end, const std::string& durability) {
  const std::unique_ptr<FileSystem> memory = NewMemoryFileSystem();
  Sample sample;
  sample.options = TinyOptions(durability);
  for (int i = 0; i < kKeys + 6; ++i) sample.keys.push_back(KeyOf(i));
  sample.keys.emplace_back("absent");
  sample.keys.emplace_back("key105x");
  Author author(&sample, memory.get());

  author.Open("lz4");
  for (int i = 0; i < kKeys; i += 2) author.Put(i, Value(i, 'a'));
  EXPECT_OK(author.db().Flush());
  for (int i = 1; i < kKeys; i += 2) author.Put(i, Value(i, 'b'));
  EXPECT_OK(author.db().Compact());  // a deep level
  author.Close();

  author.Open("none");  // another manifest
  for (int i = 0; i < kKeys; i += 3) author.Put(i, Value(i, 'c'));
  author.Delete(4);
  {
    const auto snapshot = author.db().GetSnapshot();
    for (int i = 3; i < kKeys; i += 4) author.Put(i, Value(i, 'd'));
    author.Delete(9);
    EXPECT_OK(author.db().Flush());  // keeps what the snapshot sees
  }
  author.Put(2, Value(2, 'e'));
  author.Put(kKeys + 1, Value(25, 'e'));
  author.DeleteRange(20, 23);
  EXPECT_OK(author.db().Flush());
  author.EndOfRecord();
  author.PutBatch(10, Value(10, 'f'));
  author.EndOfRecord();
  author.Put(kKeys + 3, Value(27, 'g'));
  author.EndOfRecord();
  author.Delete(1);
  author.EndOfRecord();
  author.DeleteRange(30, 33);
  author.EndOfRecord();
  if (end == SampleEnd::kFlushed) {
    EXPECT_OK(author.db().Flush());
  }
  if (end != SampleEnd::kKilled) author.Close();
  sample.files = ReadImage(*memory, kDirectory);
  return sample;
}

Sample MakeLeveledSample(const std::string& compaction) {
  const std::unique_ptr<FileSystem> memory = NewMemoryFileSystem();
  Sample sample;
  sample.options = TinyOptions("process");
  sample.options.compaction = compaction;
  sample.options.memtable_bytes = 16 << 10;
  sample.options.level0_runs = 2;
  sample.options.size_ratio = 2;
  sample.options.granularity = "file";
  for (int i = 0; i < 600; ++i) sample.keys.push_back(KeyOf(i));
  Author author(&sample, memory.get());
  author.Open("none");
  std::mt19937_64 random(5);
  for (int i = 0; i < 4000; ++i) {
    // Some keys are written more often than others.
    const int key = static_cast<int>(std::min(random() % 600, random() % 600));
    if (random() % 6 == 0) {
      author.Delete(key);
    } else if (random() % 50 == 0) {
      author.DeleteRange(key, key + 1 + static_cast<int>(random() % 8));
    } else {
      author.Put(key, Value(i, 'x') + std::string(100, 'y'));
    }
  }
  author.Close();
  // What is asked must not be merged first.
  sample.options.level0_runs = 1000;
  sample.options.level0_stop_runs = 5000;
  sample.options.size_ratio = 10;
  sample.options.compaction = "leveled";
  sample.files = ReadImage(*memory, kDirectory);
  return sample;
}

std::unique_ptr<FileSystem> Mount(const Image& files) {
  std::unique_ptr<FileSystem> memory = NewMemoryFileSystem();
  EXPECT_OK(memory->CreateDirectory(kDirectory));
  for (const auto& [name, bytes] : files) {
    auto file = memory->NewWritableFile(kDirectory + "/" + name, {});
    EXPECT_TRUE(file.ok());
    EXPECT_OK((*file)->Append(kCause, bytes));
    EXPECT_OK((*file)->Close());
  }
  return memory;
}

Image ReadImage(FileSystem& file_system, const std::string& directory) {
  Image files;
  const auto names = file_system.List(directory);
  EXPECT_TRUE(names.ok());
  for (const std::string& name : *names) {
    if (name == "lost") continue;
    const auto bytes = ReadWholeFile(file_system, kCause, directory + "/" + name);
    EXPECT_TRUE(bytes.ok()) << bytes.status().ToString();
    files[name] = *bytes;
  }
  return files;
}

std::vector<std::string> FilesWith(const Image& files, const std::string& part) {
  std::vector<std::string> names;
  for (const auto& file : files) {
    if (file.first.find(part) != std::string::npos) names.push_back(file.first);
  }
  return names;
}

namespace {

void Say(Answers* answers, const std::string& what) {
  if (answers->wrong.empty()) answers->wrong = what;
}

// What an iterator shows must be the expected answers, or the first of them and then an error.
template <class Expected>
void Compare(Iterator& iterator, bool forward, const Expected& expected, Answers* answers) {
  auto next = expected.begin();
  forward ? iterator.SeekToFirst() : iterator.SeekToLast();
  for (; iterator.Valid(); forward ? iterator.Next() : iterator.Prev()) {
    const bool right =
        next != expected.end() && iterator.key() == next->first && iterator.value() == next->second;
    if (!right) return Say(answers, "a scan shows " + std::string(iterator.key()));
    ++next;
  }
  if (!iterator.status().ok()) {
    answers->error = true;
  } else if (next != expected.end()) {
    Say(answers, "a scan does not show " + next->first);
  }
}

}  // namespace

Answers AskEverything(FileSystem& file_system, const Sample& sample,
                      const std::map<std::string, std::string>& expected) {
  Answers answers;
  Environment environment;
  environment.file_system = &file_system;
  auto db = Db::Open(sample.options, environment, kDirectory);
  answers.error = !db.ok();
  if (!db.ok()) return answers;
  for (const std::string& key : sample.keys) {
    std::string value;
    const Result<bool> found = (*db)->Get(key, &value);
    if (!found.ok()) {
      answers.error = true;
      continue;
    }
    if (*found) answers.values[key] = value;
    const auto right = expected.find(key);
    const bool same = *found == (right != expected.end()) && (!*found || value == right->second);
    if (!same) Say(&answers, "a get of " + key + (*found ? " shows " + value : " shows nothing"));
  }
  const std::unique_ptr<Iterator> iterator = (*db)->NewIterator();
  Compare(*iterator, true, expected, &answers);
  const std::vector<std::pair<std::string, std::string>> backward(expected.rbegin(),
                                                                  expected.rend());
  Compare(*iterator, false, backward, &answers);
  return answers;
}

}  // namespace varve::damage
