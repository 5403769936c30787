// Traces as files: what is written is read, and damage is seen.
//
// SPDX-License-Identifier: Apache-2.0
#include "workloads/trace.h"

#include <gmock/gmock.h>

#include "engine/util/coding.h"
#include "tests/fuzz/sealing.h"
#include "tests/hex.h"
#include "tests/paths.h"
#include "tests/workloads/trace_test_util.h"

namespace varve::workloads {
namespace {

using testing::HasSubstr;

class TraceFileTest : public TraceTest {
 protected:
  // The error of a file with these bytes, or OK.
  static Status StatusOf(const std::string& bytes) {
    const auto trace = Trace::FromBytes(bytes, "some.trace");
    return trace.ok() ? (*trace)->Verify({}) : trace.status();
  }
};

TEST_F(TraceFileTest, HoldsWhatWasWritten) {
  WriteExample("a.trace");
  const auto trace = Opened("a.trace");
  ASSERT_NE(trace, nullptr);
  EXPECT_EQ(TextOf(*trace), "0 read a 0\n1000 update b 5\n");
  EXPECT_EQ(StartOf(*trace), "a 3\n");
  EXPECT_EQ(trace->source(), "sample");
  EXPECT_EQ(trace->records(), 2U);
  EXPECT_EQ(trace->loaded(), 1U);
  EXPECT_EQ(trace->duration_ns(), 1000U);
  EXPECT_EQ(trace->value_bytes_max(), 5U);
  EXPECT_EQ(trace->key_bytes_max(), 1U);
  EXPECT_TRUE(trace->Has(OperationKind::kUpdate));
  EXPECT_FALSE(trace->Has(OperationKind::kDelete));
}

TEST_F(TraceFileTest, ManyOperationsAndKeysOfAllSizesComeBack) {
  const auto writer = NewWriter("many.trace");
  std::string expected;
  for (uint64_t i = 0; i < 20000; ++i) {
    const std::string key(1 + i % 700, static_cast<char>('a' + i % 26));
    const uint64_t record = writer->Record(key);
    const bool put = i % 3 == 0;
    const uint64_t argument = put ? i * 52 % (kTraceValueBytesMax + 1) : 0;
    ASSERT_TRUE(
        writer
            ->Add({i * i, put ? OperationKind::kInsert : OperationKind::kDelete, record, argument})
            .ok());
    expected += std::to_string(i * i) + (put ? " insert " : " delete ") + key + ' ' +
                std::to_string(argument) + '\n';
  }
  ASSERT_TRUE(writer->Finish("").ok());
  const auto trace = Opened("many.trace");
  ASSERT_NE(trace, nullptr);
  EXPECT_EQ(TextOf(*trace), expected);
  EXPECT_EQ(trace->records(), 9100U);  // lengths and letters repeat after that many
}

TEST_F(TraceFileTest, AnEmptyTraceAndAnEmptyKeyAreTraces) {
  ASSERT_TRUE(NewWriter("empty.trace")->Finish("nothing").ok());
  const auto empty = Opened("empty.trace");
  ASSERT_NE(empty, nullptr);
  EXPECT_EQ(empty->operations(), 0U);
  const auto writer = NewWriter("key.trace");
  ASSERT_TRUE(writer->Add({0, OperationKind::kRead, writer->Record(""), 0}).ok());
  ASSERT_TRUE(writer->Finish("").ok());
  EXPECT_EQ(TextOf(*Opened("key.trace")), "0 read  0\n");
}

TEST_F(TraceFileTest, EveryFlippedBitIsSeen) {
  WriteExample("a.trace");
  const std::string whole = Read(PathOf("a.trace"));
  ASSERT_TRUE(StatusOf(whole).ok());
  for (size_t at = 0; at < whole.size() * 8; ++at) {
    std::string bytes = whole;
    bytes[at / 8] = static_cast<char>(bytes[at / 8] ^ (1 << at % 8));
    const Status status = StatusOf(bytes);
    ASSERT_FALSE(status.ok()) << "bit " << at;
    ASSERT_THAT(std::string(status.message()), HasSubstr("some.trace")) << "bit " << at;
  }
}

TEST_F(TraceFileTest, EveryShorterOrLongerFileIsSeen) {
  WriteExample("a.trace");
  const std::string whole = Read(PathOf("a.trace"));
  for (size_t size = 0; size < whole.size(); ++size) {
    ASSERT_FALSE(StatusOf(whole.substr(0, size)).ok()) << size;
  }
  EXPECT_FALSE(StatusOf(whole + '\0').ok());
}

TEST_F(TraceFileTest, AHeaderAndTheRestOfAnotherTraceDoNotPass) {
  const auto bytes_of = [this](const std::string& key) {
    const auto writer = NewWriter("a.trace");
    EXPECT_TRUE(writer->Add({0, OperationKind::kRead, writer->Record(key), 0}).ok());
    EXPECT_TRUE(writer->Finish("").ok());
    return Read(PathOf("a.trace"));
  };
  const std::string one = bytes_of("a"), other = bytes_of("b");
  ASSERT_EQ(one.size(), other.size());
  ASSERT_TRUE(StatusOf(other).ok());
  EXPECT_EQ(StatusOf(one.substr(0, 128) + other.substr(128)).message(),
            "some.trace: at byte 169: the checksums are damaged");
}

TEST_F(TraceFileTest, AnErrorSaysWhereAndWhat) {
  const auto writer = NewWriter("long.trace");
  for (uint64_t i = 0; i < 10000; ++i) {
    ASSERT_TRUE(writer->Add({i, OperationKind::kRead, writer->Record("k"), 0}).ok());
  }
  ASSERT_TRUE(writer->Finish("").ok());
  std::string bytes = Read(PathOf("long.trace"));
  bytes[128 + 2 * 65536 + 100] ^= 1;
  EXPECT_EQ(StatusOf(bytes).message(),
            "some.trace: at byte 131200: the checksum of the next 64 KiB differs");
  EXPECT_EQ(StatusOf("title = 'a workload'").message(), "some.trace is not a trace of Varve");
  EXPECT_EQ(StatusOf(std::string(4096, '\0')).message(),
            "some.trace is not a trace of Varve, or its writing was cut off");
  EXPECT_EQ(Trace::Open(PathOf("none")).status().code(), Status::Code::kNotFound);
  EXPECT_FALSE(Trace::Open(directory_).ok());
}

// The example with one word changed, and its checksums made right.
TEST_F(TraceFileTest, WhatTheFormatRulesOutIsSeenWhateverTheChecksums) {
  WriteExample("a.trace");
  const std::string whole = Read(PathOf("a.trace"));
  const auto error = [&](size_t at, uint64_t word) {
    std::string bytes = whole;
    EncodeFixed64(bytes.data() + at, word);
    fuzz::SealTrace(&bytes);
    return std::string(StatusOf(bytes).message());
  };
  constexpr size_t kFirst = 128, kSecond = 152, kRecords = 176;
  EXPECT_EQ(error(kSecond, 1000), "ok");
  EXPECT_THAT(error(8, 2), HasSubstr("a trace of version 2; this program reads 1"));
  EXPECT_THAT(error(16, uint64_t{1} << 60), HasSubstr("numbers that cannot be"));
  EXPECT_THAT(error(24, 0), HasSubstr("numbers that cannot be"));
  EXPECT_THAT(error(32, 3), HasSubstr("at byte 224: the file ends here; 225 bytes were written"));
  EXPECT_THAT(error(48, 2), HasSubstr("not those that the header counts"));
  EXPECT_THAT(error(kFirst, 2000), HasSubstr("byte 128: operation 0 is out of the order of time"));
  EXPECT_THAT(error(kSecond, 999), HasSubstr("the last operation is not at the end"));
  EXPECT_THAT(error(kSecond + 8, uint64_t{5} << 56 | 1), HasSubstr("operation 1 is of a kind"));
  EXPECT_THAT(error(kSecond + 8, uint64_t{1} << 56 | 2),
              HasSubstr("names a key that is not there"));
  EXPECT_THAT(error(kSecond + 16, 6), HasSubstr("has a size that the header rules out"));
  EXPECT_THAT(error(kFirst + 16, 1), HasSubstr("has a size that the header rules out"));
  EXPECT_THAT(error(kRecords, 3), HasSubstr("byte 176: record 0 has a key or value"));
  EXPECT_THAT(error(kRecords + 8, 7), HasSubstr("byte 176: record 0 has a key or value"));
  EXPECT_THAT(error(kRecords + 8, 0), HasSubstr("not those that the header counts"));
  // "ba": no longer sorted.
  EXPECT_THAT(error(208, 0x656c706d61736162), HasSubstr("byte 192: record 1 has a key"));
}

TEST_F(TraceFileTest, WhatWasNotFinishedLeavesNothing) {
  NewWriter("a.trace")->Record("k");
  EXPECT_TRUE(std::filesystem::is_empty(directory_));
  EXPECT_FALSE(TraceWriter::Create(directory_ + "/no/such/a.trace").ok());
}

TEST_F(TraceFileTest, TheWriterRefusesWhatTheFormatCannotHold) {
  const auto writer = NewWriter("a.trace");
  writer->Record("k");
  EXPECT_TRUE(writer->Add({5, OperationKind::kUpdate, 0, kTraceValueBytesMax}).ok());
  EXPECT_FALSE(writer->Add({5, OperationKind::kUpdate, 0, kTraceValueBytesMax + 1}).ok());
  EXPECT_FALSE(writer->Add({4, OperationKind::kRead, 0, 0}).ok());
  EXPECT_FALSE(writer->Add({5, OperationKind::kRead, 1, 0}).ok());
  EXPECT_FALSE(writer->Add({5, OperationKind::kReadAbsent, 0, 0}).ok());
  EXPECT_FALSE(writer->Add({5, OperationKind::kScan, 0, kTraceScanLengthMax + 1}).ok());
  EXPECT_EQ(writer->operations(), 1U);
}

TEST_F(TraceFileTest, VerificationCanBeStopped) {
  WriteExample("a.trace");
  int calls = 0;
  EXPECT_TRUE(Opened("a.trace")
                  ->Verify([&calls](double) {
                    ++calls;
                    return false;
                  })
                  .ok());
  EXPECT_EQ(calls, 1);
}

// TRACE.md ends its example with the bytes of the file, as `xxd -g 8 -c 24` would show them.
TEST_F(TraceFileTest, TheExampleOfTheDocumentIsThatFile) {
  WriteExample("a.trace");
  const std::string bytes = Read(PathOf("a.trace"));
  const std::string document = Read(SourcePath("workloads/TRACE.md"));
  constexpr size_t kRow = 24;
  for (size_t at = 0; at < bytes.size(); at += kRow) {
    std::string row;
    for (const char c : bytes.substr(at, kRow)) {
      if (row.size() % 17 == 16) row += ' ';
      row += Hex(std::string_view(&c, 1));
    }
    EXPECT_NE(document.find(row + "\n"), std::string::npos) << "at byte " << at << ": " << row;
  }
}

}  // namespace
}  // namespace varve::workloads
