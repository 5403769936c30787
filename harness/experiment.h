// Experiment: a question as a file: settings, a sweep, named variants, figures,
// criteria (DESIGN §9).
//
// A value. Read by experiment_file, turned into trials by plan, carried out by runner. Writing it
// and reading that again gives the same experiment.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/options.h"
#include "engine/status.h"
#include "harness/trial_spec.h"

namespace varve::harness {

// One axis of the sweep: a setting with its prefix, and the texts of its values.
struct SweepAxis {
  std::string name;
  std::vector<std::string> values;
};

// A named alternative: settings with their prefixes.
struct Variant {
  std::string name;
  std::vector<SettingText> settings;
};

// A figure for the report: "kind" and whatever the figure takes, each text as TOML writes it.
struct Figure {
  std::vector<SettingText> fields;
};

// What the results must show: "claim", "row" (of which figure), "check" and whatever the check
// takes, each text as TOML writes it.
struct Criterion {
  std::vector<SettingText> fields;
};

struct Experiment {
  std::string name;    // what the file says, or its own name without ".toml"
  std::string title;   // one line
  std::string source;  // what messages call it: the path of the file; "" if there is none
  TrialSpec base;      // what holds for all trials
  std::vector<SweepAxis> sweep;
  std::vector<Variant> variants;
  std::vector<Figure> figures;
  std::vector<Criterion> criteria;
};

// Sets a setting of the whole experiment from the command line. A swept setting then has only
// this value; one that the variants tell apart is refused.
Status OverrideSetting(Experiment* experiment, std::string_view name, std::string_view text);

// A TOML basic string, in its quotes.
std::string TomlString(std::string_view text);

// The experiment as a file that spells every setting out. ParseExperiment reads it back.
std::string ExperimentToToml(const Experiment& experiment);

}  // namespace varve::harness
