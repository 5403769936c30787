// OperationLog: a sequence of operations on a database, and the settings it is opened with, as a
// value and as text.
//
// The text is what a failure is repeated from, so it says everything: `ParseLog(FormatLog(log))`
// is `log`. One operation a line, words between single spaces:
//
//   set memtable_bytes=4096              a setting of the first open, before all operations
//   put "key" 100:7                      a value of 100 bytes, the one with seed 7
//   delete "key"
//   delete_range "a" "m"                 all keys in [a, m)
//   batch put "a" 1:2 delete "b" delete_range "c" "d"
//   get "key" at 0                       at snapshot 0; without `at`, the present
//   snapshot 0, release 0
//   iterator 1 at 0 from "a" to "z"      opens iterator 1 within [a, z)
//   first 1, last 1, seek 1 "key", seek_for_prev 1 "key", next 1, prev 1, close 1
//   scan at 0 from "a" to "z"            all entries, forwards and backwards
//   flush, compact, settle, sync, verify
//   reopen compaction=tiered             closes and opens, with these settings changed
//
// In a key \xNN is a byte, and \rNN*300; is that byte 300 times.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/options.h"
#include "engine/status.h"

namespace varve::harness {

// Snapshots and iterators live in slots of these numbers.
inline constexpr int kSlots = 4;

enum class LoggedKind : uint8_t {
  kPut,
  kDelete,
  kDeleteRange,
  kBatch,
  kGet,
  kSnapshot,
  kRelease,
  kIterator,
  kFirst,
  kLast,
  kSeek,
  kSeekForPrev,
  kNext,
  kPrev,
  kClose,
  kScan,
  kFlush,
  kCompact,
  kSettle,
  kSync,
  kVerify,
  kReopen,
};
inline constexpr int kLoggedKindCount = 22;

// Names a value without its bytes.
struct ValueSpec {
  uint32_t bytes = 0;
  uint32_t seed = 0;
  bool operator==(const ValueSpec&) const = default;
};
// The bytes: half of all seeds make text that compresses, the others noise.
std::string MakeValue(const ValueSpec& spec);

struct LoggedChange {
  bool put = true;
  std::string key;
  ValueSpec value;
  // A delete of all keys in [key, *end), if it has a value.
  std::optional<std::string> end = std::nullopt;
  bool operator==(const LoggedChange&) const = default;
};

struct LoggedOperation {
  LoggedKind kind = LoggedKind::kFlush;
  int slot = 0;                       // of the snapshot or iterator it is about
  int snapshot = -1;                  // get, scan, iterator: slot of the snapshot; -1: the present
  std::string key;                    // get, seek, seek_for_prev
  std::string lower, upper;           // scan, iterator: bounds; empty: none
  std::vector<LoggedChange> changes;  // put, delete, delete_range: one; batch: any number
  std::vector<SettingText> settings;  // reopen
};

struct OperationLog {
  std::vector<SettingText> settings;  // of the first open; others have their defaults
  std::vector<LoggedOperation> operations;
};

std::string FormatOperation(const LoggedOperation& operation);
std::string FormatLog(const OperationLog& log);
// kInvalidArgument names the line. Empty lines and lines that begin with # are skipped.
Result<OperationLog> ParseLog(std::string_view text);

// A key as the text has it, quotes included.
std::string FormatKey(std::string_view key);

// The settings of `options` that are not the default, without spaces in their values.
std::vector<SettingText> ChangedSettings(const Options& options);

// " name=value" of each.
std::string FormatSettings(const std::vector<SettingText>& settings);
// Sets each; the first error.
Status ApplySettings(const std::vector<SettingText>& settings, Options* options);

}  // namespace varve::harness
