// list: every table that a setting, a file or a command line can name something of.
//
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "engine/parts.h"
#include "engine/setting_text.h"
#include "harness/commands/arguments.h"
#include "harness/commands/command.h"
#include "harness/experiment_file.h"
#include "harness/home.h"
#include "harness/pacing.h"
#include "harness/python_modules.h"
#include "harness/store.h"
#include "harness/trial_spec.h"
#include "workloads/workload_file.h"
#include "workloads/ycsb_properties.h"

namespace varve::harness {
namespace {

struct Row {
  std::string name;
  std::string help;
};
struct Table {
  std::string name;
  std::string help;
  std::vector<Row> rows;
  bool only_by_name = false;  // too long for the list of everything
};

Syntax ListSyntax() {
  Syntax syntax(
      {"list", "list [TABLE]",
       "Prints stores, workloads, experiments, figures, checks and every table of parts, or\n"
       "one of them. `list settings` prints every setting with its range and its usual value,\n"
       "`list rocksdb` and its like those of one store, `list ycsb` what becomes of every\n"
       "property of YCSB.\n",
       "  varve list\n  varve list memtable\n  varve list settings\n"});
  syntax.hidden.add_options()("table", po::value<std::string>());
  syntax.positional.add("table", 1);
  return syntax;
}

Table Modules(std::string name, std::string help, const std::string& directory) {
  Table table = {std::move(name), std::move(help), {}, false};
  for (const std::string& module : ListModules(directory)) {
    table.rows.push_back({module, DocstringOf(fmt::format("{}/{}.py", directory, module))});
  }
  return table;
}

Table Settings() {
  Table table = {"settings", "what can be set, swept and overridden", {}, true};
  const auto add = [&](const std::string& prefix, const Setting& setting, const std::string& now) {
    const std::string range = SettingRange(setting);
    table.rows.push_back(
        {prefix + std::string(setting.name),
         fmt::format("{}; {}{}usually {}", setting.help, range, range.empty() ? "" : "; ", now)});
  };
  const TrialSettings trial;
  TrialSettings::ForEach(trial, [&](const Setting& setting, const auto& field) {
    add("trial.", setting, FormatSetting(setting, field));
  });
  const Options engine;
  Options::ForEach(engine, [&](const Setting& setting, const auto& field) {
    add("engine.", setting, FormatSetting(setting, field));
  });
  const workloads::Workload workload;
  const std::vector<workloads::PropertyText> texts = workloads::PropertyTexts(workload);
  size_t i = 0;
  for (const workloads::Property& property : workloads::Properties()) {
    table.rows.push_back({"workload." + std::string(property.name),
                          fmt::format("{}; usually {}", property.help, texts[i++].text)});
  }
  return table;
}

// "RocksDB: LSM-tree; 7.8.3", or what brings it.
std::string StoreHelp(const StoreKind& kind) {
  if (kind.library != nullptr) return fmt::format("{}; {}", kind.help, kind.library->version());
  if (kind.built()) return std::string(kind.help);
  return fmt::format("{}; NOT BUILT: needs {} (`./varve setup --peers`)", kind.help, kind.package);
}

Table Stores() {
  Table table = {"stores", "engines under test", {}, false};
  for (const StoreKind& kind : StoreKinds()) {
    table.rows.push_back({std::string(kind.name), StoreHelp(kind)});
  }
  return table;
}

// One table for each store of another library, by its name.
void AddOwnSettings(std::vector<Table>* tables) {
  for (const StoreKind& kind : StoreKinds()) {
    if (kind.library == nullptr) continue;
    const std::string name(kind.name);
    Table table = {name, fmt::format("settings of the store {}, as {}.…", name, name), {}, true};
    for (OwnSetting& own : kind.library->own_settings()) {
      table.rows.push_back({fmt::format("{}.{}", name, own.name), std::move(own.help)});
    }
    tables->push_back(std::move(table));
  }
}

Table YcsbTable() {
  Table table = {"ycsb", "properties of YCSB, for bench -P and -p", {}, true};
  for (const workloads::YcsbPropertyHelp& property : workloads::YcsbProperties()) {
    table.rows.push_back({std::string(property.name),
                          fmt::format("{}; usually {}", property.treatment,
                                      property.fallback.empty() ? "nothing" : property.fallback)});
  }
  return table;
}

void AddParts(std::vector<Table>* tables) {
  for (const PartTable& part_table : PartTables()) {
    Table table = {std::string(part_table.name), std::string(part_table.help), {}, false};
    for (const NamedPart& part : part_table.parts) {
      table.rows.push_back({std::string(part.name), std::string(part.help)});
    }
    tables->push_back(std::move(table));
  }
}

void AddChoices(std::vector<Table>* tables) {
  for (const workloads::Property& property : workloads::Properties()) {
    const std::string name(property.table);
    const bool seen = std::any_of(tables->begin(), tables->end(),
                                  [&](const Table& table) { return table.name == name; });
    if (name.empty() || seen) continue;
    Table table = {name, std::string(property.help), {}, false};
    for (const workloads::Choice& choice : workloads::ChoicesOf(name)) {
      table.rows.push_back({std::string(choice.name), std::string(choice.help)});
    }
    tables->push_back(std::move(table));
  }
}

std::vector<Table> AllTables() {
  std::vector<Table> tables;
  Table arrivals = {"arrivals", "when operations begin", {}, false};
  for (const ArrivalKind& kind : ArrivalKinds()) {
    arrivals.rows.push_back({std::string(kind.name), std::string(kind.help)});
  }
  Table gaps = {"arrival_gaps", "how far apart operations begin at a given rate", {}, false};
  for (const ArrivalKind& kind : ArrivalGapKinds()) {
    gaps.rows.push_back({std::string(kind.name), std::string(kind.help)});
  }
  Table workload_files = {"workloads", "files in workloads/", {}, false};
  for (const auto& entry : workloads::ListWorkloads(WorkloadsDirectory())) {
    workload_files.rows.push_back({entry.name, entry.title});
  }
  Table experiments = {"experiments", "files in experiments/", {}, false};
  for (const ExperimentEntry& entry : ListExperiments(ExperimentsDirectory())) {
    experiments.rows.push_back({entry.name, entry.title});
  }
  tables.push_back(Stores());
  tables.push_back(std::move(arrivals));
  tables.push_back(std::move(gaps));
  tables.push_back(std::move(workload_files));
  tables.push_back(std::move(experiments));
  tables.push_back(Modules("figures", "kinds of figure for [[figure]]", FiguresDirectory()));
  tables.push_back(Modules("checks", "kinds of check for [[criterion]]", CriteriaDirectory()));
  AddParts(&tables);
  AddChoices(&tables);
  tables.push_back(Settings());
  AddOwnSettings(&tables);
  tables.push_back(YcsbTable());
  return tables;
}

void Print(const Table& table) {
  size_t width = 0;
  for (const Row& row : table.rows) width = std::max(width, row.name.size());
  fmt::print("{}: {}\n", table.name, table.help);
  for (const Row& row : table.rows) fmt::print("  {:{}}  {}\n", row.name, width, row.help);
}

}  // namespace

int ListCommand(const Arguments& arguments) {
  int exit_status = kExitOk;
  const auto values = ParseArguments(ListSyntax(), arguments, &exit_status);
  if (!values) return exit_status;
  const std::vector<Table> tables = AllTables();
  const std::string wanted = TextOr(*values, "table");
  std::vector<std::string> names;
  bool first = true;
  for (const Table& table : tables) {
    names.push_back(table.name);
    const bool shown = wanted.empty() ? !table.only_by_name : table.name == wanted;
    if (!shown) continue;
    if (!first) fmt::print("\n");
    Print(table);
    first = false;
  }
  return first ? FailUsage("list", UnknownName("table", wanted, names)) : kExitOk;
}

}  // namespace varve::harness
