// RespServer: a server process of the store's own, for one trial.
//
// It listens on a Unix socket alone, in a directory that only this user can enter, so that nobody
// else can talk to it; its files are in the trial's directory: resp.conf, which it was started
// with, resp.log, what it says, and its data. It ends with the store, and with the thread that
// started it: when the trial dies, it is killed. While it lives it holds a lock on resp.lock.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "engine/status.h"

namespace varve::harness {

// Thread safe.
class RespServer {
 public:
  // Starts `program` (a name or a path; "": the first of the usual ones that is there) in
  // `directory` with the lines `config`, to which where it listens is added. Whether it can be
  // talked to it says by its socket, or does not: see Ended. kNotFound if there is no such program,
  // kBusy if another server holds the directory.
  static Result<std::unique_ptr<RespServer>> Start(std::string_view program,
                                                   const std::string& directory,
                                                   std::string_view config);
  // Ends it, and waits for that.
  ~RespServer();
  RespServer(const RespServer&) = delete;
  RespServer& operator=(const RespServer&) = delete;

  // OK while it runs; then how it ended, with the last lines of what it said.
  Status Ended();

  pid_t process() const { return process_; }
  const std::string& socket() const { return socket_; }
  const std::string& program() const { return program_; }

 private:
  RespServer() = default;
  Status MakeSocketDirectory();
  Status Launch(int lock, int log);
  std::string LastWords() const;

  std::string program_;
  std::string directory_;
  std::string socket_directory_;
  std::string socket_;
  uint64_t log_begin_ = 0;  // what an earlier server wrote is before it
  pid_t process_ = 0;
  std::mutex mutex_;
  bool ended_ = false;  // guarded by mutex_, as is how_
  std::string how_;
};

}  // namespace varve::harness
