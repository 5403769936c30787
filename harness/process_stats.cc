// Reading of /proc.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/process_stats.h"

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

void ReadIo(ProcessStats* stats) {
  std::ifstream file("/proc/self/io");
  std::string name;
  uint64_t value = 0;
  int found = 0;
  while (file >> name >> value) {
    if (name == "rchar:") stats->rchar = value;
    if (name == "wchar:") stats->wchar = value;
    if (name == "read_bytes:") stats->read_bytes = value;
    if (name == "write_bytes:") stats->write_bytes = value;
    ++found;
  }
  stats->has_io = found >= 6;
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

ProcessStats ReadProcessStats() {
  ProcessStats stats;
  rusage usage{};
  if (getrusage(RUSAGE_SELF, &usage) == 0) {
    stats.user_seconds = Seconds(usage.ru_utime);
    stats.system_seconds = Seconds(usage.ru_stime);
    stats.voluntary_switches = static_cast<uint64_t>(usage.ru_nvcsw);
    stats.involuntary_switches = static_cast<uint64_t>(usage.ru_nivcsw);
  }
  ReadIo(&stats);
  ReadCpu(&stats);
  return stats;
}

uint64_t AnonymousBytes() {
  // In pages: size, resident, resident with a file behind it.
  std::ifstream file("/proc/self/statm");
  uint64_t size = 0, resident = 0, shared = 0;
  if (!(file >> size >> resident >> shared) || shared > resident) return 0;
  return (resident - shared) * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

uint64_t ResidentPeakBytes() {
  std::ifstream file("/proc/self/status");
  std::string line;
  while (std::getline(file, line)) {
    std::istringstream words(line);
    std::string name;
    uint64_t kib = 0;
    if (words >> name >> kib && name == "VmHWM:") return kib * 1024;
  }
  return 0;
}

}  // namespace varve::harness
