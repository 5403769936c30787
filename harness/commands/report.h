// The report of a results directory, which the Python side makes.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "engine/status.h"

namespace varve::harness {

// Runs `$VARVE_PYTHON -m analysis.report DIR` in the foreground; does nothing without that
// variable, which the script ./varve sets. With `strict`, a criterion that is not met is an error.
Status MakeReport(const std::string& directory, bool strict);

}  // namespace varve::harness
