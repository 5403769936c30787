// Finding, starting and ending a server.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/stores/resp/resp_server.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <vector>

#include "engine/util/clock.h"
#include "harness/child_process.h"
#include "harness/files.h"

namespace varve::harness {
namespace {

namespace fs = std::filesystem;

// The last is the server itself: which of the two it is depends on the name it is called by.
constexpr std::string_view kPrograms[] = {"redis-server", "valkey-server", "keydb-server",
                                          "redis-check-rdb"};
constexpr uint64_t kPollNs = 2'000'000;
constexpr uint64_t kLockWaitNs = 2'000'000'000;   // for a server whose trial was killed
constexpr uint64_t kEndWaitNs = 120'000'000'000;  // it may write a snapshot first
constexpr size_t kLastLines = 4;
constexpr size_t kSocketPathMax = 100;  // sockaddr_un has room for 107
constexpr int kCannotRun = 127;
constexpr std::string_view kSocketDirectory = "varve-resp-";

// Closes.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const { return number_; }

 private:
  const int number_;
};

bool CanRun(const std::string& path) {
  return ::access(path.c_str(), X_OK) == 0 && !fs::is_directory(path);
}

// The path of a program of PATH; "" if there is none.
std::string FindOnPath(std::string_view name) {
  const char* path = std::getenv("PATH");
  for (std::string_view rest = path == nullptr ? "" : path; !rest.empty();) {
    const std::string_view directory = rest.substr(0, rest.find(':'));
    rest.remove_prefix(std::min(rest.size(), directory.size() + 1));
    std::string found = fmt::format("{}/{}", directory, name);
    if (!directory.empty() && CanRun(found)) return fs::absolute(found);
  }
  return "";
}

Result<std::string> FindServer(std::string_view asked) {
  if (asked.find('/') != asked.npos) {
    const std::string path = fs::absolute(asked);
    if (CanRun(path)) return path;
    return Status::NotFound(fmt::format("resp.server: {} cannot be run", asked));
  }
  if (!asked.empty()) {
    std::string found = FindOnPath(asked);
    if (!found.empty()) return found;
    return Status::NotFound(fmt::format("resp.server: there is no program \"{}\"", asked));
  }
  for (const std::string_view usual : kPrograms) {
    std::string found = FindOnPath(usual);
    if (!found.empty()) return found;
  }
  return Status::NotFound(
      "there is no redis-server, valkey-server or keydb-server: install one (Debian: "
      "redis-server, or redis-tools, which brings the same program), name one by resp.server, or "
      "use one that runs by resp.host or resp.socket");
}

// What it is to be called: "redis-check-rdb" and "redis-check-aof" are "redis-server".
std::string CalledName(const std::string& program) {
  const std::string name = fs::path(program).filename();
  const size_t check = name.find("-check-");
  return check == name.npos ? name : name.substr(0, check) + "-server";
}

// Held by whoever has a copy of the descriptor. Waits a little for a server that is being killed.
Status Lock(const Descriptor& file, const std::string& directory) {
  if (file.number() < 0) return ErrnoStatus("make", directory + "/resp.lock");
  const uint64_t give_up = RealClock()->NowNs() + kLockWaitNs;
  while (::flock(file.number(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) return ErrnoStatus("lock", directory);
    if (RealClock()->NowNs() > give_up) {
      return Status::Busy(fmt::format("another server works in {}", directory));
    }
    RealClock()->SleepNs(kPollNs);
  }
  return {};
}

// What a server leaves in another directory when it is killed. REQUIRES: `directory` is locked.
void RemoveOldSocket(const std::string& directory) {
  constexpr std::string_view kSetting = "\nunixsocket ";
  const Result<std::string> config = ReadTextFile(directory + "/resp.conf");
  const size_t found = config.ok() ? config->find(kSetting) : std::string::npos;
  if (found == std::string::npos) return;
  const size_t begin = found + kSetting.size();
  const std::string socket = config->substr(begin, config->find('\n', begin) - begin);
  const fs::path made = fs::path(socket).parent_path();
  if (!made.filename().string().starts_with(kSocketDirectory)) return;
  ::unlink(socket.c_str());
  ::rmdir(made.c_str());
}

// In the child, between fork and exec: calls nothing but the system.
[[noreturn]] void BecomeServer(const char* directory, const char* program, char* const* arguments,
                               int lock, int log, pid_t parent) {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  signal(SIGPIPE, SIG_DFL);
  setpgid(0, 0);  // Ctrl-C is for the trial, which then ends the server
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(kCannotRun);
  fcntl(lock, F_SETFD, 0);
  const int nothing = open("/dev/null", O_RDONLY);
  if (nothing < 0 || dup2(nothing, STDIN_FILENO) < 0 || dup2(log, STDOUT_FILENO) < 0 ||
      dup2(log, STDERR_FILENO) < 0 || chdir(directory) != 0) {
    _exit(kCannotRun);
  }
  execv(program, arguments);
  _exit(kCannotRun);
}

std::string HowItEnded(int status) {
  ExitState state;
  if (WIFEXITED(status)) state.status = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) state.signal = WTERMSIG(status);
  return state.ToString();
}

}  // namespace

Result<std::unique_ptr<RespServer>> RespServer::Start(std::string_view program,
                                                      const std::string& directory,
                                                      std::string_view config) {
  std::unique_ptr<RespServer> server(new RespServer);
  Result<std::string> found = FindServer(program);
  if (!found.ok()) return found.status();
  server->program_ = std::move(*found);
  server->directory_ = fs::absolute(directory);

  const Descriptor lock(
      ::open((directory + "/resp.lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (Status status = Lock(lock, directory); !status.ok()) return status;
  RemoveOldSocket(directory);
  if (Status status = server->MakeSocketDirectory(); !status.ok()) return status;
  const std::string text = fmt::format(
      "{}port 0\nunixsocket {}\nunixsocketperm 700\ndaemonize no\n", config, server->socket_);
  if (Status status = WriteFileAtomically(directory + "/resp.conf", text); !status.ok()) {
    return status;
  }
  const std::string log_path = directory + "/resp.log";
  const Descriptor log(::open(log_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  if (log.number() < 0) return ErrnoStatus("make", log_path);
  server->log_begin_ = static_cast<uint64_t>(::lseek(log.number(), 0, SEEK_END));
  if (Status status = server->Launch(lock.number(), log.number()); !status.ok()) return status;
  return server;
}

// In TMPDIR if that is short and plain enough, else in /tmp.
Status RespServer::MakeSocketDirectory() {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-";
  const char* wanted = std::getenv("TMPDIR");
  std::string root = wanted == nullptr || *wanted != '/' ? "/tmp" : wanted;
  if (root.find_first_not_of(kPlain) != root.npos || root.size() + 30 > kSocketPathMax) {
    root = "/tmp";
  }
  std::string made = fmt::format("{}/{}XXXXXX", root, kSocketDirectory);
  if (::mkdtemp(made.data()) == nullptr) return ErrnoStatus("make", made);
  socket_directory_ = made;
  socket_ = made + "/socket";
  return {};
}

Status RespServer::Launch(int lock, int log) {
  std::string called = CalledName(program_);
  std::string config = "resp.conf";
  char* const arguments[] = {called.data(), config.data(), nullptr};
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child == 0) {
    BecomeServer(directory_.c_str(), program_.c_str(), arguments, lock, log, parent);
  }
  if (child < 0) return ErrnoStatus("start", program_);
  process_ = child;
  return {};
}

RespServer::~RespServer() {
  if (process_ > 0 && Ended().ok()) {
    ::kill(process_, SIGTERM);
    const uint64_t give_up = RealClock()->NowNs() + kEndWaitNs;
    while (Ended().ok() && RealClock()->NowNs() < give_up) RealClock()->SleepNs(kPollNs);
    if (Ended().ok()) {
      ::kill(process_, SIGKILL);
      while (Ended().ok()) RealClock()->SleepNs(kPollNs);
    }
  }
  if (socket_directory_.empty()) return;
  ::unlink(socket_.c_str());
  ::rmdir(socket_directory_.c_str());
}

Status RespServer::Ended() {
  const std::lock_guard lock(mutex_);
  if (ended_) return Status::IoError(how_);
  int status = 0;
  const pid_t waited = ::waitpid(process_, &status, WNOHANG);
  if (waited == process_ || (waited < 0 && errno != EINTR)) {
    ended_ = true;
    how_ = fmt::format("{} has ended ({}){}", program_, HowItEnded(status), LastWords());
  }
  return ended_ ? Status::IoError(how_) : Status();
}

// ": line; line", of the log.
std::string RespServer::LastWords() const {
  const Result<std::string> log = ReadTextFile(directory_ + "/resp.log");
  if (!log.ok() || log->size() < log_begin_) return "";
  std::vector<std::string> lines;
  for (std::string_view rest = std::string_view(*log).substr(log_begin_); !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    if (!line.empty()) lines.emplace_back(line);
  }
  if (lines.empty()) return "";
  const size_t first = lines.size() - std::min(lines.size(), kLastLines);
  return fmt::format(
      ": {}", fmt::join(lines.begin() + static_cast<std::ptrdiff_t>(first), lines.end(), "; "));
}

}  // namespace varve::harness
