// torture: long random tests of the engine, for as long as one likes.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/torture/torture.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "engine/setting_text.h"
#include "engine/util/clock.h"
#include "harness/commands/arguments.h"
#include "harness/commands/command.h"
#include "harness/files.h"
#include "harness/interrupt.h"
#include "harness/progress.h"
#include "harness/torture/metamorphic_torture.h"

namespace varve::harness {
namespace {

namespace fs = std::filesystem;

Syntax TortureSyntax() {
  std::string about =
      "Random tests of what the engine promises, cycle after cycle. Without a kind: all of\n"
      "them, one after the other. A failure prints the command that repeats it.\n\nKinds:\n";
  for (const TortureKind& kind : TortureKinds()) {
    about += fmt::format("  {:<17} {}\n", kind.name, kind.help);
  }
  Syntax syntax({"torture", "torture [KIND ...] [options]", about,
                 "  varve torture --minutes 60\n"
                 "  varve torture crash --cycles 100000\n"
                 "  varve torture metamorphic --seed 7 --first-cycle 41 --cycles 1\n",
                 "0 nothing wrong was found, 1 something was, 2 wrong command line, "
                 "130 interrupted"});
  syntax.options.add_options()("minutes", po::value<double>()->value_name("N"),
                               "how long, all kinds together; usually 1")(
      "cycles", po::value<uint64_t>()->value_name("N"), "how many of each kind instead")(
      "seed", po::value<uint64_t>()->value_name("N"), "usually 1")(
      "first-cycle", po::value<uint64_t>()->value_name("N"), "begin with this one; usually 0")(
      "replay", po::value<std::string>()->value_name("FILE"),
      "carry out the operations of a file that metamorphic has printed")(
      "data", po::value<std::string>()->value_name("DIR"),
      "where databases are made and removed; usually the temporary directory");
  syntax.hidden.add_options()("kinds", po::value<std::vector<std::string>>());
  syntax.positional.add("kinds", -1);
  return syntax;
}

Result<std::vector<TortureKind>> ChosenKinds(const po::variables_map& values) {
  const std::span<const TortureKind> all = TortureKinds();
  std::vector<TortureKind> chosen;
  if (values.count("kinds") == 0) return std::vector<TortureKind>(all.begin(), all.end());
  for (const std::string& name : values["kinds"].as<std::vector<std::string>>()) {
    const auto kind = std::find_if(all.begin(), all.end(),
                                   [&name](const TortureKind& one) { return one.name == name; });
    if (kind == all.end()) {
      std::vector<std::string> names;
      for (const TortureKind& one : all) names.emplace_back(one.name);
      return Status::InvalidArgument(UnknownName("kind of torture", name, names));
    }
    chosen.push_back(*kind);
  }
  return chosen;
}

// The time that each kind gets, and how many cycles.
TortureOptions OptionsOf(const po::variables_map& values, size_t kinds) {
  TortureOptions options;
  if (values.count("seed") != 0) options.seed = values["seed"].as<uint64_t>();
  if (values.count("first-cycle") != 0) options.first_cycle = values["first-cycle"].as<uint64_t>();
  if (values.count("cycles") != 0) options.cycles = values["cycles"].as<uint64_t>();
  const bool endless = options.cycles == 0;
  const double minutes =
      values.count("minutes") != 0 ? values["minutes"].as<double>() : (endless ? 1 : 0);
  options.seconds = minutes * 60 / static_cast<double>(kinds);
  options.stop = &Interrupted();
  return options;
}

// A directory of its own that goes when this does.
class ScratchDirectory {
 public:
  explicit ScratchDirectory(const std::string& parent)
      : path_((parent.empty() ? fs::temp_directory_path() : fs::path(parent)) /
              fmt::format("varve-torture-{}", getpid())) {
    fs::create_directories(path_);
  }
  ~ScratchDirectory() {
    std::error_code error;
    fs::remove_all(path_, error);
  }
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;
  std::string path() const { return path_.string(); }

 private:
  const fs::path path_;
};

// One line that is kept up to date, on a terminal only.
class CycleLine {
 public:
  explicit CycleLine(std::string_view kind) : kind_(kind), begin_ns_(RealClock()->NowNs()) {}
  ~CycleLine() {
    if (terminal_) fmt::print(stderr, "\r\x1b[K");
  }
  CycleLine(const CycleLine&) = delete;
  CycleLine& operator=(const CycleLine&) = delete;

  double seconds() const { return static_cast<double>(RealClock()->NowNs() - begin_ns_) / 1e9; }

  void Show(uint64_t cycles, const TortureOptions& options) {
    const double now = seconds();
    if (!terminal_ || now < shown_ + 0.2) return;
    shown_ = now;
    const double by_time = options.seconds > 0 ? now / options.seconds : 0;
    const double by_count =
        options.cycles > 0 ? static_cast<double>(cycles) / static_cast<double>(options.cycles) : 0;
    const double part = std::max({by_time, by_count, 1e-9});
    fmt::print(stderr, "\r\x1b[K{}: {} cycles, {} left", kind_,
               CountText(static_cast<double>(cycles)), DurationText(now / part - now));
    std::fflush(stderr);
  }

 private:
  const std::string kind_;
  const uint64_t begin_ns_;
  const bool terminal_ = isatty(STDERR_FILENO) == 1;
  double shown_ = 0;
};

// True if nothing wrong was found.
bool RunKind(const TortureKind& kind, TortureOptions options) {
  TortureReport report;
  double seconds = 0;
  {
    CycleLine line(kind.name);
    options.progress = [&](uint64_t cycles) { line.Show(cycles, options); };
    report = kind.run(options);
    seconds = line.seconds();
  }
  std::string counts;
  for (const auto& [name, count] : report.counts) counts += fmt::format(", {} {}", count, name);
  fmt::print("{:<17} {} cycles in {}{}: {}\n", kind.name, report.cycles, DurationText(seconds),
             counts, report.failure.empty() ? "nothing wrong" : "FAILED");
  std::fflush(stdout);
  if (report.failure.empty()) return true;
  fmt::print(stderr, "varve: {}\n", report.failure);
  if (!report.replay.empty()) {
    fmt::print(stderr, "varve: the operations (--replay FILE repeats them):\n{}\n", report.replay);
  }
  return false;
}

// Runs the operations of a file as if they were a kind of their own.
Result<bool> Replay(const std::string& path, const TortureOptions& options) {
  static std::string text;
  Result<std::string> read = ReadTextFile(path);
  if (!read.ok()) return read.status();
  text = std::move(*read);
  const auto run = [](const TortureOptions& given) { return ReplayMetamorphic(text, given); };
  return RunKind({"replay", "", run}, options);
}

}  // namespace

int TortureCommand(const Arguments& arguments) {
  int exit_status = kExitOk;
  const auto values = ParseArguments(TortureSyntax(), arguments, &exit_status);
  if (!values) return exit_status;
  const Result<std::vector<TortureKind>> kinds = ChosenKinds(*values);
  if (!kinds.ok()) return FailUsage("torture", kinds.status().message());
  CatchInterrupts();
  const ScratchDirectory scratch(TextOr(*values, "data"));
  TortureOptions options = OptionsOf(*values, kinds->size());
  options.directory = scratch.path();
  const std::string replay = TextOr(*values, "replay");
  if (!replay.empty()) {
    options.seconds = 0;
    const Result<bool> fine = Replay(replay, options);
    if (!fine.ok()) return Fail(fine.status());
    return *fine ? kExitOk : kExitFailed;
  }
  for (const TortureKind& kind : *kinds) {
    if (!RunKind(kind, options)) exit_status = kExitFailed;
    if (Interrupted().load()) return kExitInterrupted;
  }
  return exit_status;
}

}  // namespace varve::harness
