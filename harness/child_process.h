// ChildProcess: a program that is started, listened to, signalled and waited for.
//
// The child is in a process group of its own: Ctrl-C reaches it only through Signal, so that the
// parent decides what an interruption means. Its standard input is empty.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/status.h"

namespace varve::harness {

// How a process ended, as a shell tells it.
struct ExitState {
  int status = 0;  // exit status, or 0 with a signal
  int signal = 0;  // that killed it, or 0
  bool ok() const { return status == 0 && signal == 0; }
  // "exit status 3", "killed by signal 9 (Killed)".
  std::string ToString() const;
};

// Not thread safe.
class ChildProcess {
 public:
  // Starts `arguments` (the first is the path of the program). Standard output comes to Wait line
  // by line; standard error goes to the file `error_path`.
  static Result<std::unique_ptr<ChildProcess>> Start(const std::vector<std::string>& arguments,
                                                     const std::string& error_path);
  // Kills the child if it has not been waited for.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  // Returns when the child has ended. Calls `line` for each line of its output and `tick` after
  // every line, at least five times a second, and whenever a signal came in.
  ExitState Wait(const std::function<void(const std::string&)>& line,
                 const std::function<void()>& tick);

  void Signal(int signal);

 private:
  ChildProcess(pid_t pid, int output) : pid_(pid), output_(output) {}
  bool ReadOutput(const std::function<void(const std::string&)>& line);

  const pid_t pid_;
  const int output_;
  bool ended_ = false;
  std::string unread_;
};

// Runs a program with this process's own input and outputs, and waits for it.
Result<ExitState> RunInForeground(const std::vector<std::string>& arguments);

}  // namespace varve::harness
