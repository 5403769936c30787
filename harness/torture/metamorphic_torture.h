// Metamorphic torture: the same random operations under many configurations, all answers equal.
//
// A cycle makes one sequence and runs it under every named configuration, under the covering ones
// (all pairs of settings) and under a few random ones, each in a new file system in memory; and one
// on the real file system, if there is a directory. The answers of each are compared with those of
// a model, a std::map of versions, and so with each other. The first difference is reduced to a
// few operations, which are the report's `replay`.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "harness/torture/configurations.h"
#include "harness/torture/operation_log.h"
#include "harness/torture/subject.h"
#include "harness/torture/torture.h"

namespace varve::harness {

TortureReport RunMetamorphicTorture(const TortureOptions& options);

// Runs the text of a log (`--replay FILE`) once a cycle; one cycle if the options do not say. The
// answers are those of the model, or the failure says where they first differ.
TortureReport ReplayMetamorphic(std::string_view text, const TortureOptions& options);

// Makes the subject whose answers are tested.
using MakeSubject = std::function<std::unique_ptr<Subject>(const Options& options)>;

// A subject whose files are in memory and go with it. A listener must outlive it.
std::unique_ptr<Subject> NewMemorySubject(const Options& options,
                                          EventListener* listener = nullptr);

// Runs a log against model and subject, up to `attempts` times (what threads do is not the same
// each time). nullopt: no difference.
std::optional<Difference> RunLog(const OperationLog& log, const MakeSubject& make, int attempts);

}  // namespace varve::harness
