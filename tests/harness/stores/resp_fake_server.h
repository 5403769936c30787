// FakeServer: answers the store `resp` with whatever bytes a test wants.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace varve::harness {

// Listens on a Unix socket, on a thread of its own. Until told otherwise it is an empty server that
// knows neither CONFIG nor INFO.
class FakeServer {
 public:
  struct Answer {
    std::string bytes;
    bool close = false;  // the connection, when they are sent
  };
  using Command = std::vector<std::string>;
  using Answering = std::function<Answer(int connection, const Command& command)>;

  FakeServer();
  ~FakeServer();

  // To commands of this name.
  void OnCommand(const std::string& name, Answering answering);
  void OnCommand(const std::string& name, std::string bytes) {
    OnCommand(name, [bytes](int, const Command&) { return Answer{bytes}; });
  }
  // How often it was asked so.
  int Asked(const std::string& name);
  const std::string& socket() const { return socket_; }

 private:
  struct Client {
    int connection = 0;
    int descriptor = -1;
    std::string unread;
  };

  void Serve();
  bool Read(Client* client);
  bool AnswerAll(Client* client);
  Answer AnswerTo(int connection, const Command& command);

  std::string socket_;
  int listener_ = -1;
  std::atomic<bool> stop_{false};
  std::mutex mutex_;  // guards the two that follow
  std::map<std::string, Answering> answering_;
  std::map<std::string, int> asked_;
  std::thread thread_;
};

}  // namespace varve::harness
