// What is read from Python modules without running them.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/python_modules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/paths.h"

namespace varve::harness {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(PythonModules, ParametersOfACheckAreTheNamesThatHaveATypeButTheTrials) {
  const std::filesystem::path path = std::filesystem::path(testing::TempDir()) / "check_test.py";
  std::ofstream(path) << "\"\"\"What it does.\n\nMore.\n\"\"\"\ndef other(x: int) -> int:\n  pass\n"
                         "def check(trials: Trials, of: Selection = ANY,\n"
                         "          low: float | None = None) -> Outcome:\n    high: float = 1\n";
  EXPECT_THAT(CheckParameters(path.string()), ElementsAre("of", "low"));
  EXPECT_EQ(DocstringOf(path.string()), "What it does.");
  std::filesystem::remove(path);
}

TEST(PythonModules, AModuleThatIsNotThereHasNothing) {
  EXPECT_THAT(CheckParameters("no/such.py"), IsEmpty());
  EXPECT_EQ(DocstringOf("no/such.py"), "");
  EXPECT_THAT(ListModules("no/such"), IsEmpty());
}

TEST(PythonModules, EveryCheckHasAMetricOrAModelAndADocstring) {
  const std::string directory = SourcePath("analysis/criteria");
  const std::vector<std::string> names = ListModules(directory);
  EXPECT_GE(names.size(), 8u);
  for (const std::string& name : names) {
    const std::string path = directory + "/" + name + ".py";
    EXPECT_THAT(CheckParameters(path), testing::Contains("metric")) << name;
    EXPECT_NE(DocstringOf(path), "") << name;
  }
}

}  // namespace
}  // namespace varve::harness
