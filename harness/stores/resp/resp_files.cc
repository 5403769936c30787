// Directories, passwords, /proc.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/stores/resp/resp_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>

#include "harness/files.h"

namespace varve::harness {
namespace {

namespace fs = std::filesystem;

Status SyncPath(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return ErrnoStatus("open", path);
  const int synced = ::fsync(file);
  const Status status = synced == 0 ? Status() : ErrnoStatus("sync", path);
  ::close(file);
  return status;
}

}  // namespace

Status CheckRespFiles(const std::string& directory, std::string_view configuration) {
  std::error_code ignored;
  const bool log = fs::exists(directory + "/appendonlydir", ignored) ||
                   fs::exists(directory + "/appendonly.aof", ignored);
  const bool snapshot = fs::exists(directory + "/dump.rdb", ignored);
  const bool reads_log = configuration.find("appendonly yes\n") != configuration.npos;
  if (reads_log ? log || !snapshot : !log) return {};
  return Status::InvalidArgument(fmt::format(
      "{} holds a {}, which a server with appendonly {} does not read: it would start empty",
      directory, reads_log ? "snapshot" : "log", reads_log ? "yes" : "no"));
}

Status SyncRespFiles(const std::string& directory) {
  std::vector<std::string> paths;
  std::error_code error;
  const std::string log = directory + "/appendonlydir";
  if (fs::exists(log, error)) {
    for (const fs::directory_entry& file : fs::directory_iterator(log, error)) {
      paths.push_back(file.path());
    }
    paths.push_back(log);
  } else {
    paths.push_back(directory + "/appendonly.aof");
  }
  if (error) return Status::IoError(fmt::format("cannot list {}: {}", log, error.message()));
  paths.push_back(directory);
  for (const std::string& path : paths) {
    if (Status status = SyncPath(path); !status.ok()) return status;
  }
  return {};
}

Result<std::string> ReadPassword(const std::string& path) {
  if (path.empty()) return std::string();
  const Result<std::string> text = ReadTextFile(path);
  if (!text.ok()) return text.status().Annotate("resp.password_file");
  std::string line = text->substr(0, text->find('\n'));
  if (!line.empty() && line.back() == '\r') line.pop_back();
  if (!line.empty()) return line;
  return Status::InvalidArgument(
      fmt::format("resp.password_file: the first line of {} is empty", path));
}

int64_t LocalProcess(std::string_view host, const RespFacts& info) {
  const bool local = host == "localhost" || host == "::1" || host.starts_with("127.");
  const uint64_t process = CountOf(info, "process_id");
  const std::string name = fs::path(FactOf(info, "executable")).filename();
  if (!local || process == 0 || name.empty()) return 0;
  const Result<std::string> called = ReadTextFile(fmt::format("/proc/{}/cmdline", process));
  const bool same = called.ok() && called->find(name) != called->npos;
  return same ? static_cast<int64_t>(process) : 0;
}

std::string ServerVersion(const RespFacts& info) {
  const std::string_view name = FactOf(info, "server_name");
  if (!name.empty() && name != "redis") {
    const std::string_view version = FactOf(info, fmt::format("{}_version", name));
    if (!version.empty()) return fmt::format("{} {}", name, version);
  }
  const std::string_view version = FactOf(info, "redis_version");
  return version.empty() ? "unknown" : fmt::format("redis {}", version);
}

}  // namespace varve::harness
