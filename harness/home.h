// Home: where the program finds the workloads, experiments, figures and checks that come with it.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace varve::harness {

// $VARVE_HOME, or the nearest directory above the program that holds `experiments` and
// `workloads`, or "." if there is none.
std::string HomeDirectory();

std::string WorkloadsDirectory();
std::string ExperimentsDirectory();
std::string FiguresDirectory();
std::string CriteriaDirectory();
// Where results go unless the command line says otherwise.
std::string ResultsDirectoryPath();

// The path of the running program, for starting it again.
std::string ProgramPath();

}  // namespace varve::harness
