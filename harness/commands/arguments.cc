// Parses command lines.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/commands/arguments.h"

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <boost/program_options/errors.hpp>
#include <boost/program_options/parsers.hpp>
#include <iostream>
#include <sstream>

#include "engine/setting_text.h"
#include "harness/simulation.h"
#include "harness/store.h"
#include "harness/trial_spec.h"
#include "workloads/workload.h"

namespace varve::harness {
namespace {

constexpr unsigned kColumns = 100;
constexpr unsigned kHelpColumns = 60;

void AddSetting(po::options_description* group, const std::string& name, std::string_view help,
                const std::string& range, const std::string& usual) {
  const std::string choices = range.empty() ? "" : fmt::format(" [{}]", range);
  const std::string text =
      fmt::format("{}{}; usually {}", help, choices, usual.empty() ? "nothing" : usual);
  group->add_options()(name.c_str(), po::value<std::string>()->value_name("X"), text.c_str());
}

template <class Struct>
void AddStruct(const std::string& prefix, po::options_description* group) {
  const Struct defaults;
  Struct::ForEach(defaults, [&](const Setting& setting, const auto& field) {
    AddSetting(group, prefix + std::string(setting.name), setting.help, SettingRange(setting),
               FormatSetting(setting, field));
  });
}

void AddWorkload(po::options_description* group) {
  const workloads::Workload defaults;
  const std::vector<workloads::PropertyText> texts = workloads::PropertyTexts(defaults);
  size_t i = 0;
  for (const workloads::Property& property : workloads::Properties()) {
    std::vector<std::string_view> choices;
    for (const workloads::Choice& choice : workloads::ChoicesOf(property.table)) {
      choices.push_back(choice.name);
    }
    std::string range = fmt::format("{}", fmt::join(choices, ", "));
    if (property.kind == workloads::PropertyKind::kHistogram) {
      range = "a file, or its bins";
    } else if (choices.empty() && property.kind != workloads::PropertyKind::kText) {
      range = fmt::format("{} to {}", property.min, property.max);
    }
    AddSetting(group, "workload." + std::string(property.name), property.help, range,
               texts[i++].text);
  }
}

std::vector<std::string> OptionNames(const Syntax& syntax) {
  std::vector<std::string> names;
  for (const auto& option : syntax.options.options()) {
    names.push_back("--" + option->long_name());
  }
  for (const std::string& name : OwnSettingNames()) {
    if (syntax.hidden.find_nothrow(name, false) != nullptr) names.push_back("--" + name);
  }
  return names;
}

// "rocksdb.x" where RocksDB was not built: that is the reason why it is unknown.
Status CheckOwnerBuilt(const std::string& option) {
  const StoreKind* kind = FindStoreKind(option.substr(0, option.find('.')));
  return kind == nullptr ? Status() : CheckStoreKind(kind->name);
}

void PrintHelp(const Syntax& syntax) {
  const HelpPage& page = syntax.page;
  std::ostringstream options;
  options << syntax.options;
  fmt::print("Usage: varve {}\n\n{}\n{}", page.usage, page.about, options.str());
  if (!page.examples.empty()) fmt::print("\nExamples:\n{}", page.examples);
  fmt::print("\nExit status: {}.\n", page.exit_status);
}

std::string WithoutDashes(const std::string& option) {
  const size_t begin = option.find_first_not_of('-');
  return begin == std::string::npos ? option : option.substr(begin);
}

// Boost's exceptions as one sentence.
std::string Sentence(const Syntax& syntax, const po::error& error) {
  if (const auto* unknown = dynamic_cast<const po::unknown_option*>(&error)) {
    const std::string option = WithoutDashes(unknown->get_option_name());
    const Status built = CheckOwnerBuilt(option);
    return built.ok() ? UnknownName("option", "--" + option, OptionNames(syntax))
                      : std::string(built.message());
  }
  if (dynamic_cast<const po::too_many_positional_options_error*>(&error) != nullptr) {
    return "there is an argument too many";
  }
  return error.what();
}

}  // namespace

Syntax::Syntax(HelpPage help_page)
    : page(std::move(help_page)), options("Options", kColumns, kHelpColumns) {
  options.add_options()("help,h", "this page");
}

std::optional<po::variables_map> ParseArguments(const Syntax& syntax, const Arguments& arguments,
                                                int* exit_status) {
  po::options_description all;
  all.add(syntax.options).add(syntax.hidden);
  po::variables_map values;
  const int style = po::command_line_style::unix_style & ~po::command_line_style::allow_guessing;
  try {
    po::store(po::command_line_parser(arguments)
                  .options(all)
                  .positional(syntax.positional)
                  .style(style)
                  .run(),
              values);
    // Before the check for what is missing: help is always there.
    if (values.count("help") == 0) {
      po::notify(values);
      return values;
    }
  } catch (const po::error& error) {
    *exit_status = FailUsage(syntax.page.command, Sentence(syntax, error));
    return std::nullopt;
  }
  PrintHelp(syntax);
  *exit_status = kExitOk;
  return std::nullopt;
}

void AddSettings(Syntax* syntax) {
  po::options_description trial("Settings of a trial", kColumns, kHelpColumns);
  AddStruct<TrialSettings>("trial.", &trial);
  syntax->options.add(trial);
  AddEngineSettings(syntax);
  AddWorkloadProperties(syntax);
  for (const std::string& name : OwnSettingNames()) {
    syntax->hidden.add_options()(name.c_str(), po::value<std::string>());
  }
}

void AddWorkloadProperties(Syntax* syntax) {
  po::options_description workload("Properties of the workload, over its file", kColumns,
                                   kHelpColumns);
  AddWorkload(&workload);
  syntax->options.add(workload);
}

void AddEngineSettings(Syntax* syntax) {
  po::options_description engine("Settings of the engine", kColumns, kHelpColumns);
  AddStruct<Options>("engine.", &engine);
  syntax->options.add(engine);
}

void AddSimulationSettings(Syntax* syntax) {
  po::options_description simulation("Settings of the simulation", kColumns, kHelpColumns);
  AddStruct<SimulationSettings>("", &simulation);
  syntax->options.add(simulation);
}

std::vector<SettingText> GivenSettings(const po::variables_map& values) {
  std::vector<SettingText> given;
  for (const std::string& name : TrialSettingNames()) {
    if (values.count(name) != 0) given.push_back({name, values[name].as<std::string>()});
  }
  for (const std::string& name : OwnSettingNames()) {
    if (values.count(name) != 0) given.push_back({name, values[name].as<std::string>()});
  }
  return given;
}

std::string TextOr(const po::variables_map& values, const std::string& name) {
  return values.count(name) == 0 ? "" : values[name].as<std::string>();
}

}  // namespace varve::harness
