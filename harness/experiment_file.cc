// Reads experiment files.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/experiment_file.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <filesystem>

#include "engine/setting_text.h"
#include "harness/files.h"
#include "harness/home.h"
#include "harness/python_modules.h"
#include "harness/store.h"
#include "workloads/workload_file.h"

namespace varve::harness {
namespace {

namespace fs = std::filesystem;

using Entry = std::pair<const toml::key*, const toml::node*>;

// toml++ keeps keys sorted; in the order of the file the first error is the one that is reported,
// and axes come out as they were written.
std::vector<Entry> InFileOrder(const toml::table& table) {
  std::vector<Entry> entries;
  for (const auto& [key, node] : table) entries.emplace_back(&key, &node);
  const auto place = [](const Entry& entry) { return entry.first->source().begin; };
  std::stable_sort(entries.begin(), entries.end(),
                   [&](const Entry& a, const Entry& b) { return place(a) < place(b); });
  return entries;
}

// Reads one file. Every method returns the first error, with its place.
class Reader {
 public:
  Reader(std::string path, Experiment* experiment)
      : path_(std::move(path)), experiment_(experiment) {}

  Status Read(const toml::table& root);

 private:
  Status At(const toml::source_region& place, std::string_view sentence) const {
    return Status::InvalidArgument(fmt::format("{}:{}: {}", path_, place.begin.line, sentence));
  }
  Status At(const toml::source_region& place, const Status& status) const {
    return status.Annotate(fmt::format("{}:{}", path_, place.begin.line));
  }

  Status ReadRoot(const toml::key& key, const toml::node& node);
  Status ReadName(const toml::node& node);
  Status ReadTitle(const toml::node& node);
  Status ReadGroup(const toml::key& key, const toml::node& node);
  Status ReadSweep(const toml::node& node, const std::string& prefix);
  Status ReadAxis(const toml::key& key, const std::string& name, const toml::node& node);
  Status ReadVariant(const toml::node& node);
  Status ReadVariantSettings(const toml::table& table, const std::string& prefix, Variant* variant);
  Status CheckNotSwept(const Variant& variant, const toml::source_region& place) const;
  Status ReadFigure(const toml::node& node);
  Status ReadCriterion(const toml::node& node);
  Status CheckSelection(const toml::table& table, const std::string& prefix);
  Status CheckSelections(const toml::node& node);
  Status CheckSelected(const std::string& name, const toml::node& value);
  Status CheckVariantNames() const;
  Status CheckKnown(const toml::node& node, std::string_view what, const std::string& name,
                    const std::string& directory) const;
  Result<std::string> Field(std::string_view name, const toml::node& node) const;
  Result<std::vector<SettingText>> Fields(const toml::table& table) const;
  template <class ReadOne>
  Status ReadArrayOfTables(const toml::key& key, const toml::node& node, ReadOne read_one);

  Result<std::string> Canonical(const std::string& name, const toml::node& node) const;
  Result<std::string> Text(std::string_view name, const toml::node& node) const;
  std::string WorkloadPath(const std::string& name) const;

  const std::string path_;
  Experiment* const experiment_;
  // Where each variant stands; the whole file must be read before it can be checked.
  std::vector<std::pair<size_t, toml::source_region>> variant_places_;
  // The variants that criteria select, and where.
  std::vector<std::pair<std::string, toml::source_region>> selected_variants_;
};

// A scalar as the text that a command line would hold.
Result<std::string> Reader::Text(std::string_view name, const toml::node& node) const {
  if (const auto* string = node.as_string()) return string->get();
  if (const auto* integer = node.as_integer()) return fmt::format("{}", integer->get());
  if (const auto* number = node.as_floating_point()) return fmt::format("{}", number->get());
  if (const auto* flag = node.as_boolean()) return std::string(flag->get() ? "true" : "false");
  if (node.is_array()) {
    return At(node.source(), fmt::format("{} takes one value here; lists belong in [sweep]", name));
  }
  return At(node.source(), fmt::format("{} takes text, a number, true or false", name));
}

// A workload file beside the experiment is meant before any other.
std::string Reader::WorkloadPath(const std::string& name) const {
  if (!workloads::IsWorkloadPath(name)) return name;
  const fs::path beside = fs::path(path_).parent_path() / name;
  std::error_code error;
  const fs::path path = fs::exists(beside, error) ? beside : fs::path(name);
  return fs::absolute(path, error).lexically_normal().string();
}

// The canonical text of a setting, or why it cannot have this value.
Result<std::string> Reader::Canonical(const std::string& name, const toml::node& node) const {
  Result<std::string> text = Text(name, node);
  if (!text.ok()) return text;
  TrialSpec scratch;
  const std::string value = name == "trial.workload" ? WorkloadPath(*text) : *text;
  const Status set = SetTrialSetting(&scratch, name, value);
  if (!set.ok()) return At(node.source(), set);
  return TrialSettingText(scratch, name);
}

// Becomes part of the names of directories.
Status Reader::ReadName(const toml::node& node) {
  const auto* name = node.as_string();
  const bool plain = name != nullptr && !name->get().empty() &&
                     name->get().find_first_of("/\n") == std::string::npos;
  if (!plain) return At(node.source(), "name takes text without a slash");
  experiment_->name = name->get();
  return Status();
}

Status Reader::ReadTitle(const toml::node& node) {
  const auto* title = node.as_string();
  if (title == nullptr) return At(node.source(), "title takes text");
  experiment_->title = title->get();
  return Status();
}

// [trial], [engine], [workload]; [rocksdb] and its like.
Status Reader::ReadGroup(const toml::key& key, const toml::node& node) {
  const toml::table* table = node.as_table();
  if (table == nullptr) return At(key.source(), fmt::format("{0} is a table: [{0}]", key.str()));
  for (const auto& [name, value] : InFileOrder(*table)) {
    const std::string full_name = fmt::format("{}.{}", key.str(), name->str());
    const Result<std::string> text = Canonical(full_name, *value);
    if (!text.ok()) return text.status();
    const Status set = SetTrialSetting(&experiment_->base, full_name, *text);
    if (!set.ok()) return At(name->source(), set);
  }
  return Status();
}

// "engine.x" = [...] as one quoted key, or engine.x = [...] as TOML's nested tables.
Status Reader::ReadSweep(const toml::node& node, const std::string& prefix) {
  const toml::table* table = node.as_table();
  if (table == nullptr) return At(node.source(), "sweep is a table: [sweep]");
  for (const auto& [key, value] : InFileOrder(*table)) {
    const std::string name = prefix + std::string(key->str());
    const Status read =
        value->is_table() ? ReadSweep(*value, name + ".") : ReadAxis(*key, name, *value);
    if (!read.ok()) return read;
  }
  return Status();
}

Status Reader::ReadAxis(const toml::key& key, const std::string& name, const toml::node& node) {
  if (name == "trial.repetitions") {
    return At(key.source(), "trial.repetitions cannot be swept; set it in [trial]");
  }
  const toml::array* values = node.as_array();
  if (values == nullptr || values->empty()) {
    return At(key.source(), fmt::format("{} needs a list of values in [sweep]", name));
  }
  SweepAxis axis;
  axis.name = name;
  for (const toml::node& value : *values) {
    const Result<std::string> text = Canonical(name, value);
    if (!text.ok()) return text.status();
    if (std::find(axis.values.begin(), axis.values.end(), *text) != axis.values.end()) {
      return At(value.source(), fmt::format("{} has the value \"{}\" twice", name, *text));
    }
    axis.values.push_back(*text);
  }
  experiment_->sweep.push_back(std::move(axis));
  return Status();
}

Status Reader::ReadVariantSettings(const toml::table& table, const std::string& prefix,
                                   Variant* variant) {
  for (const auto& [key, value] : InFileOrder(table)) {
    const std::string name = prefix + std::string(key->str());
    if (name == "name") continue;
    if (value->is_table()) {
      const Status read = ReadVariantSettings(*value->as_table(), name + ".", variant);
      if (!read.ok()) return read;
      continue;
    }
    if (name == "trial.repetitions") {
      return At(key->source(), "trial.repetitions cannot vary; set it in [trial]");
    }
    Result<std::string> text = Canonical(name, *value);
    if (!text.ok()) return text.status();
    variant->settings.push_back({name, std::move(text).value()});
  }
  return Status();
}

Status Reader::ReadVariant(const toml::node& node) {
  const toml::table& table = *node.as_table();
  const auto* name = table["name"].as_string();
  if (name == nullptr || name->get().empty()) {
    return At(node.source(), "a [[variant]] needs a name");
  }
  for (const Variant& other : experiment_->variants) {
    if (other.name != name->get()) continue;
    return At(name->source(), fmt::format("there are two variants called \"{}\"", name->get()));
  }
  Variant variant;
  variant.name = name->get();
  const Status read = ReadVariantSettings(table, "", &variant);
  if (!read.ok()) return read;
  variant_places_.emplace_back(experiment_->variants.size(), node.source());
  experiment_->variants.push_back(std::move(variant));
  return Status();
}

Status Reader::CheckNotSwept(const Variant& variant, const toml::source_region& place) const {
  for (const SettingText& setting : variant.settings) {
    for (const SweepAxis& axis : experiment_->sweep) {
      if (axis.name != setting.name) continue;
      return At(place, fmt::format("{} is set by variant \"{}\" and by [sweep]", setting.name,
                                   variant.name));
    }
  }
  return Status();
}

// Whether a directory of the analysis has a module of that name.
Status Reader::CheckKnown(const toml::node& node, std::string_view what, const std::string& name,
                          const std::string& directory) const {
  const std::vector<std::string> names = ListModules(directory);
  if (names.empty() || std::find(names.begin(), names.end(), name) != names.end()) {
    return Status();
  }
  return At(node.source(), UnknownName(what, name, names));
}

// A scalar, or a list or table of them, as TOML writes it.
Result<std::string> Reader::Field(std::string_view name, const toml::node& node) const {
  if (const toml::array* list = node.as_array()) {
    std::vector<std::string> texts;
    for (const toml::node& element : *list) {
      const Result<std::string> text = Field(name, element);
      if (!text.ok()) return text;
      texts.push_back(*text);
    }
    return fmt::format("[{}]", fmt::join(texts, ", "));
  }
  if (const toml::table* table = node.as_table()) {
    const Result<std::vector<SettingText>> fields = Fields(*table);
    if (!fields.ok()) return fields.status();
    std::vector<std::string> texts;
    for (const SettingText& field : *fields) {
      texts.push_back(fmt::format("{} = {}", TomlString(field.name), field.text));
    }
    return fmt::format("{{ {} }}", fmt::join(texts, ", "));
  }
  const Result<std::string> text = Text(name, node);
  return text.ok() && node.is_string() ? TomlString(*text) : text;
}

Result<std::vector<SettingText>> Reader::Fields(const toml::table& table) const {
  std::vector<SettingText> fields;
  for (const auto& [key, value] : InFileOrder(table)) {
    const Result<std::string> text = Field(key->str(), *value);
    if (!text.ok()) return text.status();
    fields.push_back({std::string(key->str()), *text});
  }
  return fields;
}

Status Reader::ReadFigure(const toml::node& node) {
  const toml::table& table = *node.as_table();
  const auto* kind = table["kind"].as_string();
  if (kind == nullptr) return At(node.source(), "a [[figure]] needs a kind");
  const Status known = CheckKnown(*kind, "figure", kind->get(), FiguresDirectory());
  if (!known.ok()) return known;
  Result<std::vector<SettingText>> fields = Fields(table);
  if (!fields.ok()) return fields.status();
  experiment_->figures.push_back({std::move(*fields)});
  return Status();
}

// { variant = "lazy", "engine.size_ratio" = 10 }: a value, or a list of which any will do.
Status Reader::CheckSelection(const toml::table& table, const std::string& prefix) {
  for (const auto& [key, node] : InFileOrder(table)) {
    const std::string name = prefix + std::string(key->str());
    if (const toml::table* inner = node->as_table()) {
      if (Status checked = CheckSelection(*inner, name + "."); !checked.ok()) return checked;
      continue;
    }
    const toml::array* values = node->as_array();
    const size_t count = values == nullptr ? 1 : values->size();
    for (size_t i = 0; i < count; ++i) {
      const Status checked = CheckSelected(name, values == nullptr ? *node : *values->get(i));
      if (!checked.ok()) return checked;
    }
  }
  return Status();
}

Status Reader::CheckSelected(const std::string& name, const toml::node& value) {
  if (name == "workload" || name == "repetition") return Status();
  if (name != "variant") return Canonical(name, value).status();
  selected_variants_.emplace_back(value.value_or(std::string()), value.source());
  return Status();
}

// Every selection in a value.
Status Reader::CheckSelections(const toml::node& node) {
  if (const toml::table* table = node.as_table()) return CheckSelection(*table, "");
  const toml::array* list = node.as_array();
  if (list == nullptr) return Status();
  for (const toml::node& element : *list) {
    if (Status checked = CheckSelections(element); !checked.ok()) return checked;
  }
  return Status();
}

Status Reader::ReadCriterion(const toml::node& node) {
  const toml::table& table = *node.as_table();
  for (const char* name : {"claim", "row", "check"}) {
    if (table[name].as_string() != nullptr) continue;
    return At(node.source(), fmt::format("a [[criterion]] needs a {}", name));
  }
  const auto* check = table["check"].as_string();
  const Status known = CheckKnown(*check, "check", check->get(), CriteriaDirectory());
  if (!known.ok()) return known;
  const std::string path = fmt::format("{}/{}.py", CriteriaDirectory(), check->get());
  const std::vector<std::string> parameters = CheckParameters(path);
  for (const auto& [key, value] : InFileOrder(table)) {
    const std::string name(key->str());
    const bool allowed = parameters.empty() || name == "claim" || name == "row" ||
                         name == "check" ||
                         std::find(parameters.begin(), parameters.end(), name) != parameters.end();
    if (!allowed) {
      const std::string what = fmt::format("parameter of check {}", check->get());
      return At(key->source(), UnknownName(what, name, parameters));
    }
    if (Status checked = CheckSelections(*value); !checked.ok()) return checked;
  }
  Result<std::vector<SettingText>> fields = Fields(table);
  if (!fields.ok()) return fields.status();
  experiment_->criteria.push_back({std::move(*fields)});
  return Status();
}

Status Reader::CheckVariantNames() const {
  std::vector<std::string> names;
  for (const Variant& variant : experiment_->variants) names.push_back(variant.name);
  for (const auto& [name, place] : selected_variants_) {
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    return At(place, UnknownName("variant", name, names));
  }
  return Status();
}

template <class ReadOne>
Status Reader::ReadArrayOfTables(const toml::key& key, const toml::node& node, ReadOne read_one) {
  const toml::array* array = node.as_array();
  if (array == nullptr) {
    return At(key.source(), fmt::format("write [[{0}]] for each {0}", key.str()));
  }
  for (const toml::node& element : *array) {
    if (!element.is_table()) {
      return At(element.source(), fmt::format("write [[{0}]] for each {0}", key.str()));
    }
    const Status read = (this->*read_one)(element);
    if (!read.ok()) return read;
  }
  return Status();
}

Status Reader::ReadRoot(const toml::key& key, const toml::node& node) {
  const std::string_view name = key.str();
  if (name == "name") return ReadName(node);
  if (name == "title") return ReadTitle(node);
  const StoreKind* store = FindStoreKind(name);
  const bool own = store != nullptr && !store->package.empty();
  if (own || name == "trial" || name == "engine" || name == "workload") {
    return ReadGroup(key, node);
  }
  if (name == "sweep") return ReadSweep(node, "");
  if (name == "variant") return ReadArrayOfTables(key, node, &Reader::ReadVariant);
  if (name == "figure") return ReadArrayOfTables(key, node, &Reader::ReadFigure);
  if (name == "criterion") return ReadArrayOfTables(key, node, &Reader::ReadCriterion);
  std::vector<std::string> names = {"name",  "title",   "trial",  "engine",   "workload",
                                    "sweep", "variant", "figure", "criterion"};
  for (const StoreKind& kind : StoreKinds()) {
    if (!kind.package.empty()) names.emplace_back(kind.name);
  }
  return At(key.source(), UnknownName("key", name, names));
}

Status Reader::Read(const toml::table& root) {
  for (const auto& [key, node] : InFileOrder(root)) {
    const Status read = ReadRoot(*key, *node);
    if (!read.ok()) return read;
  }
  for (const auto& [variant, place] : variant_places_) {
    const Status consistent = CheckNotSwept(experiment_->variants[variant], place);
    if (!consistent.ok()) return consistent;
  }
  if (Status selected = CheckVariantNames(); !selected.ok()) return selected;
  if (experiment_->title.empty()) {
    return Status::InvalidArgument(fmt::format("{}: the title is missing", path_));
  }
  return Status();
}

}  // namespace

Result<Experiment> ParseExperiment(const std::string& text, const std::string& path) {
  Experiment experiment;
  experiment.name = fs::path(path).stem().string();
  experiment.source = path;
  try {
    const Status read = Reader(path, &experiment).Read(toml::parse(text));
    if (!read.ok()) return read;
  } catch (const toml::parse_error& error) {
    return Status::InvalidArgument(
        fmt::format("{}:{}: {}", path, error.source().begin.line, error.description()));
  }
  experiment.base.experiment = experiment.name;
  experiment.base.title = experiment.title;
  return experiment;
}

Result<Experiment> LoadExperiment(const std::string& path) {
  const Result<std::string> text = ReadTextFile(path);
  if (!text.ok()) return text.status();
  return ParseExperiment(*text, path);
}

namespace {

// Every experiment file in a directory and in its folders, sorted by its name.
std::vector<fs::path> FilesOf(const std::string& directory) {
  std::vector<fs::path> files;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(directory, error)) {
    if (entry.path().extension() == ".toml") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end(),
            [](const fs::path& a, const fs::path& b) { return a.stem() < b.stem(); });
  return files;
}

}  // namespace

Result<std::string> FindExperiment(const std::string& name, const std::string& directory) {
  std::error_code error;
  if (name.find('/') != name.npos || name.ends_with(".toml")) {
    if (fs::is_regular_file(name, error)) return name;
    return Status::NotFound(fmt::format("there is no file {}", name));
  }
  std::vector<std::string> names;
  for (const fs::path& file : FilesOf(directory)) {
    if (file.stem() == name) return file.string();
    names.push_back(file.stem().string());
  }
  return Status::NotFound(UnknownName("experiment", name, names));
}

std::vector<ExperimentEntry> ListExperiments(const std::string& directory) {
  std::vector<ExperimentEntry> entries;
  for (const fs::path& file : FilesOf(directory)) {
    const auto experiment = LoadExperiment(file.string());
    entries.push_back(
        {file.stem().string(), file.string(),
         experiment.ok() ? experiment->title : std::string(experiment.status().message())});
  }
  return entries;
}

}  // namespace varve::harness
