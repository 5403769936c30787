// Trace: a recorded sequence of operations, in a file. TRACE.md is the format, byte by byte.
//
// The file is mapped into memory and read in place: an operation and a key are each found by one
// multiplication, so what a replay holds in memory does not grow with the trace. Open looks at the
// header alone; Verify reads everything, and whoever replays a trace calls it before.
//
// Used by TraceStream, KeySpace, and the command `trace`.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "engine/status.h"
#include "workloads/operation.h"

namespace varve::workloads {

struct TraceOperation {
  uint64_t at_ns = 0;  // since the first operation; never less than that of the one before
  OperationKind kind = OperationKind::kRead;
  uint64_t record = 0;  // number of the key
  // Bytes of the value that is put; entries of a scan; records of a deleted range, whose end is the
  // key of the record behind them; 0 for others.
  uint64_t argument = 0;
};

// What fits into the 50 bits of a version (TraceVersion).
inline constexpr uint64_t kTraceValueBytesMax = (uint64_t{1} << 20) - 1;
inline constexpr uint64_t kTraceOperationsMax = (uint64_t{1} << 30) - 1;
inline constexpr uint64_t kTraceKeyBytesMax = 64 << 10;
inline constexpr uint64_t kTraceScanLengthMax = 0xffffffff;

// The version of a value that is replayed: it carries the size. Operation `index` writes index + 1,
// the load 0.
constexpr uint64_t TraceVersion(uint64_t number, uint64_t value_bytes) {
  return number << 20 | value_bytes;
}
constexpr uint64_t TraceValueBytes(uint64_t version) { return version & kTraceValueBytesMax; }

// Thread-safe: immutable once made. The file must not be changed meanwhile.
class Trace {
 public:
  // Maps the file. Errors begin with its path, and say where in it what is wrong.
  static Result<std::shared_ptr<const Trace>> Open(const std::string& path);
  // The same of bytes, which are called `path` in errors.
  static Result<std::shared_ptr<const Trace>> FromBytes(std::string bytes, const std::string& path);

  ~Trace();
  Trace(const Trace&) = delete;
  Trace& operator=(const Trace&) = delete;

  // Reads all of it: checksums, and whether each operation and key keeps to the format. `go_on` may
  // be empty; it is called now and then with the share that is done; false: stop, and return OK.
  Status Verify(const std::function<bool(double)>& go_on) const;

  const std::string& path() const { return path_; }
  uint64_t operations() const { return operations_; }
  uint64_t records() const { return records_; }  // distinct keys
  uint64_t loaded() const { return loaded_; }    // records that are there at the start
  uint64_t duration_ns() const { return duration_ns_; }
  uint64_t value_bytes_max() const { return value_bytes_max_; }
  uint64_t key_bytes_max() const { return key_bytes_max_; }
  // Where it came from, for people.
  std::string_view source() const { return source_; }
  uint64_t file_bytes() const { return bytes_.size(); }
  // Another number for other contents.
  uint64_t identity() const { return identity_; }
  // Whether operations of the kind occur.
  bool Has(OperationKind kind) const;
  // Whether keys are of one length and ascend by record number. Deleted ranges need that.
  bool sorted() const { return sorted_; }

  // Of a trace that Verify has not passed what the next three return means nothing, but they are
  // safe. REQUIRES: i < operations(); record < records().
  TraceOperation OperationAt(uint64_t i) const;
  std::string_view Key(uint64_t record) const;
  // Bytes of the value that the record has at the start; nothing if it is not there.
  std::optional<uint64_t> BytesAtStart(uint64_t record) const;

 private:
  Trace() = default;
  Status ReadHeader();
  uint64_t ArgumentMax(const TraceOperation& operation) const;
  Status CheckOperation(uint64_t i, uint64_t earliest_ns) const;
  Status CheckRecords() const;
  Status Damaged(uint64_t offset, std::string_view reason) const;

  std::string path_;
  std::string owned_;              // if it was made from bytes
  void* mapping_ = nullptr;        // else
  std::string_view bytes_;         // the whole file
  const char* entries_ = nullptr;  // of records, in bytes_
  std::string_view key_bytes_;     // in bytes_, as is what follows
  std::string_view source_;
  std::string_view checksums_;
  uint64_t operations_ = 0;
  uint64_t records_ = 0;
  uint64_t loaded_ = 0;
  uint64_t duration_ns_ = 0;
  uint64_t value_bytes_max_ = 0;
  uint64_t key_bytes_max_ = 0;
  uint64_t kinds_ = 0;  // bit c: operations of code c occur
  bool sorted_ = false;
  uint64_t identity_ = 0;
};

}  // namespace varve::workloads
