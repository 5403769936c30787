// The fake server's one loop.
//
// SPDX-License-Identifier: Apache-2.0
#include "tests/harness/stores/resp_fake_server.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace varve::harness {
namespace {

constexpr int kPollMilliseconds = 20;
constexpr std::string_view kUnknown = "-ERR unknown command\r\n";

// Takes the first whole command off. False if there is none yet.
bool TakeCommand(std::string* unread, FakeServer::Command* command) {
  size_t at = 0;
  const auto number = [&](char kind, size_t* value) {
    const size_t end = unread->find("\r\n", at);
    if (end == std::string::npos || (*unread)[at] != kind) return false;
    *value = std::stoul(unread->substr(at + 1, end - at - 1));
    at = end + 2;
    return true;
  };
  size_t count = 0;
  command->clear();
  if (unread->empty() || !number('*', &count)) return false;
  for (size_t i = 0; i < count; ++i) {
    size_t length = 0;
    if (at >= unread->size() || !number('$', &length)) return false;
    if (unread->size() < at + length + 2) return false;
    command->push_back(unread->substr(at, length));
    at += length + 2;
  }
  unread->erase(0, at);
  return true;
}

}  // namespace

FakeServer::FakeServer() {
  std::string directory = "/tmp/varve-fake-XXXXXX";
  EXPECT_NE(::mkdtemp(directory.data()), nullptr);
  socket_ = directory + "/s";
  listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, socket_.data(), socket_.size());
  EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  EXPECT_EQ(::listen(listener_, 8), 0);
  OnCommand("DBSIZE", ":0\r\n");
  OnCommand("TYPE", "+none\r\n");
  OnCommand("SCRIPT", "$4\r\nhash\r\n");
  for (const std::string name : {"WATCH", "UNWATCH", "MULTI"}) OnCommand(name, "+OK\r\n");
  OnCommand("MGET", "+QUEUED\r\n");
  thread_ = std::thread([this] { Serve(); });
}

FakeServer::~FakeServer() {
  stop_ = true;
  thread_.join();
  ::close(listener_);
  ::unlink(socket_.c_str());
  ::rmdir(socket_.substr(0, socket_.rfind('/')).c_str());
}

void FakeServer::OnCommand(const std::string& name, Answering answering) {
  const std::lock_guard lock(mutex_);
  answering_[name] = std::move(answering);
}

int FakeServer::Asked(const std::string& name) {
  const std::lock_guard lock(mutex_);
  return asked_[name];
}

FakeServer::Answer FakeServer::AnswerTo(int connection, const Command& command) {
  Answering answering;
  {
    const std::lock_guard lock(mutex_);
    const auto found = answering_.find(command[0]);
    ++asked_[command[0]];
    if (found == answering_.end()) return {std::string(kUnknown)};
    answering = found->second;
  }
  return answering(connection, command);
}

void FakeServer::Serve() {
  std::vector<Client> clients;
  int connections = 0;
  while (!stop_) {
    std::vector<pollfd> polled = {{listener_, POLLIN, 0}};
    for (const Client& client : clients) polled.push_back({client.descriptor, POLLIN, 0});
    if (::poll(polled.data(), polled.size(), kPollMilliseconds) <= 0) continue;
    for (size_t i = clients.size(); i > 0; --i) {
      if (polled[i].revents == 0 || Read(&clients[i - 1])) continue;
      ::close(clients[i - 1].descriptor);
      clients.erase(clients.begin() + static_cast<std::ptrdiff_t>(i) - 1);
    }
    if (polled[0].revents == 0) continue;
    clients.push_back({connections++, ::accept(listener_, nullptr, nullptr), ""});
  }
  for (const Client& client : clients) ::close(client.descriptor);
}

// False at its end.
bool FakeServer::Read(Client* client) {
  char buffer[65536];
  const ssize_t got = ::recv(client->descriptor, buffer, sizeof buffer, 0);
  if (got <= 0) return false;
  client->unread.append(buffer, static_cast<size_t>(got));
  return AnswerAll(client);
}

bool FakeServer::AnswerAll(Client* client) {
  Command command;
  while (TakeCommand(&client->unread, &command)) {
    const Answer answer = AnswerTo(client->connection, command);
    for (std::string_view rest = answer.bytes; !rest.empty();) {
      const ssize_t sent = ::send(client->descriptor, rest.data(), rest.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      rest.remove_prefix(static_cast<size_t>(sent));
    }
    if (answer.close) return false;
  }
  return true;
}

}  // namespace varve::harness
