// The files of a simulated disk, and what of them is durable: a value that can crash.
//
// The model. A file has its present bytes and its durable ones, those of its last sync. At power
// loss each 512-byte sector that changed since is new, old (zeros where there was nothing), or torn
// at some byte, each by itself; the length is any that lies between those that the file had since.
// Bytes that a sync covered stay, also in a sector that is written again behind them. The entries
// of directories change by operations (link, unlink, rename), which are durable once their
// directory is synced; the sync of a file says nothing of its name. At power loss each operation
// that is not durable has happened or not, by itself, except that the operations on one name
// happen in their order; a rename happens to both of its names or to none.
//
// Used by CrashableFileSystem, which has the calls and the lock.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace varve {

inline constexpr uint64_t kSectorBytes = 512;

class CrashFile {
 public:
  uint64_t length() const { return length_; }
  // Returns how many bytes there were.
  size_t Read(uint64_t offset, size_t bytes, char* buffer) const;
  // Makes the file longer if it must be.
  void Write(uint64_t offset, std::string_view data);
  // What is added reads as zeros.
  void SetLength(uint64_t length);
  void Sync();

  CrashFile AfterPowerLoss(uint64_t seed) const;

 private:
  // The byte range [from, to) of `bytes`, which are followed by zeros.
  static std::string Slice(const std::string& bytes, uint64_t from, uint64_t to);

  // The bytes up to length_ that are not here are zeros.
  std::string bytes_;
  uint64_t length_ = 0;
  std::string durable_;
  uint64_t durable_length_ = 0;
  uint64_t changed_from_ = 0;                 // all before it is durable
  uint64_t length_min_ = 0, length_max_ = 0;  // since the last sync
};

// Which file a path names.
class CrashNames {
 public:
  using Map = std::map<std::string, uint64_t>;

  const Map& now() const { return now_; }
  const Map& durable() const { return durable_; }
  void Link(const std::string& name, uint64_t file) { Change({"", name, file}); }
  void Unlink(const std::string& name) { Change({name, "", 0}); }
  // REQUIRES: `from` is there.
  void Rename(const std::string& from, const std::string& to) { Change({from, to, now_.at(from)}); }
  // All that happened to names in `directory` is durable.
  void SyncDirectory(const std::string& directory);

  CrashNames AfterPowerLoss(uint64_t seed) const;

 private:
  struct Operation {
    std::string from;  // "": a link
    std::string to;    // "": an unlink
    uint64_t file;
  };
  static void Apply(const Operation& operation, Map* names);
  void Change(Operation operation);

  Map now_;
  Map durable_;
  std::vector<Operation> pending_;  // from durable_ to now_
};

// "a/b" for "a/b/c"; "" for a name without a directory; "/" for "/c".
std::string DirectoryOf(const std::string& path);

struct CrashState {
  CrashNames names;
  std::map<uint64_t, CrashFile> files;  // also those that only an open handle, or the disk, knows
  std::set<std::string> directories;    // durable as soon as they are made
  uint64_t next_file = 1;

  CrashState AfterPowerLoss(uint64_t seed) const;
};

}  // namespace varve
