// Reading of TOML workloads, and finding them by name. See workload_file.h.
//
// SPDX-License-Identifier: Apache-2.0
#include "workloads/workload_file.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "workloads/lengths.h"
#include "workloads/phases.h"
#include "workloads/text.h"
#include "workloads/trace_workload.h"
#include "workloads/ycsb_properties.h"

namespace varve::workloads {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kExtension = ".toml";
constexpr std::string_view kTraceExtension = ".trace";
constexpr size_t kTextBytesMax = 1 << 20;

Status InvalidAt(const std::string& path, const toml::source_region& source,
                 std::string_view message) {
  return Status::InvalidArgument(fmt::format("{}:{}: {}", path, source.begin.line, message));
}

Result<toml::table> ParseToml(const std::string& text, const std::string& path) {
  try {
    return toml::parse(text, path);
  } catch (const toml::parse_error& error) {
    return InvalidAt(path, error.source(), error.description());
  }
}

// A value as SetProperty takes it; nothing if it is not a single value.
std::optional<std::string> TextOf(const toml::node& node) {
  constexpr double kExact = 0x1p53;
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* number = node.as_integer()) return fmt::format("{}", number->get());
  if (const auto* flag = node.as_boolean()) return flag->get() ? "true" : "false";
  if (const auto* number = node.as_floating_point()) {
    const double value = number->get();
    const bool whole = std::abs(value) < kExact && value == std::floor(value);
    return whole ? fmt::format("{:.0f}", value) : FormatNumber(value);
  }
  return std::nullopt;
}

// The text of a property as SetProperty takes it: the path of a histogram is relative to `path`.
std::string Resolved(const std::string& path, std::string_view name, std::string text) {
  const std::optional<Property> property = FindProperty(name);
  const bool histogram = property.has_value() && property->kind == PropertyKind::kHistogram;
  if (!histogram || !IsHistogramFile(text)) return text;
  const std::string file = BesideFile(path, text);
  return IsHistogramFile(file) ? file : "./" + file;
}

// The text of a value, and where it is not one, the error that says so.
Result<std::string> SingleText(const std::string& path, const toml::key& key,
                               const toml::node& node) {
  const std::optional<std::string> text = TextOf(node);
  if (text.has_value()) return *text;
  return InvalidAt(path, key.source(),
                   fmt::format("{} must be a number or a text", key.str().substr(0, 60)));
}

// One [[phase]].
Result<std::string> PhaseOf(const std::string& path, const toml::table& table) {
  std::vector<PropertyText> properties;
  Workload scratch;
  for (const auto& [key, node] : table) {
    const Result<std::string> text = SingleText(path, key, node);
    if (!text.ok()) return text.status();
    const Status set = SetProperty(&scratch, key.str(), Resolved(path, key.str(), *text));
    if (!set.ok()) return InvalidAt(path, key.source(), set.message());
    properties.push_back({std::string(key.str()), PropertyTextOf(scratch, key.str())});
  }
  return PhaseText(properties);
}

// All of them, in order.
Status SetPhases(const std::string& path, const toml::key& key, const toml::node& node,
                 Workload* workload) {
  const toml::array* tables = node.as_array();
  if (tables == nullptr || !tables->is_homogeneous(toml::node_type::table)) {
    return InvalidAt(path, key.source(), "phases are tables: [[phase]]");
  }
  for (size_t i = 0; i < tables->size(); i++) {
    const toml::node& table = (*tables)[i];
    const Result<std::string> text = PhaseOf(path, *table.as_table());
    if (!text.ok()) return text.status();
    const Status parsed = ParsePhase(*workload, *text).status();
    if (!parsed.ok()) {
      return InvalidAt(path, table.source(), fmt::format("phase {}: {}", i + 1, parsed.message()));
    }
    workload->phases += (workload->phases.empty() ? "" : "; ") + *text;
  }
  return {};
}

// Once through all phases.
void SetOperationsOfPhases(Workload* workload) {
  const Result<std::vector<Workload>> phases = PhasesOf(*workload);
  if (!phases.ok()) return;  // CheckWorkload says why
  workload->operations = 0;
  for (const Workload& phase : *phases) workload->operations += phase.operations;
}

Status SetFrom(const std::string& path, const toml::key& key, const toml::node& node,
               Workload* workload) {
  const Result<std::string> text = SingleText(path, key, node);
  if (!text.ok()) return text.status();
  Status status;
  if (key.str() == "title") {
    workload->title = *text;
  } else {
    status = SetProperty(workload, key.str(), Resolved(path, key.str(), *text));
  }
  return status.ok() ? status : InvalidAt(path, key.source(), status.message());
}

// The trace that the file names, which is relative to it.
Result<Workload> StartFromTrace(const toml::node& trace, const std::string& path) {
  const std::optional<std::string> name = trace.value<std::string>();
  if (!name.has_value()) return InvalidAt(path, trace.source(), "trace must be the name of a file");
  Result<Workload> workload =
      OpenTraceWorkload((fs::path(path).parent_path() / *name).lexically_normal().string());
  return workload.ok() ? workload : InvalidAt(path, trace.source(), workload.status().message());
}

// What the file builds on: the trace or the YCSB file that it names, or nothing.
Result<Workload> StartFrom(const toml::table& table, const std::string& path) {
  const toml::node* ycsb = table.get("ycsb");
  const toml::node* trace = table.get("trace");
  if (trace != nullptr && ycsb == nullptr) return StartFromTrace(*trace, path);
  if (trace != nullptr) return InvalidAt(path, trace->source(), "trace and ycsb: choose one");
  if (ycsb == nullptr) return Workload();
  const std::optional<std::string> name = TextOf(*ycsb);
  if (!ycsb->is_string()) return InvalidAt(path, ycsb->source(), "ycsb must be the name of a file");
  Result<Workload> workload = LoadYcsbWorkload(BesideFile(path, *name));
  if (workload.ok() || workload.status().code() != Status::Code::kNotFound) return workload;
  return InvalidAt(path, ycsb->source(), workload.status().message());
}

std::string NameOf(const std::string& path) {
  const std::string file = fs::path(path).filename().string();
  return file.ends_with(kExtension) ? file.substr(0, file.size() - kExtension.size()) : file;
}

// The names of the TOML files in a directory, sorted; none if it cannot be read.
std::vector<std::string> NamesIn(const std::string& directory) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator it(directory, error), end; !error && it != end; it.increment(error)) {
    if (it->path().extension() == kExtension) names.push_back(it->path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

Status UnknownWorkload(const std::string& name, const std::vector<std::string>& directories) {
  std::vector<std::string> names;
  for (const std::string& directory : directories) {
    for (std::string& known : NamesIn(directory)) names.push_back(std::move(known));
  }
  return Status::NotFound(fmt::format("there is no workload \"{}\" in {}{}", name.substr(0, 60),
                                      JoinNames({directories.begin(), directories.end()}),
                                      DidYouMean(name, {names.begin(), names.end()})));
}

}  // namespace

std::string BesideFile(const std::string& path, std::string_view name) {
  return (fs::path(path).parent_path() / Trim(name)).string();
}

Result<std::string> ReadWorkloadText(const std::string& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status)) return Status::NotFound(fmt::format("there is no file {}", path));
  if (!fs::is_regular_file(status)) {
    return Status::InvalidArgument(fmt::format("{} is not a file", path));
  }
  std::ifstream file(path, std::ios::binary);
  std::string text(kTextBytesMax + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad() || (!file && !file.eof())) {
    return Status::IoError(fmt::format("{} cannot be read", path));
  }
  text.resize(static_cast<size_t>(file.gcount()));
  if (text.size() > kTextBytesMax) {
    return Status::InvalidArgument(fmt::format("{} is too large for a workload file", path));
  }
  return text;
}

Result<Workload> ParseWorkload(const std::string& text, const std::string& path) {
  const Result<toml::table> table = ParseToml(text, path);
  if (!table.ok()) return table.status();
  Result<Workload> workload = StartFrom(*table, path);
  if (!workload.ok()) return workload.status();
  workload->name = NameOf(path);
  workload->title = workload->name;
  for (const auto& [key, node] : *table) {
    if (key.str() == "ycsb" || key.str() == "trace" || key.str() == "phase") continue;
    if (Status status = SetFrom(path, key, node, &*workload); !status.ok()) return status;
  }
  if (const auto phase = table->find("phase"); phase != table->end()) {
    const Status status = SetPhases(path, phase->first, phase->second, &*workload);
    if (!status.ok()) return status;
  }
  if (!workload->phases.empty() && !table->contains("operations")) {
    SetOperationsOfPhases(&*workload);
  }
  return workload;
}

Result<Workload> LoadWorkload(const std::string& path) {
  if (path.ends_with(kTraceExtension)) return OpenTraceWorkload(path);
  if (!path.ends_with(kExtension)) return LoadYcsbWorkload(path);
  const Result<std::string> text = ReadWorkloadText(path);
  if (!text.ok()) return text.status();
  return ParseWorkload(*text, path);
}

bool IsWorkloadPath(const std::string& name) {
  return name.find('/') != std::string::npos || name.ends_with(kExtension) ||
         name.ends_with(kTraceExtension);
}

Result<Workload> FindWorkload(const std::string& name,
                              const std::vector<std::string>& directories) {
  if (IsWorkloadPath(name)) return LoadWorkload(name);
  for (const std::string& directory : directories) {
    const std::string path = directory + "/" + name + std::string(kExtension);
    std::error_code error;
    if (fs::exists(path, error)) return LoadWorkload(path);
  }
  return UnknownWorkload(name, directories);
}

std::vector<WorkloadEntry> ListWorkloads(const std::string& directory) {
  std::vector<WorkloadEntry> entries;
  for (const std::string& name : NamesIn(directory)) {
    const Result<Workload> workload =
        LoadWorkload(directory + "/" + name + std::string(kExtension));
    entries.push_back({name, workload.ok() ? workload->title : workload.status().ToString()});
  }
  return entries;
}

}  // namespace varve::workloads
