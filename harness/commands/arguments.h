// Command lines: Boost.Program_options, with help pages, nearest names and one exit status.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/program_options/options_description.hpp>
#include <boost/program_options/positional_options.hpp>
#include <boost/program_options/variables_map.hpp>
#include <optional>
#include <string>
#include <vector>

#include "engine/options.h"
#include "harness/commands/command.h"

namespace varve::harness {

namespace po = boost::program_options;

// What `--help` prints around the options.
struct HelpPage {
  std::string command;
  std::string usage;     // "run NAME|FILE [options]"
  std::string about;     // what it does; lines of at most 80 columns
  std::string examples;  // one a line
  std::string exit_status = "0 done, 1 failed, 2 wrong command line";
};

// What a command line may hold. A positional argument is an option that `options` does not show.
struct Syntax {
  HelpPage page;
  po::options_description options;
  po::options_description hidden;
  po::positional_options_description positional;

  explicit Syntax(HelpPage help_page);
};

// The values, or nothing if the command has to end at once with *exit_status: help was asked for
// and has been printed, or the command line is wrong and that has been said.
std::optional<po::variables_map> ParseArguments(const Syntax& syntax, const Arguments& arguments,
                                                int* exit_status);

// Adds --trial.x, --engine.x and --workload.x for every setting there is, each with its help,
// range and default.
void AddSettings(Syntax* syntax);
// The same for --workload.x alone, for --engine.x alone, and for the settings of a simulation,
// which have no prefix.
void AddWorkloadProperties(Syntax* syntax);
void AddEngineSettings(Syntax* syntax);
void AddSimulationSettings(Syntax* syntax);
// Those that were given, with their prefix.
std::vector<SettingText> GivenSettings(const po::variables_map& values);

// The text of option `name`, or "".
std::string TextOr(const po::variables_map& values, const std::string& name);

}  // namespace varve::harness
