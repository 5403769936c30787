// Attending to a trial that runs on another thread, so that an interruption is never kept waiting.
//
// Called by trial.cc.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>

#include "engine/status.h"
#include "harness/phase.h"
#include "harness/trial.h"

namespace varve::harness {

// Runs `work` on a thread of its own, tells context.progress about once a second what it has
// published, and returns its status. When context.interrupted is set, `control` is interrupted and
// the work has 0.7 s to end by itself; after that kIndeterminate is returned while it still runs:
// it must own everything that it uses, and may use nothing of the context.
Status Attend(const TrialContext& context, const std::shared_ptr<TrialControl>& control,
              std::function<Status()> work);

}  // namespace varve::harness
