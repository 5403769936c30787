// Any bytes as a trace, and any text as a public one: what an import writes is a trace, and one
// that nobody has verified can be read and replayed without harm.
//
// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <memory>

#include "harness/commands/trace_summary.h"
#include "tests/fuzz/fuzzers.h"
#include "tests/fuzz/sealing.h"
#include "workloads/stream.h"
#include "workloads/trace.h"
#include "workloads/trace_import.h"
#include "workloads/trace_workload.h"

namespace varve::fuzz {
namespace {

using workloads::Trace;

constexpr int kOperationsLooked = 200;

// Load and run; "" or what is wrong.
std::string Replay(const std::shared_ptr<const Trace>& trace) {
  const workloads::Workload workload = workloads::TraceWorkload(trace);
  if (Status s = workloads::CheckWorkload(workload); !s.ok()) return "refused: " + s.ToString();
  workloads::WorkloadState state(workload);
  const workloads::StreamOptions options;
  for (const auto& stream : {workloads::NewLoadStream(workload, options, &state),
                             workloads::NewRunStream(workload, options, &state)}) {
    workloads::Operation operation;
    for (int i = 0; i < kOperationsLooked && stream->Next(&operation); ++i) {
      if (operation.record >= trace->records()) return "a record that is not there";
      if (operation.value.size() > trace->value_bytes_max()) return "a value that is too long";
    }
  }
  return "";
}

std::string ReadTrace(std::string bytes) {
  const auto trace = Trace::FromBytes(std::move(bytes), "fuzz");
  if (!trace.ok()) return trace.status().message().empty() ? "no reason is given" : "";
  const Status verified = (*trace)->Verify({});
  if (verified.ok()) (void)harness::TraceSummary(**trace);
  return Replay(*trace);
}

std::string Import(std::string_view text, const workloads::TraceFormat& format) {
  std::string copy(text);
  std::FILE* file =
      copy.empty() ? std::fopen("/dev/null", "rb") : fmemopen(copy.data(), copy.size(), "rb");
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> closer(file, &std::fclose);
  const std::string path = std::filesystem::temp_directory_path() /
                           ("varve_trace_fuzz_" + std::to_string(getpid()) + ".trace");
  const auto writer = workloads::TraceWriter::Create(path);
  if (!writer.ok()) return writer.status().ToString();
  workloads::TraceImportOptions options;
  options.expire = text.size() % 2 == 0;
  const auto report = workloads::ImportTrace({file, "fuzz", {}}, format, options, writer->get());
  if (!report.ok()) return report.status().message().starts_with("fuzz:") ? "" : "no line is named";
  if (Status s = (*writer)->Finish("fuzz"); !s.ok()) return s.ToString();
  const auto trace = Trace::Open(path);
  std::filesystem::remove(path);
  if (!trace.ok()) return "what it wrote cannot be opened: " + trace.status().ToString();
  const Status verified = (*trace)->Verify({});
  return verified.ok() ? Replay(*trace) : "what it wrote is not right: " + verified.ToString();
}

}  // namespace

// The first byte says what the rest is: a trace, sealed or raw, or lines of format '0' or '1'.
std::string FuzzTrace(std::string_view input) {
  if (input.empty()) return "";
  const auto formats = workloads::TraceFormats();
  const size_t format = static_cast<size_t>(input[0] - '0');
  if (input[0] >= '0' && format < formats.size()) return Import(input.substr(1), formats[format]);
  std::string bytes(input.substr(1));
  if (input[0] == kSealed) SealTrace(&bytes);
  return ReadTrace(std::move(bytes));
}

}  // namespace varve::fuzz
