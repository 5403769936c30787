// What tests of traces share: a small trace, a directory for it, and reading files.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "workloads/trace.h"
#include "workloads/trace_writer.h"

namespace varve::workloads {

class TraceTest : public testing::Test {
 protected:
  TraceTest() : directory_(testing::TempDir() + "/trace_test_" + std::to_string(::getpid())) {
    std::filesystem::remove_all(directory_);
    std::filesystem::create_directories(directory_);
  }
  ~TraceTest() override { std::filesystem::remove_all(directory_); }

  std::string PathOf(const std::string& name) const { return directory_ + "/" + name; }

  static std::string Read(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream bytes;
    bytes << file.rdbuf();
    return bytes.str();
  }
  static void Write(const std::string& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
  }

  std::unique_ptr<TraceWriter> NewWriter(const std::string& name) const {
    auto writer = TraceWriter::Create(PathOf(name));
    EXPECT_TRUE(writer.ok()) << writer.status().ToString();
    return std::move(*writer);
  }

  // Opened and verified.
  std::shared_ptr<const Trace> Opened(const std::string& name) const {
    auto trace = Trace::Open(PathOf(name));
    EXPECT_TRUE(trace.ok()) << trace.status().ToString();
    if (!trace.ok()) return nullptr;
    const Status status = (*trace)->Verify({});
    EXPECT_TRUE(status.ok()) << status.ToString();
    return *trace;
  }

  // The example of TRACE.md: key "a" is there at the start, and "b" is put.
  void WriteExample(const std::string& name) const {
    const auto writer = NewWriter(name);
    writer->SetAtStart(writer->Record("a"), 3);
    ASSERT_TRUE(writer->Add({0, OperationKind::kRead, 0, 0}).ok());
    ASSERT_TRUE(writer->Add({1000, OperationKind::kUpdate, writer->Record("b"), 5}).ok());
    ASSERT_TRUE(writer->Finish("sample").ok());
  }

  // Operations as text, one a line: time, kind, key, argument.
  static std::string TextOf(const Trace& trace) {
    std::ostringstream text;
    for (uint64_t i = 0; i < trace.operations(); ++i) {
      const TraceOperation operation = trace.OperationAt(i);
      text << operation.at_ns << ' ' << OperationName(operation.kind) << ' '
           << trace.Key(operation.record) << ' ' << operation.argument << '\n';
    }
    return text.str();
  }
  // What is there at the start, one a line: key, bytes.
  static std::string StartOf(const Trace& trace) {
    std::ostringstream text;
    for (uint64_t record = 0; record < trace.records(); ++record) {
      const auto bytes = trace.BytesAtStart(record);
      if (bytes.has_value()) text << trace.Key(record) << ' ' << *bytes << '\n';
    }
    return text.str();
  }

  const std::string directory_;
};

}  // namespace varve::workloads
