// Experiment files: what is read, what is refused, and with which sentence.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/experiment_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "harness/experiment.h"
#include "tests/paths.h"

namespace varve::harness {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Experiment Parse(const std::string& text) {
  Result<Experiment> experiment = ParseExperiment(text, "dir/test.toml");
  EXPECT_TRUE(experiment.ok()) << experiment.status().message();
  return experiment.ok() ? std::move(experiment).value() : Experiment();
}

std::string ErrorOf(const std::string& text) {
  const Result<Experiment> experiment = ParseExperiment(text, "dir/test.toml");
  return experiment.ok() ? "no error" : std::string(experiment.status().message());
}

constexpr char kWhole[] = R"(# Why?
title = "A \"quoted\" title"
[trial]
workload = "ycsb_c"
repetitions = 5
[engine]
memtable_bytes = "8 MiB"
filter_bits_per_key = 7.5
[workload]
value_bytes = 200
[sweep]
"trial.clients" = [1, 2]
"engine.size_ratio" = [8, 2, 4]
[[variant]]
name = "lazy"
"engine.compaction" = "lazy_leveled"
[[variant]]
name = "plain"
engine.compaction = "leveled"
[[figure]]
kind = "tradeoff"
x = "write_amplification"
)";

TEST(ExperimentFile, IsReadWhole) {
  const Experiment experiment = Parse(kWhole);
  EXPECT_EQ(experiment.name, "test");
  EXPECT_EQ(experiment.title, "A \"quoted\" title");
  EXPECT_EQ(experiment.base.experiment, "test");
  EXPECT_EQ(experiment.base.trial.workload, "ycsb_c");
  EXPECT_EQ(experiment.base.trial.repetitions, 5u);
  EXPECT_EQ(TrialSettingText(experiment.base, "engine.memtable_bytes"), "8 MiB");
  EXPECT_EQ(TrialSettingText(experiment.base, "engine.filter_bits_per_key"), "7.5");
  EXPECT_EQ(TrialSettingText(experiment.base, "workload.value_bytes"), "200");
  ASSERT_EQ(experiment.sweep.size(), 2u);
  EXPECT_EQ(experiment.sweep[0].name, "trial.clients") << "not in the order of the file";
  EXPECT_EQ(experiment.sweep[1].name, "engine.size_ratio");
  EXPECT_THAT(experiment.sweep[1].values, ElementsAre("8", "2", "4"));
  ASSERT_EQ(experiment.variants.size(), 2u);
  EXPECT_EQ(experiment.variants[0].name, "lazy");
  EXPECT_EQ(experiment.variants[1].settings.at(0).name, "engine.compaction");
  EXPECT_EQ(experiment.variants[1].settings.at(0).text, "leveled");
  ASSERT_EQ(experiment.figures.size(), 1u);
  EXPECT_EQ(experiment.figures[0].fields.at(0).text, "\"tradeoff\"");
}

TEST(ExperimentFile, AxesMayBeWrittenAsTomlTables) {
  const Experiment experiment =
      Parse("title = \"t\"\n[sweep]\nengine.size_ratio = [2, 3]\ntrial.clients = [1]\n");
  ASSERT_EQ(experiment.sweep.size(), 2u);
  EXPECT_EQ(experiment.sweep[0].name, "engine.size_ratio");
  EXPECT_EQ(experiment.sweep[1].name, "trial.clients");
}

TEST(ExperimentFile, ValuesOfASweepAreSpeltCanonically) {
  const Experiment experiment =
      Parse("title = \"t\"\n[sweep]\n\"engine.memtable_bytes\" = [1048576, \"2MiB\"]\n");
  EXPECT_THAT(experiment.sweep.at(0).values, ElementsAre("1 MiB", "2 MiB"));
}

TEST(ExperimentFile, ResolvedReadsBackAsTheSame) {
  const std::string resolved = ExperimentToToml(Parse(kWhole));
  Result<Experiment> again = ParseExperiment(resolved, "elsewhere/experiment.toml");
  ASSERT_TRUE(again.ok()) << again.status().message() << "\n" << resolved;
  EXPECT_EQ(again->name, "test");
  EXPECT_EQ(ExperimentToToml(*again), resolved);
  EXPECT_THAT(resolved, HasSubstr("\nmemtable_bytes = \"8 MiB\"\n"));
  EXPECT_THAT(resolved, HasSubstr("\nsize_ratio = 10\n"));
  EXPECT_THAT(resolved, HasSubstr("\nverify = true\n"));
  EXPECT_THAT(resolved, HasSubstr("\"engine.size_ratio\" = [8, 2, 4]\n"));
}

struct BadFile {
  const char* text;
  const char* message;
};

TEST(ExperimentFile, WhatIsWrongIsSaidWithItsPlace) {
  const BadFile cases[] = {
      {"", "dir/test.toml: the title is missing"},
      {"title = 3", "dir/test.toml:1: title takes text"},
      {"title = \"t\"\ntitel = \"u\"\n",
       "dir/test.toml:2: unknown key \"titel\", did you mean \"title\"?"},
      {"title = \"t\"\n[engin]\n",
       "dir/test.toml:2: unknown key \"engin\", did you mean \"engine\"?"},
      {"title = \"t\"\n\n[engine]\nmemtabel = \"skiplist\"\n",
       "dir/test.toml:4: unknown setting \"engine.memtabel\", did you mean \"engine.memtable\"?"},
      {"title = \"t\"\n[engine]\nmemtable = \"skipist\"\n",
       "dir/test.toml:3: engine.memtable: unknown memtable \"skipist\", did you mean "
       "\"skiplist\"?"},
      {"title = \"t\"\n[engine]\nsize_ratio = 1\n",
       "dir/test.toml:3: engine.size_ratio: \"1\" is less than the smallest value, 2"},
      {"title = \"t\"\n[engine]\nsize_ratio = [2, 3]\n",
       "dir/test.toml:3: engine.size_ratio takes one value here; lists belong in [sweep]"},
      {"title = \"t\"\n[trial]\nverify = \"maybe\"\n",
       "dir/test.toml:3: trial.verify: \"maybe\" is neither true nor false"},
      {"title = \"t\"\n[trial]\nseconds = 1979-05-27\n",
       "dir/test.toml:3: trial.seconds takes text, a number, true or false"},
      {"title = \"t\"\ntrial = 3\n", "dir/test.toml:2: trial is a table: [trial]"},
      {"title = \"t\"\nsweep = 3\n", "dir/test.toml:2: sweep is a table: [sweep]"},
      {"title = \"t\"\n[sweep]\n\"engine.size_ratio\" = 3\n",
       "dir/test.toml:3: engine.size_ratio needs a list of values in [sweep]"},
      {"title = \"t\"\n[sweep]\n\"engine.size_ratio\" = []\n",
       "dir/test.toml:3: engine.size_ratio needs a list of values in [sweep]"},
      {"title = \"t\"\n[sweep]\n\"engine.size_ratio\" = [2,\n  2]\n",
       "dir/test.toml:4: engine.size_ratio has the value \"2\" twice"},
      {"title = \"t\"\n[sweep]\n\"engine.size_ratio\" = [2, 99999]\n",
       "dir/test.toml:3: engine.size_ratio: \"99999\" is more than the largest value, 1000"},
      {"title = \"t\"\n[sweep]\n\"size_ratio\" = [2, 3]\n",
       "dir/test.toml:3: unknown setting \"size_ratio\", did you mean \"engine.size_ratio\"?"},
      {"title = \"t\"\n[sweep]\n\"trial.repetitions\" = [2, 3]\n",
       "dir/test.toml:3: trial.repetitions cannot be swept; set it in [trial]"},
      {"title = \"t\"\n[[variant]]\n\"engine.size_ratio\" = 2\n",
       "dir/test.toml:2: a [[variant]] needs a name"},
      {"title = \"t\"\n[[variant]]\nname = \"a\"\n[[variant]]\nname = \"a\"\n",
       "dir/test.toml:5: there are two variants called \"a\""},
      {"title = \"t\"\n[[variant]]\nname = \"a\"\n\"engine.size_ratio\" = 2\n[sweep]\n"
       "\"engine.size_ratio\" = [3]\n",
       "dir/test.toml:2: engine.size_ratio is set by variant \"a\" and by [sweep]"},
      {"title = \"t\"\n[variant]\nname = \"a\"\n",
       "dir/test.toml:2: write [[variant]] for each variant"},
      {"title = \"t\"\n[[figure]]\nx = \"y\"\n", "dir/test.toml:2: a [[figure]] needs a kind"},
      {"title = \"t\"\nname = \"a/b\"\n", "dir/test.toml:2: name takes text without a slash"},
  };
  for (const BadFile& c : cases) EXPECT_EQ(ErrorOf(c.text), c.message) << c.text;
}

TEST(ExperimentFile, WhatIsNotTomlIsSaidWithItsLine) {
  EXPECT_THAT(ErrorOf("title = \"t\"\n[engine\n"), HasSubstr("dir/test.toml:2: "));
  EXPECT_THAT(ErrorOf("title = \"a\"\ntitle = \"b\"\n"), HasSubstr("dir/test.toml:2: "));
  EXPECT_NE(ErrorOf(std::string("title = \"\0\xff\"", 12)), "no error");
}

TEST(ExperimentFile, AnUnknownFigureIsRefused) {
  const std::string message = ErrorOf("title = \"t\"\n\n[[figure]]\nkind = \"tradeof\"\n");
  EXPECT_EQ(message, "dir/test.toml:4: unknown figure \"tradeof\", did you mean \"tradeoff\"?");
}

constexpr char kCriterion[] = R"(title = "t"
[sweep]
"engine.size_ratio" = [4, 10]
[[criterion]]
claim = "lazy writes less"
row = "Figure 9"
check = "ratio"
metric = "write_amplification"
of = { variant = "lazy", "engine.size_ratio" = 10 }
over = { variant = ["lazy", "plain"], engine.memtable_bytes = "64 MiB" }
high = 0.55
[[variant]]
name = "lazy"
[[variant]]
name = "plain"
)";

TEST(ExperimentFile, ACriterionKeepsItsSelectionsWhenItIsWrittenOut) {
  const Experiment experiment = Parse(kCriterion);
  ASSERT_EQ(experiment.criteria.size(), 1u);
  const std::string resolved = ExperimentToToml(experiment);
  EXPECT_THAT(resolved, HasSubstr("\n[[criterion]]\nclaim = \"lazy writes less\"\n"));
  EXPECT_THAT(resolved, HasSubstr("of = { \"variant\" = \"lazy\", \"engine.size_ratio\" = 10 }\n"));
  EXPECT_THAT(resolved, HasSubstr("[\"lazy\", \"plain\"]"));
  EXPECT_EQ(ExperimentToToml(Parse(resolved)), resolved);
}

TEST(ExperimentFile, AMistakeInACriterionIsSaidWithItsPlaceAndTheNearestName) {
  const auto error_with = [](const std::string& right, const std::string& wrong) {
    std::string text = kCriterion;
    text.replace(text.find(right), right.size(), wrong);
    return ErrorOf(text);
  };
  EXPECT_EQ(error_with("claim", "clam"), "dir/test.toml:4: a [[criterion]] needs a claim");
  EXPECT_EQ(error_with("\"ratio\"", "\"ration\""),
            "dir/test.toml:7: unknown check \"ration\", did you mean \"ratio\"?");
  EXPECT_EQ(error_with("over =", "ovr ="),
            "dir/test.toml:10: unknown parameter of check ratio \"ovr\", did you mean \"over\"?");
  EXPECT_EQ(error_with("variant = \"lazy\"", "variant = \"lasy\""),
            "dir/test.toml:9: unknown variant \"lasy\", did you mean \"lazy\"?");
  EXPECT_EQ(error_with("\"engine.size_ratio\" = 10", "\"engine.size_ration\" = 10"),
            "dir/test.toml:9: unknown setting \"engine.size_ration\", did you mean "
            "\"engine.size_ratio\"?");
  EXPECT_EQ(error_with("= 10 }", "= 1 }"),
            "dir/test.toml:9: engine.size_ratio: \"1\" is less than the smallest value, 2");
}

TEST(ExperimentFile, AWorkloadBesideTheFileIsMeant) {
  const std::filesystem::path directory =
      std::filesystem::path(testing::TempDir()) / "experiment_file_test";
  std::filesystem::create_directories(directory);
  std::ofstream(directory / "mine.toml") << "title = \"mine\"\n";
  const auto experiment = ParseExperiment("title = \"t\"\n[trial]\nworkload = \"mine.toml\"\n",
                                          (directory / "x.toml").string());
  ASSERT_TRUE(experiment.ok()) << experiment.status().message();
  EXPECT_EQ(experiment->base.trial.workload, (directory / "mine.toml").string());
  std::filesystem::remove_all(directory);
}

TEST(ExperimentFile, UnknownNamesGetTheNearest) {
  const std::string directory = SourcePath("experiments");
  EXPECT_EQ(FindExperiment("quikstart", directory).status().message(),
            "unknown experiment \"quikstart\", did you mean \"quickstart\"?");
  EXPECT_EQ(FindExperiment("no/such.toml", directory).status().message(),
            "there is no file no/such.toml");
  EXPECT_TRUE(FindExperiment("quickstart", directory).ok());
  EXPECT_EQ(LoadExperiment("no/such.toml").status().message(),
            "cannot read no/such.toml: No such file or directory");
}

TEST(ExperimentFile, AFileInAFolderIsFoundByItsNameAlone) {
  const std::filesystem::path directory =
      std::filesystem::path(testing::TempDir()) / "experiment_folder_test";
  std::filesystem::create_directories(directory / "papers");
  std::ofstream(directory / "papers" / "deep.toml") << "title = \"deep\"\n";
  const std::string path = (directory / "papers" / "deep.toml").string();
  EXPECT_EQ(FindExperiment("deep", directory.string()).value(), path);
  const auto entries = ListExperiments(directory.string());
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries[0].path, path);
  std::filesystem::remove_all(directory);
}

TEST(ExperimentFile, TheListNamesWhatIsThere) {
  const auto entries = ListExperiments(SourcePath("experiments"));
  ASSERT_GE(entries.size(), 2u);
  const auto quickstart = std::find_if(
      entries.begin(), entries.end(), [](const auto& entry) { return entry.name == "quickstart"; });
  ASSERT_NE(quickstart, entries.end());
  EXPECT_THAT(quickstart->title, HasSubstr("compaction"));
}

TEST(OverrideSetting, ReplacesAnAxisButNotAVariant) {
  Experiment experiment = Parse(kWhole);
  EXPECT_TRUE(OverrideSetting(&experiment, "engine.size_ratio", "6").ok());
  EXPECT_EQ(experiment.sweep.size(), 1u);
  EXPECT_EQ(TrialSettingText(experiment.base, "engine.size_ratio"), "6");
  EXPECT_EQ(OverrideSetting(&experiment, "engine.compaction", "tiered").message(),
            "engine.compaction cannot be set for the whole experiment: variant \"lazy\" sets it");
  EXPECT_FALSE(OverrideSetting(&experiment, "engine.size_ratio", "0").ok());
}

}  // namespace
}  // namespace varve::harness
