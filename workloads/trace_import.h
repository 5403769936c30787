// Importing of public traces: text, one request a line, as a Trace.
//
// Formats are a table; to add one: a parser of a line in trace_formats.cc, and its row there. What
// becomes of each request is in TRACE.md. A line that cannot be read is an error that names it; a
// request that cannot be replayed is left out, counted and named.
//
// Memory: that of TraceWriter, the requests of one moment (a second, or a microsecond), with
// `expire` 16 bytes a key and its heap.
//
// Called by the command `trace import`.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstdio>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/status.h"
#include "workloads/operation.h"
#include "workloads/trace_writer.h"

namespace varve::workloads {

struct TraceImportOptions {
  bool expire = false;       // delete a record when its time to live is over
  uint64_t scan_length = 1;  // entries of a seek, which traces do not tell
  // Of the value of a record that is read, and of which the trace never tells the size; nothing:
  // the mean of the values that are put, or 100.
  std::optional<uint64_t> load_bytes;
  std::optional<uint64_t> column_family;  // take only this one
};

// What a line says.
struct TraceLine {
  uint64_t time = 0;  // in units of the format
  std::string key;
  OperationKind kind = OperationKind::kRead;
  uint64_t argument = 0;  // as in TraceOperation
  // Of the record before this: whether there must have been a value, and of how many bytes.
  bool finds_value = false;
  std::optional<uint64_t> found_bytes;
  // Units until the value goes away, if the request sets that; 0: never.
  std::optional<uint64_t> time_to_live;
  std::optional<uint64_t> column_family;
  std::string_view left_out;  // why it cannot be replayed; "" if it can
  std::string_view remark;    // something to tell about it; "" if there is nothing
};

struct TraceFormat {
  std::string_view name;
  std::string_view help;
  uint64_t unit_ns;  // of time
  // Sets every field of *line. An error says what is wrong with the line.
  Status (*parse)(std::string_view text, const TraceImportOptions& options, TraceLine* line);
};
std::span<const TraceFormat> TraceFormats();
// The error names the nearest.
Result<const TraceFormat*> FindTraceFormat(std::string_view name);

struct TraceImportReport {
  // Something that was left out or changed.
  struct Note {
    std::string text;
    uint64_t count = 0;
    uint64_t first_line = 0;
  };
  uint64_t lines = 0;
  std::vector<Note> notes;
};

struct TraceInput {
  std::FILE* file = nullptr;
  std::string name;  // in errors
  // Called every million lines; may be empty.
  std::function<void(uint64_t lines)> progress;
};

// Reads all of the input into *writer, which the caller then finishes.
Result<TraceImportReport> ImportTrace(const TraceInput& input, const TraceFormat& format,
                                      const TraceImportOptions& options, TraceWriter* writer);

}  // namespace varve::workloads
