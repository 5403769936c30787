// Reading of /proc.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/process_stats.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>

namespace varve::harness {
namespace {

double Seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

// "/proc/self/io", "/proc/17/io".
std::string ProcPath(int64_t process, std::string_view file) {
  return process == 0 ? fmt::format("/proc/self/{}", file)
                      : fmt::format("/proc/{}/{}", process, file);
}

// Adds the counts of a process. False, with nothing added, if they cannot be read.
bool AddIo(int64_t process, ProcessStats* stats) {
  std::ifstream file(ProcPath(process, "io"));
  std::string name;
  uint64_t value = 0;
  ProcessStats own;
  int found = 0;
  while (file >> name >> value) {
    if (name == "rchar:") own.rchar = value;
    if (name == "wchar:") own.wchar = value;
    if (name == "read_bytes:") own.read_bytes = value;
    if (name == "write_bytes:") own.write_bytes = value;
    ++found;
  }
  if (found < 6) return false;
  stats->rchar += own.rchar;
  stats->wchar += own.wchar;
  stats->read_bytes += own.read_bytes;
  stats->write_bytes += own.write_bytes;
  return true;
}

// Of another process: the fields utime and stime of /proc/PID/stat, behind the name in brackets.
void AddCpu(int64_t process, ProcessStats* stats) {
  constexpr int kFieldsBefore = 11;  // between the name and utime
  std::ifstream file(ProcPath(process, "stat"));
  std::string line;
  std::getline(file, line);
  const size_t name_end = line.rfind(')');
  if (name_end == std::string::npos) return;
  std::istringstream fields(line.substr(name_end + 1));
  std::string skipped;
  for (int field = 0; field < kFieldsBefore; ++field) fields >> skipped;
  double user = 0, system = 0;
  if (!(fields >> user >> system)) return;
  const auto ticks_per_second = static_cast<double>(sysconf(_SC_CLK_TCK));
  stats->user_seconds += user / ticks_per_second;
  stats->system_seconds += system / ticks_per_second;
}

uint64_t AnonymousOf(int64_t process) {
  // In pages: size, resident, resident with a file behind it.
  std::ifstream file(ProcPath(process, "statm"));
  uint64_t size = 0, resident = 0, shared = 0;
  if (!(file >> size >> resident >> shared) || shared > resident) return 0;
  return (resident - shared) * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

uint64_t ResidentPeakOf(int64_t process) {
  std::ifstream file(ProcPath(process, "status"));
  std::string line;
  while (std::getline(file, line)) {
    std::istringstream words(line);
    std::string name;
    uint64_t kib = 0;
    if (words >> name >> kib && name == "VmHWM:") return kib * 1024;
  }
  return 0;
}

// The line "cpu user nice system idle iowait irq softirq steal …".
void ReadCpu(ProcessStats* stats) {
  constexpr int kIdle = 3;
  constexpr int kWaiting = 4;
  constexpr int kSteal = 7;
  constexpr int kFields = 8;
  std::ifstream file("/proc/stat");
  std::string name;
  if (!(file >> name) || name != "cpu") return;
  for (int field = 0; field < kFields; ++field) {
    uint64_t ticks = 0;
    if (!(file >> ticks)) return;
    stats->cpu_ticks += ticks;
    if (field == kIdle || field == kWaiting) stats->idle_ticks += ticks;
    if (field == kSteal) stats->steal_ticks = ticks;
  }
  stats->has_cpu = true;
}

}  // namespace

ProcessStats ReadProcessStats(int64_t server) {
  ProcessStats stats;
  rusage usage{};
  if (getrusage(RUSAGE_SELF, &usage) == 0) {
    stats.user_seconds = Seconds(usage.ru_utime);
    stats.system_seconds = Seconds(usage.ru_stime);
    stats.voluntary_switches = static_cast<uint64_t>(usage.ru_nvcsw);
    stats.involuntary_switches = static_cast<uint64_t>(usage.ru_nivcsw);
  }
  stats.has_io = AddIo(0, &stats) && (server == 0 || AddIo(server, &stats));
  if (server != 0) AddCpu(server, &stats);
  ReadCpu(&stats);
  return stats;
}

uint64_t AnonymousBytes(int64_t server) {
  return AnonymousOf(0) + (server == 0 ? 0 : AnonymousOf(server));
}

uint64_t ResidentPeakBytes(int64_t server) {
  return ResidentPeakOf(0) + (server == 0 ? 0 : ResidentPeakOf(server));
}

}  // namespace varve::harness
