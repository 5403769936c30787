// TraceWriter: makes a trace file from operations, one after the other.
//
// Operations go to the file as they come. In memory are the distinct keys: their bytes and about 40
// more for each.
//
// Used by the importers and the recorder.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/status.h"
#include "workloads/trace.h"
#include "workloads/trace_format.h"

namespace varve::workloads {

// Distinct keys, numbered in the order of their first appearance.
class KeyTable {
 public:
  // The number of `key`, which is added if it is new.
  uint64_t FindOrAdd(std::string_view key);
  uint64_t size() const { return ends_.size(); }
  std::string_view Key(uint64_t number) const;
  // All keys, one behind the other.
  std::string_view bytes() const { return bytes_; }

 private:
  void Grow();
  uint64_t* SlotOf(std::string_view key);

  std::string bytes_;
  std::vector<uint64_t> ends_;   // of the keys in bytes_
  std::vector<uint64_t> slots_;  // open addressing: number of a key + 1, or 0
};

// Not thread safe. After an error nothing but destruction makes sense. A file that was not finished
// is removed by the destructor; it never has the name of the trace.
class TraceWriter {
 public:
  // Writes to "<path>.unfinished" until Finish.
  static Result<std::unique_ptr<TraceWriter>> Create(const std::string& path);
  ~TraceWriter();

  // The number of a key, which is added if it is new. REQUIRES: at most kTraceKeyBytesMax bytes.
  uint64_t Record(std::string_view key);
  uint64_t records() const { return keys_.size(); }
  uint64_t operations() const { return header_.operations; }

  // The record is there at the start, with a value of so many bytes.
  // REQUIRES: record < records(); value_bytes <= kTraceValueBytesMax.
  void SetAtStart(uint64_t record, uint64_t value_bytes);

  // Refuses an operation that the format cannot hold.
  Status Add(const TraceOperation& operation);

  // Writes what is left, under the name that was asked for. `source` says where the trace is from,
  // for people; what is longer than 4 KiB is cut. Refuses a trace that deletes ranges and whose
  // keys are not of one length and ascending.
  Status Finish(std::string_view source);

 private:
  struct Closer {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  TraceWriter(std::string path, std::FILE* file);

  Status Append(std::string_view bytes);
  Status FlushPiece();
  bool Sorted() const;
  Status WriteRaw(std::string_view bytes);
  Status Failed() const;

  const std::string path_;
  const std::string unfinished_path_;
  std::unique_ptr<std::FILE, Closer> file_;
  trace_format::Header header_;
  bool deletes_ranges_ = false;
  KeyTable keys_;
  std::vector<uint32_t> at_start_;  // as in the file: bytes + 1, or 0; shorter than keys_ if zeros
  std::string piece_;               // that is not written yet
  std::string checksums_;
};

}  // namespace varve::workloads
