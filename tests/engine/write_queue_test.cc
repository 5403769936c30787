// Group commit: everybody is served once, in order, and waits for nobody when alone.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/write_queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

namespace varve {
namespace {

TEST(WriteQueue, ALoneWriterLeadsAGroupOfOne) {
  WriteQueue queue;
  WriteQueue::Writer writer;
  ASSERT_TRUE(queue.Enter(&writer));
  EXPECT_EQ(queue.group().size(), 1u);
  queue.Leave(Status::IoError("x"));
  EXPECT_EQ(writer.status.code(), Status::Code::kIoError);
}

TEST(WriteQueue, EveryWriterIsCommittedOnceAndGetsTheStatusOfItsGroup) {
  WriteQueue queue;
  uint64_t committed = 0;  // touched by leaders only
  std::atomic<uint64_t> acknowledged{0};
  std::atomic<uint64_t> failed{0};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        const std::string operations(10, 'x');
        for (int i = 0; i < 2000; ++i) {
          WriteQueue::Writer writer;
          writer.operations = operations;
          writer.count = 1;
          if (queue.Enter(&writer)) {
            bool fail = false;
            for (const WriteQueue::Writer* member : queue.group()) {
              committed += member->count;
              fail = committed % 10 == 0;
            }
            queue.Leave(fail ? Status::IoError("every tenth") : Status());
          }
          (writer.status.ok() ? acknowledged : failed).fetch_add(1);
        }
      });
    }
  }
  EXPECT_EQ(committed, 8000u);
  EXPECT_EQ(acknowledged + failed, 8000u);
  EXPECT_GE(failed, 1u);
}

TEST(WriteQueue, WaitingWritersFormOneGroupAndAWriterAloneStaysAlone) {
  WriteQueue queue;
  WriteQueue::Writer first;
  ASSERT_TRUE(queue.Enter(&first));
  std::vector<size_t> groups;  // touched by leaders only
  std::vector<std::jthread> threads;
  std::atomic<int> waiting{0};
  for (int t = 0; t < 5; ++t) {
    threads.emplace_back([&, t] {
      WriteQueue::Writer writer;
      writer.alone = t == 0;
      waiting.fetch_add(1);
      if (!queue.Enter(&writer)) return;
      groups.push_back(queue.group().size());
      queue.Leave({});
    });
  }
  while (waiting.load() < 5) std::this_thread::yield();
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  queue.Leave({});
  threads.clear();
  size_t members = 0;
  for (const size_t size : groups) members += size;
  EXPECT_EQ(members, 5u);
  EXPECT_LE(groups.size(), 3u) << "writers that wait share a commit";
}

}  // namespace
}  // namespace varve
