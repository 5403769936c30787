// Processes by posix_spawn and poll.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/child_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "harness/files.h"

namespace varve::harness {
namespace {

constexpr int kTickMilliseconds = 200;
constexpr int kPollMilliseconds = 10;  // between end of output and end of process

std::vector<char*> Pointers(const std::vector<std::string>& arguments) {
  std::vector<char*> pointers;
  for (const std::string& argument : arguments) {
    pointers.push_back(const_cast<char*>(argument.c_str()));
  }
  pointers.push_back(nullptr);
  return pointers;
}

Status SpawnFailed(const std::string& program, int code) {
  return Status::IoError(fmt::format("cannot start {}: {}", program, std::strerror(code)));
}

ExitState FromWaitStatus(int status) {
  ExitState state;
  if (WIFEXITED(status)) state.status = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) state.signal = WTERMSIG(status);
  return state;
}

ExitState WaitFor(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) return ExitState{127, 0};
  }
  return FromWaitStatus(status);
}

}  // namespace

std::string ExitState::ToString() const {
  if (signal == 0) return fmt::format("exit status {}", status);
  return fmt::format("killed by signal {} ({})", signal, strsignal(signal));
}

Result<std::unique_ptr<ChildProcess>> ChildProcess::Start(const std::vector<std::string>& arguments,
                                                          const std::string& error_path) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return ErrnoStatus("make", "a pipe");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, error_path.c_str(),
                                   O_WRONLY | O_CREAT | O_TRUNC, 0644);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);

  pid_t pid = 0;
  const int code = ::posix_spawn(&pid, arguments[0].c_str(), &actions, &attributes,
                                 Pointers(arguments).data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  ::close(ends[1]);
  if (code != 0) {
    ::close(ends[0]);
    return SpawnFailed(arguments[0], code);
  }
  ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
  return std::unique_ptr<ChildProcess>(new ChildProcess(pid, ends[0]));
}

ChildProcess::~ChildProcess() {
  if (!ended_) {
    Signal(SIGKILL);
    WaitFor(pid_);
  }
  ::close(output_);
}

void ChildProcess::Signal(int signal) {
  if (!ended_) ::kill(pid_, signal);
}

// Hands on the lines that are there. False at the end of the output.
bool ChildProcess::ReadOutput(const std::function<void(const std::string&)>& line) {
  char buffer[4096];
  const ssize_t got = ::read(output_, buffer, sizeof buffer);
  if (got < 0) return errno == EINTR || errno == EAGAIN;
  unread_.append(buffer, static_cast<size_t>(got));
  size_t end = 0;
  while ((end = unread_.find('\n')) != std::string::npos) {
    line(unread_.substr(0, end));
    unread_.erase(0, end + 1);
  }
  return got != 0;
}

ExitState ChildProcess::Wait(const std::function<void(const std::string&)>& line,
                             const std::function<void()>& tick) {
  bool open = true;
  while (open) {
    pollfd wanted = {output_, POLLIN, 0};
    const int ready = ::poll(&wanted, 1, kTickMilliseconds);
    if (ready > 0) open = ReadOutput(line);
    tick();
  }
  int status = 0;
  pid_t waited = 0;
  while ((waited = ::waitpid(pid_, &status, WNOHANG)) == 0 || (waited < 0 && errno == EINTR)) {
    ::poll(nullptr, 0, kPollMilliseconds);
    tick();
  }
  ended_ = true;
  return FromWaitStatus(status);
}

Result<ExitState> RunInForeground(const std::vector<std::string>& arguments) {
  pid_t pid = 0;
  const int code = ::posix_spawnp(&pid, arguments[0].c_str(), nullptr, nullptr,
                                  Pointers(arguments).data(), environ);
  if (code != 0) return SpawnFailed(arguments[0], code);
  return WaitFor(pid);
}

}  // namespace varve::harness
