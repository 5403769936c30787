// Imports: what becomes of each request, what is told about it, and which lines are refused.
//
// SPDX-License-Identifier: Apache-2.0
#include "workloads/trace_import.h"

#include <gmock/gmock.h>

#include "tests/paths.h"
#include "tests/workloads/trace_test_util.h"

namespace varve::workloads {
namespace {

using testing::HasSubstr;

class TraceImportTest : public TraceTest {
 protected:
  // Imports the text; the trace is then in trace_, unless it was refused.
  Status Import(std::string_view format, const std::string& text) {
    Write(PathOf("input"), text);
    return ImportFrom(format, PathOf("input"));
  }

  Status ImportFrom(std::string_view format, const std::string& path) {
    trace_ = nullptr;
    std::FILE* file = std::fopen(path.c_str(), "rb");
    EXPECT_NE(file, nullptr);
    const auto writer = NewWriter("out.trace");
    const auto row = FindTraceFormat(format);
    EXPECT_TRUE(row.ok());
    auto report = ImportTrace({file, "input", {}}, **row, options_, writer.get());
    std::fclose(file);
    if (!report.ok()) return report.status();
    report_ = std::move(*report);
    EXPECT_TRUE(writer->Finish("").ok());
    trace_ = Opened("out.trace");
    return {};
  }

  // "count text (line)" of each note.
  std::vector<std::string> Notes() const {
    std::vector<std::string> notes;
    for (const auto& note : report_.notes) {
      notes.push_back(std::to_string(note.count) + " " + note.text + " (" +
                      std::to_string(note.first_line) + ")");
    }
    return notes;
  }

  TraceImportOptions options_;
  TraceImportReport report_;
  std::shared_ptr<const Trace> trace_;
};

TEST_F(TraceImportTest, RequestsOfACacheBecomeOperations) {
  ASSERT_TRUE(ImportFrom("cache-trace", SourcePath("tests/data/trace/cache.csv")).ok());
  EXPECT_EQ(TextOf(*trace_),
            "0 read user:1 0\n"
            "250000000 read user:2 0\n"
            "500000000 update user:2 300\n"
            "750000000 read page,a,b 0\n"
            "2000000000 read_modify_write user:1 130\n"
            "2500000000 read_modify_write count 8\n"
            "5000000000 delete user:1 0\n"
            "5500000000 read_modify_write user:1 120\n");
  EXPECT_EQ(StartOf(*trace_), "user:1 120\npage,a,b 50\ncount 8\n");
  EXPECT_THAT(Notes(),
              testing::ElementsAre("2 writes with a time to live, which is not replayed (3)",
                                   "1 requests earlier than the one before, given its time (8)"));
}

TEST_F(TraceImportTest, EveryOperationOfACacheIsKnown) {
  const auto kind_of = [&](const std::string& name) {
    EXPECT_TRUE(Import("cache-trace", "7,k,1,9,0," + name + ",0\n").ok()) << name;
    return std::string(OperationName(trace_->OperationAt(0).kind)) + " " +
           std::to_string(trace_->OperationAt(0).argument) +
           (trace_->loaded() == 1 ? " found" : "");
  };
  for (const char* name : {"get", "gets"}) EXPECT_EQ(kind_of(name), "read 0 found");
  EXPECT_EQ(kind_of("set"), "update 9");
  EXPECT_EQ(kind_of("add"), "read_modify_write 9");
  for (const char* name : {"replace", "cas", "append", "prepend", "incr", "decr"}) {
    EXPECT_EQ(kind_of(name), "read_modify_write 9 found");
  }
  EXPECT_EQ(kind_of("delete"), "delete 0");
}

TEST_F(TraceImportTest, ATimeToLiveEndsInADelete) {
  options_.expire = true;
  // "a" is rewritten and lives on; "b" is deleted before; "c" lives for ever in the end; "d" is
  // given a shorter life; "e" outlives the trace.
  ASSERT_TRUE(Import("cache-trace",
                     "0,a,1,1,0,set,10\n0,b,1,1,0,set,10\n0,c,1,1,0,set,10\n0,d,1,1,0,set,30\n"
                     "0,e,1,1,0,set,900\n"
                     "5,a,1,1,0,set,10\n6,b,1,0,0,delete,0\n7,c,1,1,0,set,0\n8,d,1,1,0,add,4\n"
                     "9,d,1,1,0,incr,0\n"
                     "20,x,1,0,0,get,0\n40,x,1,0,0,get,0\n")
                  .ok());
  const std::string text = TextOf(*trace_);
  EXPECT_THAT(text, HasSubstr("9000000000 read_modify_write d 1\n12000000000 delete d 0\n"
                              "15000000000 delete a 0\n20000000000 read x 0\n"
                              "40000000000 read x 0\n"));
  EXPECT_THAT(Notes(), testing::ElementsAre("2 deletes put in where a time to live was over (11)"));
}

TEST_F(TraceImportTest, LinesOfRocksdbBecomeOperations) {
  ASSERT_TRUE(ImportFrom("rocksdb", SourcePath("tests/data/trace/rocksdb.txt")).ok());
  EXPECT_EQ(TextOf(*trace_),
            "0 read k1 0\n10000 update k2 40\n10500 read k3 0\n20000 update k1 60\n"
            "30000 scan k 1\n40000 delete k2 0\n50000 update k4 20\n");
  // "k1" has the size of its next value, "k3" the mean of all.
  EXPECT_EQ(StartOf(*trace_), "k1 60\nk3 40\n");
  EXPECT_THAT(Notes(),
              testing::ElementsAre(
                  "1 range deletes left out: the format does not tell their end (8)",
                  "1 records of untold size that are there at the start, given 40 bytes (8)"));
}

TEST_F(TraceImportTest, OptionsSayWhatRocksdbDoesNotTell) {
  options_.scan_length = 50;
  options_.load_bytes = 7;
  ASSERT_TRUE(Import("rocksdb", "0x00ff 6 3 0 1\n0x 0 3 0 1\n").ok());
  EXPECT_EQ(TextOf(*trace_), "0 scan " + std::string("\0\xff", 2) + " 50\n500 read  0\n");
  EXPECT_EQ(StartOf(*trace_), " 7\n");
  options_.scan_length = 0;
  EXPECT_FALSE(Import("rocksdb", "").ok());
}

TEST_F(TraceImportTest, ATraceIsOfOneColumnFamily) {
  const std::string text = "0x01 1 0 1 1\n0x01 1 4 2 2\n0x01 1 4 3 3\n";
  EXPECT_EQ(Import("rocksdb", text).message(),
            "input:2: a request of column family 4, after some of 0: choose one of them");
  options_.column_family = 4;
  ASSERT_TRUE(Import("rocksdb", text).ok());
  EXPECT_EQ(trace_->operations(), 2U);
  EXPECT_THAT(Notes(), testing::ElementsAre("1 requests of other column families left out (1)"));
}

TEST_F(TraceImportTest, WhatCannotBeReplayedIsLeftOutAndNamed) {
  const std::string key(kTraceKeyBytesMax + 1, 'k');
  ASSERT_TRUE(Import("cache-trace", "0,a,1,1048575,0,set,0\n0,a,1,1048576,0,set,0\n0," + key +
                                        ",65537,1,0,get,0\r\n0,b,1,1048576,0,get,0\n"
                                        "0,c,5,9,0,get,0")
                  .ok());
  EXPECT_EQ(trace_->operations(), 3U);
  EXPECT_EQ(StartOf(*trace_), "c 9\n");
  EXPECT_THAT(Notes(), testing::ElementsAre(
                           "1 requests left out: their values are over 1048575 bytes (2)",
                           "1 requests left out: their keys are over 65536 bytes (3)",
                           "1 records not there at the start: values over 1048575 bytes (4)",
                           "1 keys of another length than their key size, kept (5)"));
}

TEST_F(TraceImportTest, ALineThatCannotBeReadIsNamed) {
  const std::string good = "0,k,1,9,0,get,0\n";
  const auto error = [&](const std::string& line) {
    return std::string(Import("cache-trace", good + line + "\n" + good).message());
  };
  EXPECT_EQ(error("0,k,1,9,0,gett,0"),
            "input:2: there is no operation \"gett\": it is one of get, gets, set, add, replace, "
            "cas, append, prepend, incr, decr or delete; did you mean \"get\"?");
  EXPECT_EQ(error("0,k,1,9,get,0"),
            "input:2: the line has not the seven fields "
            "timestamp,key,key size,value size,client,operation,TTL");
  EXPECT_THAT(error(""), HasSubstr("input:2: the line has not the seven fields"));
  EXPECT_EQ(error("0.5,k,1,9,0,get,0"), "input:2: \"0.5\" is not a timestamp");
  EXPECT_EQ(error("0,k,1,-9,0,get,0"), "input:2: \"-9\" is not a value size");
  EXPECT_EQ(error("0,k,1,99999999999999999999,0,get,0"),
            "input:2: \"99999999999999999999\" is not a value size");
  EXPECT_THAT(error("9223372036854775807,k,1,9,0,get,0"), HasSubstr("input:2: the time"));
  EXPECT_THAT(error(std::string(300000, 'x')), HasSubstr("input:2: the line is longer than"));
}

TEST_F(TraceImportTest, ALineOfRocksdbThatCannotBeReadIsNamed) {
  const auto error = [&](const std::string& line) {
    return std::string(Import("rocksdb", "0x01 0 0 0 5\n" + line).message());
  };
  EXPECT_THAT(error("0 0 0 5"), HasSubstr("input:2: the line has no key"));
  EXPECT_THAT(error("0x01 0 0 5"), HasSubstr("input:2: the line has not the five fields"));
  EXPECT_THAT(error("01 0 0 0 5"), HasSubstr("which begins with 0x"));
  EXPECT_EQ(error("0x012 0 0 0 5"), "input:2: 0x012 is not a key in hexadecimal");
  EXPECT_EQ(error("0x0g 0 0 0 5"), "input:2: 0x0g is not a key in hexadecimal");
  EXPECT_EQ(error("0x01 9 0 0 5"),
            "input:2: there is no operation of type 9: types are 0 to 8 (multiget)");
  EXPECT_EQ(FindTraceFormat("rocks").status().message(),
            "there is no format \"rocks\": it is one of cache-trace or rocksdb; did you mean "
            "\"rocksdb\"?");
}

TEST_F(TraceImportTest, AnEmptyFileIsAnEmptyTrace) {
  ASSERT_TRUE(Import("cache-trace", "").ok());
  EXPECT_EQ(trace_->operations(), 0U);
}

}  // namespace
}  // namespace varve::workloads
