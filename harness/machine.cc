// Reading of /proc, /sys and the build's own definitions.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/machine.h"

#include <fmt/format.h>
#include <linux/magic.h>
#include <lz4.h>
#include <sys/statfs.h>
#include <sys/utsname.h>
#include <xxhash.h>
#include <zlib.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "harness/clock.h"
#include "harness/process_stats.h"
#include "harness/store.h"

namespace varve::harness {
namespace {

using Json = nlohmann::json;
using std::string;

// More than this at work before a trial begins is a caveat.
constexpr double kBusyCoresMax = 0.3;

// The first line of a file, or "".
string FirstLine(const string& path) {
  std::ifstream file(path);
  string line;
  std::getline(file, line);
  return line;
}

void SetIfKnown(Json* json, std::string_view name, const string& text) {
  if (!text.empty()) (*json)[name] = text;
}

// The value of the first line "name : value" of /proc/cpuinfo.
string CpuField(std::string_view wanted) {
  std::ifstream file("/proc/cpuinfo");
  string line;
  while (std::getline(file, line)) {
    const size_t colon = line.find(':');
    if (colon == string::npos || !line.starts_with(wanted)) continue;
    if (line.find_first_not_of(" \t", wanted.size()) != colon) continue;
    const size_t value = line.find_first_not_of(" \t", colon + 1);
    return value == string::npos ? "" : line.substr(value);
  }
  return "";
}

uint64_t MeminfoBytes(std::string_view wanted) {
  std::ifstream file("/proc/meminfo");
  string name;
  uint64_t kib = 0;
  string unit;
  while (file >> name >> kib) {
    std::getline(file, unit);
    if (name == wanted) return kib * 1024;
  }
  return 0;
}

// "[always] madvise never": the choice in brackets.
string Bracketed(const string& line) {
  const size_t open = line.find('[');
  const size_t close = line.find(']');
  if (open == string::npos || close == string::npos || close < open) return "";
  return line.substr(open + 1, close - open - 1);
}

// The mount that holds `path`: the longest mount point that is a prefix of it.
struct Mount {
  string type;
  string options;
};
Mount MountOf(const string& path) {
  std::error_code error;
  const string real = std::filesystem::canonical(path, error).string();
  std::ifstream file("/proc/mounts");
  Mount best;
  size_t longest = 0;
  string device, point, type, options, rest;
  while (file >> device >> point >> type >> options && std::getline(file, rest)) {
    const bool whole = point == "/" || real == point || real.starts_with(point + "/");
    if (!whole || point.size() < longest) continue;
    longest = point.size();
    best = {type, WithoutPaths(options, ',')};
  }
  return best;
}

// What the kernel calls the file system, where no mount says so: in a chroot.
string TypeOfMagic(int64_t magic) {
  switch (magic) {
    case EXT4_SUPER_MAGIC:
      return "ext4";
    case XFS_SUPER_MAGIC:
      return "xfs";
    case BTRFS_SUPER_MAGIC:
      return "btrfs";
    case TMPFS_MAGIC:
      return "tmpfs";
    case OVERLAYFS_SUPER_MAGIC:
      return "overlay";
    case NFS_SUPER_MAGIC:
      return "nfs";
    default:
      return fmt::format("type {:#x}", magic);
  }
}

string Virtualisation() {
  const string flags = " " + CpuField("flags") + " ";
  if (flags.find(" hypervisor ") == string::npos) return "none";
  const string product = FirstLine("/sys/class/dmi/id/product_name");
  const string hypervisor = FirstLine("/sys/hypervisor/type");
  if (!hypervisor.empty()) return hypervisor;
  return product.empty() ? "unknown hypervisor" : product;
}

string DistributionName() {
  std::ifstream file("/etc/os-release");
  string line;
  constexpr std::string_view kName = "PRETTY_NAME=\"";
  while (std::getline(file, line)) {
    if (line.starts_with(kName)) return line.substr(kName.size(), line.size() - kName.size() - 1);
  }
  return "";
}

// The smallest limit in a directory of control groups and those above it, up to `root`.
uint64_t GroupLimit(const string& root, const string& group, const string& file) {
  uint64_t limit = UINT64_MAX;
  for (std::filesystem::path path = group;; path = path.parent_path()) {
    std::istringstream text(FirstLine(root + path.string() + "/" + file));
    uint64_t bytes = 0;
    if (text >> bytes) limit = std::min(limit, bytes);
    if (!path.has_relative_path()) return limit;
  }
}

// How many cores were at work, over a tenth of a second in which this process does nothing. The
// load average would not do: it still holds the trial before this one.
double BusyCores() {
  const ProcessStats before = ReadProcessStats();
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  const ProcessStats after = ReadProcessStats();
  const uint64_t all = after.cpu_ticks - before.cpu_ticks;
  const uint64_t idle = after.idle_ticks - before.idle_ticks;
  if (all == 0 || idle > all) return 0;
  const double share = 1 - static_cast<double>(idle) / static_cast<double>(all);
  return share * std::thread::hardware_concurrency();
}

void DescribeFileSystem(const string& directory, Json* machine) {
  const Mount mount = MountOf(directory);
  struct statfs info {};
  const bool known = statfs(directory.c_str(), &info) == 0;
  const bool by_magic = mount.type.empty() && known;
  SetIfKnown(machine, "filesystem", by_magic ? TypeOfMagic(info.f_type) : mount.type);
  SetIfKnown(machine, "mount_options", mount.options);
  if (!known || info.f_blocks == 0) return;
  const auto block = static_cast<uint64_t>(info.f_bsize);
  (*machine)["filesystem_bytes"] = info.f_blocks * block;
  (*machine)["filesystem_free_bytes"] = info.f_bavail * block;
}

// The versions of the libraries that decide what a trial does or how its bytes look.
Json LibrariesJson() {
  Json libraries = {{"lz4", LZ4_versionString()},
                    {"xxhash", fmt::format("{}", XXH_versionNumber())},
                    {"zlib", zlibVersion()}};
  for (const StoreKind& kind : StoreKinds()) {
    if (kind.library != nullptr) libraries[kind.name] = kind.library->version();
  }
  return libraries;
}

}  // namespace

string WithoutPaths(std::string_view text, char separator) {
  string kept;
  std::istringstream words{string(text)};
  string word;
  while (std::getline(words, word, separator)) {
    if (word.find('/') != string::npos || word.empty()) continue;
    if (!kept.empty()) kept += separator;
    kept += word;
  }
  return kept;
}

uint64_t MemoryLimitBytes() {
  uint64_t limit = MeminfoBytes("MemTotal:");
  std::ifstream file("/proc/self/cgroup");
  string line;
  while (std::getline(file, line)) {
    const size_t first = line.find(':');
    const size_t second = line.find(':', first + 1);
    if (first == string::npos || second == string::npos) continue;
    const string controllers = line.substr(first + 1, second - first - 1);
    const string group = line.substr(second + 1);
    if (controllers.empty()) {
      limit = std::min(limit, GroupLimit("/sys/fs/cgroup", group, "memory.max"));
    } else if (controllers == "memory") {
      limit = std::min(limit, GroupLimit("/sys/fs/cgroup/memory", group, "memory.limit_in_bytes"));
    }
  }
  return limit;
}

Json MachineJson(const string& data_directory) {
  Json machine;
  SetIfKnown(&machine, "cpu", CpuField("model name"));
  machine["cores"] = std::thread::hardware_concurrency();
  machine["memory_bytes"] = MeminfoBytes("MemTotal:");
  machine["memory_limit_bytes"] = MemoryLimitBytes();
  machine["memory_available_bytes"] = MeminfoBytes("MemAvailable:");
  utsname kernel{};
  if (uname(&kernel) == 0) {
    machine["kernel"] = string(kernel.sysname) + " " + kernel.release;
    machine["architecture"] = kernel.machine;
  }
  SetIfKnown(&machine, "distribution", DistributionName());
  DescribeFileSystem(data_directory, &machine);
  machine["virtualisation"] = Virtualisation();
  const string governor = FirstLine("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
  machine["governor"] = governor.empty() ? "unknown" : governor;
  SetIfKnown(&machine, "transparent_huge_pages",
             Bracketed(FirstLine("/sys/kernel/mm/transparent_hugepage/enabled")));
  std::istringstream load(FirstLine("/proc/loadavg"));
  double load_before = 0;
  if (load >> load_before) machine["load_before"] = load_before;
  machine["busy_cores_before"] = BusyCores();
  const OperationClock& clock = OperationClock::Best();
  machine["operation_clock"] = clock.uses_counter() ? "tsc" : "clock_gettime";
  return machine;
}

Json BuildJson() {
  const char* commit = std::getenv("VARVE_COMMIT");
  const char* dirty = std::getenv("VARVE_DIRTY");
  Json build;
  build["commit"] = commit == nullptr || *commit == '\0' ? "unknown" : commit;
  if (dirty == nullptr || *dirty == '\0') {
    build["dirty"] = "unknown";
  } else {
    build["dirty"] = string(dirty) != "0";
  }
  build["type"] = VARVE_BUILD_TYPE;
#ifdef NDEBUG
  build["assertions"] = false;
#else
  build["assertions"] = true;
#endif
  build["compiler"] = VARVE_COMPILER;
  build["flags"] = WithoutPaths(VARVE_FLAGS, ' ');
  build["sanitizer"] = VARVE_SANITIZER;
  build["libraries"] = LibrariesJson();
  return build;
}

std::vector<string> MachineCaveats(const Json& machine, const Json& build) {
  std::vector<string> caveats;
  if (build.value("type", "") != "Release") caveats.push_back("the build is not a release build");
  if (build.value("assertions", false)) caveats.push_back("assertions were on");
  if (!build.value("sanitizer", "").empty()) caveats.push_back("a sanitizer was on");
  const string type = machine.value("filesystem", "");
  if (type == "tmpfs" || type == "ramfs") {
    caveats.push_back("the data was on tmpfs: there is no storage behind it");
  }
  const double busy = machine.value("busy_cores_before", 0.0);
  if (busy > kBusyCoresMax) {
    caveats.push_back(fmt::format("{:.1f} cores were busy before the trial began", busy));
  }
  return caveats;
}

}  // namespace varve::harness
