// What is told of machine and build, and what must not be told.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/machine.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cassert>
#include <cstdlib>
#include <nlohmann/json.hpp>

namespace varve::harness {
namespace {

using nlohmann::json;

TEST(Machine, TellsWhatAReaderOfAResultAsksFirst) {
  const json machine = MachineJson(testing::TempDir());
  for (const char* name : {"cores", "memory_bytes", "memory_limit_bytes", "kernel", "filesystem",
                           "filesystem_free_bytes", "virtualisation", "governor", "operation_clock",
                           "load_before", "busy_cores_before"}) {
    EXPECT_TRUE(machine.contains(name)) << name;
  }
  EXPECT_GE(machine["cores"], 1);
  EXPECT_GT(machine["memory_bytes"], uint64_t{1} << 20);
  EXPECT_LE(machine["memory_limit_bytes"], machine["memory_bytes"]);
}

TEST(Machine, NamesNoHostNoUserAndNoPath) {
  const json all = {MachineJson(testing::TempDir()), BuildJson()};
  char host[256] = {};
  ASSERT_EQ(gethostname(host, sizeof host - 1), 0);
  for (const json& part : all) {
    for (const auto& [name, value] : part.items()) {
      if (!value.is_string()) continue;
      const std::string text = value;
      EXPECT_EQ(text.find('/'), name == "distribution" ? text.find('/') : std::string::npos)
          << name << ": " << text;
      EXPECT_NE(text, host) << name;
    }
  }
}

TEST(Machine, WordsWithSlashesAreDropped) {
  EXPECT_EQ(WithoutPaths("rw,lowerdir=/a:/b,relatime,upperdir=/c", ','), "rw,relatime");
  EXPECT_EQ(WithoutPaths("-O2  -I/usr/include -g", ' '), "-O2 -g");
  EXPECT_EQ(WithoutPaths("", ','), "");
}

TEST(Build, CommitAndDirtyStateComeFromTheEnvironment) {
  ASSERT_EQ(setenv("VARVE_COMMIT", "0123abc", 1), 0);
  ASSERT_EQ(setenv("VARVE_DIRTY", "1", 1), 0);
  EXPECT_EQ(BuildJson()["commit"], "0123abc");
  EXPECT_EQ(BuildJson()["dirty"], true);
  ASSERT_EQ(setenv("VARVE_DIRTY", "0", 1), 0);
  EXPECT_EQ(BuildJson()["dirty"], false);
  unsetenv("VARVE_COMMIT");
  unsetenv("VARVE_DIRTY");
  EXPECT_EQ(BuildJson()["commit"], "unknown");
  EXPECT_EQ(BuildJson()["dirty"], "unknown");
}

TEST(Build, AssertionsAreToldAsTheyAre) {
  bool on = false;
  assert(on = true);
  EXPECT_EQ(BuildJson()["assertions"], on);
}

json GoodMachine() { return {{"filesystem", "ext4"}, {"cores", 2}, {"busy_cores_before", 0.05}}; }
json GoodBuild() { return {{"type", "Release"}, {"assertions", false}, {"sanitizer", ""}}; }

TEST(MachineCaveats, AreNoneForAQuietMachineAndAReleaseBuild) {
  EXPECT_TRUE(MachineCaveats(GoodMachine(), GoodBuild()).empty());
}

TEST(MachineCaveats, NameEachReasonToDoubt) {
  const auto one = [](json machine, json build, const std::string& expected) {
    const std::vector<std::string> caveats = MachineCaveats(machine, build);
    ASSERT_EQ(caveats.size(), 1u);
    EXPECT_NE(caveats[0].find(expected), std::string::npos) << caveats[0];
  };
  json machine = GoodMachine();
  machine["filesystem"] = "tmpfs";
  one(machine, GoodBuild(), "tmpfs");
  machine = GoodMachine();
  machine["busy_cores_before"] = 1.2;
  one(machine, GoodBuild(), "1.2 cores were busy");
  json build = GoodBuild();
  build["type"] = "Debug";
  one(GoodMachine(), build, "not a release build");
  build = GoodBuild();
  build["assertions"] = true;
  one(GoodMachine(), build, "assertions");
  build = GoodBuild();
  build["sanitizer"] = "thread";
  one(GoodMachine(), build, "sanitizer");
}

}  // namespace
}  // namespace varve::harness
