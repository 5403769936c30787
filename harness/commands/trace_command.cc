// trace: recorded operations: record, import, show. A replay is a trial whose workload is a trace.
//
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>

#include "engine/setting_text.h"
#include "harness/commands/arguments.h"
#include "harness/commands/command.h"
#include "harness/commands/trace_summary.h"
#include "harness/home.h"
#include "harness/progress.h"
#include "harness/trial_spec.h"
#include "workloads/trace.h"
#include "workloads/trace_import.h"
#include "workloads/trace_record.h"
#include "workloads/trace_writer.h"

namespace varve::harness {
namespace {

using workloads::Trace;
using workloads::TraceWriter;

struct SubCommand {
  std::string_view name;
  std::string_view help;
  int (*run)(const Arguments& arguments);
};

// What is done so far, in one line that is kept up to date, on a terminal only.
class CountLine {
 public:
  explicit CountLine(std::string_view unit) : unit_(unit) {}
  ~CountLine() {
    if (terminal_) fmt::print(stderr, "\r\x1b[K");
  }
  CountLine(const CountLine&) = delete;
  CountLine& operator=(const CountLine&) = delete;

  void Show(uint64_t count) const {
    if (!terminal_) return;
    fmt::print(stderr, "\r\x1b[K{} {}", CountText(static_cast<double>(count)), unit_);
    std::fflush(stderr);
  }

 private:
  const std::string_view unit_;
  const bool terminal_ = isatty(STDERR_FILENO) == 1;
};

// Says what came to be.
int Conclude(const std::string& path) {
  const auto trace = Trace::Open(path);
  if (!trace.ok()) return Fail(trace.status());
  fmt::print("{}: {} operations on {} keys, of which {} are there at the start, over {:.3f} s\n",
             path, (*trace)->operations(), (*trace)->records(), (*trace)->loaded(),
             static_cast<double>((*trace)->duration_ns()) / 1e9);
  return kExitOk;
}

// Where the trace is to be written: "" if that is wrong, and then it has been said.
std::string OutputPath(std::string_view command, const po::variables_map& values) {
  std::string path = TextOr(values, "output");
  if (path.ends_with(".trace")) return path;
  FailUsage(command, path.empty()
                         ? "-o FILE says where to write the trace"
                         : fmt::format("{} must end in .trace, to be known as a workload", path));
  return "";
}

// --- record

Syntax RecordSyntax() {
  Syntax syntax({"trace", "trace record --workload X -o FILE.trace [options]",
                 "Writes the operations that a trial with this workload asks of a store, and the\n"
                 "records that it loads. No store is needed: streams are pure.\n",
                 "  varve trace record --workload ycsb_a --operations 100000 -o a.trace\n"
                 "  varve trace record --workload delete_heavy --rate 20000 -o deletes.trace\n"});
  syntax.options.add_options()("workload", po::value<std::string>()->value_name("X"),
                               "name or path of a workload file")(
      "operations", po::value<std::string>()->value_name("N"), "usually what the workload says")(
      "seed", po::value<std::string>()->value_name("N"), "usually 1")(
      "rate", po::value<double>()->value_name("X"),
      "operations a second, which gives each its time; usually none has one")(
      "output,o", po::value<std::string>()->value_name("FILE"), "the trace");
  AddWorkloadProperties(&syntax);
  return syntax;
}

Result<workloads::Workload> WorkloadToRecord(const po::variables_map& values, TrialSpec* spec) {
  for (const std::string_view name : {"workload", "operations", "seed"}) {
    const std::string text = TextOr(values, std::string(name));
    if (text.empty()) continue;
    const Status set = SetTrialSetting(spec, fmt::format("trial.{}", name), text);
    if (!set.ok()) return set;
  }
  for (const SettingText& setting : GivenSettings(values)) {
    const Status set = SetTrialSetting(spec, setting.name, setting.text);
    if (!set.ok()) return set;
  }
  auto workload = TrialWorkload(*spec, WorkloadsDirectory());
  if (workload.ok() && workload->operations == 0) {
    return Status::InvalidArgument("the workload does not say how many operations: --operations N");
  }
  return workload;
}

int Record(const Arguments& arguments) {
  int exit_status = kExitOk;
  const auto values = ParseArguments(RecordSyntax(), arguments, &exit_status);
  if (!values) return exit_status;
  if (TextOr(*values, "workload").empty()) return FailUsage("trace", "which --workload?");
  const std::string path = OutputPath("trace", *values);
  if (path.empty()) return kExitUsage;
  TrialSpec spec;
  const auto workload = WorkloadToRecord(*values, &spec);
  if (!workload.ok()) return FailUsage("trace", workload.status().message());
  workloads::TraceRecordOptions options;
  options.seed = spec.trial.seed;
  options.operations = workload->operations;
  if (values->count("rate") != 0) options.rate_ops_per_second = (*values)["rate"].as<double>();
  if (options.rate_ops_per_second < 0) return FailUsage("trace", "--rate must be above 0");
  const CountLine line("operations");
  options.progress = [&line](uint64_t count) { line.Show(count); };
  const Result<std::unique_ptr<TraceWriter>> writer = TraceWriter::Create(path);
  if (!writer.ok()) return Fail(writer.status());
  Status status = workloads::RecordWorkload(*workload, options, writer->get());
  if (status.ok()) {
    status = (*writer)->Finish(fmt::format("workload {}, seed {}", workload->name, options.seed));
  }
  return status.ok() ? Conclude(path) : Fail(status);
}

// --- import

Syntax ImportSyntax() {
  std::string about =
      "Makes a trace of a public one, from a file or from standard input (-). What becomes of\n"
      "each request is in workloads/TRACE.md. Distinct keys are held in memory meanwhile, with\n"
      "about 40 bytes more for each.\n\nFormats:\n";
  for (const workloads::TraceFormat& format : workloads::TraceFormats()) {
    about += fmt::format("  {:<12} {}\n", format.name, format.help);
  }
  Syntax syntax(
      {"trace", "trace import --format NAME FILE -o FILE.trace [options]", about,
       "  varve trace import --format cache-trace cluster52.csv -o cluster52.trace\n"
       "  zstdcat cluster52.0.zst | varve trace import --format cache-trace - -o 52.trace\n"
       "  varve trace import --format rocksdb trace-human_readable_trace.txt -o r.trace\n"});
  syntax.options.add_options()("format", po::value<std::string>()->value_name("NAME"),
                               "what the file is")(
      "output,o", po::value<std::string>()->value_name("FILE"), "the trace")(
      "ttl", "delete a record when its time to live is over")(
      "scan-length", po::value<uint64_t>()->value_name("N"),
      "entries that a seek reads, which traces do not tell; usually 1")(
      "load-bytes", po::value<uint64_t>()->value_name("N"),
      "value of a record that is read and whose size is never told; usually the mean of those put")(
      "column-family", po::value<uint64_t>()->value_name("N"), "of rocksdb: take only this one");
  syntax.hidden.add_options()("input", po::value<std::string>());
  syntax.positional.add("input", 1);
  return syntax;
}

workloads::TraceImportOptions OptionsOf(const po::variables_map& values) {
  workloads::TraceImportOptions options;
  options.expire = values.count("ttl") != 0;
  if (values.count("scan-length") != 0) options.scan_length = values["scan-length"].as<uint64_t>();
  if (values.count("load-bytes") != 0) options.load_bytes = values["load-bytes"].as<uint64_t>();
  if (values.count("column-family") != 0) {
    options.column_family = values["column-family"].as<uint64_t>();
  }
  return options;
}

Status ImportFile(const std::string& input_path, const workloads::TraceFormat& format,
                  const workloads::TraceImportOptions& options, const std::string& path) {
  const bool standard_input = input_path == "-";
  std::FILE* file = standard_input ? stdin : std::fopen(input_path.c_str(), "rbe");
  if (file == nullptr) {
    return Status::NotFound(fmt::format("cannot read {}: {}", input_path, std::strerror(errno)));
  }
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> closer(standard_input ? nullptr : file,
                                                               &std::fclose);
  const CountLine line("lines");
  workloads::TraceInput input;
  input.file = file;
  input.name = standard_input ? "standard input" : input_path;
  input.progress = [&line](uint64_t lines) { line.Show(lines); };
  const Result<std::unique_ptr<TraceWriter>> writer = TraceWriter::Create(path);
  if (!writer.ok()) return writer.status();
  const auto report = workloads::ImportTrace(input, format, options, writer->get());
  if (!report.ok()) return report.status();
  for (const auto& note : report->notes) {
    fmt::print("{:>12}  {} (first at line {})\n", note.count, note.text, note.first_line);
  }
  const std::string name = std::filesystem::path(input.name).filename().string();
  return (*writer)->Finish(fmt::format("{} {}", format.name, name));
}

int Import(const Arguments& arguments) {
  int exit_status = kExitOk;
  const auto values = ParseArguments(ImportSyntax(), arguments, &exit_status);
  if (!values) return exit_status;
  const std::string input_path = TextOr(*values, "input");
  if (input_path.empty()) return FailUsage("trace", "which file? - is standard input");
  const std::string name = TextOr(*values, "format");
  if (name.empty()) return FailUsage("trace", "which --format?");
  const auto format = workloads::FindTraceFormat(name);
  if (!format.ok()) return FailUsage("trace", format.status().message());
  const std::string path = OutputPath("trace", *values);
  if (path.empty()) return kExitUsage;
  const Status status = ImportFile(input_path, **format, OptionsOf(*values), path);
  return status.ok() ? Conclude(path) : Fail(status);
}

// --- show

Syntax ShowSyntax() {
  Syntax syntax({"trace", "trace show FILE.trace [options]",
                 "Checks a trace and prints what it holds: kinds of operations, sizes, how often\n"
                 "keys are used, and the keys in use over time.\n",
                 "  varve trace show a.trace\n"
                 "  varve trace show a.trace --operations --from 1000 --count 20\n"});
  syntax.options.add_options()("operations", "print the operations instead, one a line")(
      "from", po::value<uint64_t>()->value_name("N"), "of the operations: begin with this one")(
      "count", po::value<uint64_t>()->value_name("N"), "and print so many; usually all");
  syntax.hidden.add_options()("path", po::value<std::string>());
  syntax.positional.add("path", 1);
  return syntax;
}

int Show(const Arguments& arguments) {
  int exit_status = kExitOk;
  const auto values = ParseArguments(ShowSyntax(), arguments, &exit_status);
  if (!values) return exit_status;
  const std::string path = TextOr(*values, "path");
  if (path.empty()) return FailUsage("trace", "which file?");
  const bool part = values->count("from") != 0 || values->count("count") != 0;
  const bool lines = values->count("operations") != 0;
  if (part && !lines) return FailUsage("trace", "--from and --count need --operations");
  const auto trace = Trace::Open(path);
  if (!trace.ok()) return Fail(trace.status());
  if (const Status status = (*trace)->Verify({}); !status.ok()) return Fail(status);
  if (!lines) {
    fmt::print("{}", TraceSummary(**trace));
    return kExitOk;
  }
  const uint64_t all = (*trace)->operations();
  const uint64_t from = values->count("from") == 0 ? 0 : (*values)["from"].as<uint64_t>();
  const uint64_t count = values->count("count") == 0 ? all : (*values)["count"].as<uint64_t>();
  for (uint64_t i = from; i < all && i - from < count; ++i) {
    fmt::print("{}\n", TraceOperationLine(**trace, i));
  }
  return kExitOk;
}

constexpr SubCommand kSubCommands[] = {
    {"record", "write the operations of a workload", Record},
    {"import", "make a trace of a public one", Import},
    {"show", "check a trace and say what it holds", Show},
};

int PrintOverview() {
  fmt::print("Usage: varve trace record|import|show …\n\n");
  for (const SubCommand& command : kSubCommands) {
    fmt::print("  {:8} {}\n", command.name, command.help);
  }
  fmt::print(
      "\n`varve trace record --help` tells all about one. A trace is replayed as a workload:\n"
      "  varve bench --workload a.trace\n"
      "\nExit status: 0 done, 1 failed, 2 wrong command line.\n");
  return kExitOk;
}

}  // namespace

int TraceCommand(const Arguments& arguments) {
  if (arguments.empty()) return FailUsage("trace", "record, import or show?");
  if (arguments[0] == "--help" || arguments[0] == "-h") return PrintOverview();
  std::vector<std::string> names;
  for (const SubCommand& command : kSubCommands) {
    if (command.name == arguments[0]) return command.run({arguments.begin() + 1, arguments.end()});
    names.emplace_back(command.name);
  }
  return FailUsage("trace", UnknownName("command of trace", arguments[0], names));
}

}  // namespace varve::harness
