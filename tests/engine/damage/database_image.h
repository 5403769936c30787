// A small database as bytes: made once, damaged in a copy, and asked for all it knows.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "engine/db.h"
#include "engine/io/file_system.h"

namespace varve::damage {

inline const std::string kDirectory = "/db";

// File names and contents.
using Image = std::map<std::string, std::string>;

// A database with all that can be in one: levels, filters, LZ4 and plain blocks, batches,
// tombstones of keys and of ranges, versions that a snapshot kept, a log with records, a manifest
// that was switched.
struct Sample {
  Image files;
  Options options;
  std::map<std::string, std::string> answers;            // of the live keys
  std::vector<std::string> keys;                         // all that were ever used, and some not
  std::map<std::string, std::set<std::string>> history;  // every value that a key ever had
  // The answers after each record of the log: 0 is without any.
  std::vector<std::map<std::string, std::string>> prefixes;
};

// Closed cleanly, or as it is on storage while it is open: what the death of a process leaves.
// kFlushed: closed cleanly with nothing in the log.
enum class SampleEnd { kClosed, kKilled, kFlushed };
Sample MakeSample(SampleEnd end, const std::string& durability);

// Many small tables in several levels, closed cleanly.
Sample MakeLeveledSample(const std::string& compaction);

// A file system that holds the image in kDirectory.
std::unique_ptr<FileSystem> Mount(const Image& files);
Image ReadImage(FileSystem& file_system, const std::string& directory);

// The names of the files of a kind, in order.
std::vector<std::string> FilesWith(const Image& files, const std::string& part);

// What the database says when everything is asked of it.
struct Answers {
  bool error = false;                         // of open, or of any read
  std::string wrong;                          // the first answer that is not the expected one
  std::map<std::string, std::string> values;  // by get; meaningless after an error of open
};
// Opens the database, gets all keys, scans in both directions. An answer that comes before an error
// must be right, too.
Answers AskEverything(FileSystem& file_system, const Sample& sample,
                      const std::map<std::string, std::string>& expected);

}  // namespace varve::damage
