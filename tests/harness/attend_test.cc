// An interruption never waits for what it interrupts.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/attend.h"

#include <gtest/gtest.h>

#include <chrono>
#include <latch>
#include <thread>

namespace varve::harness {
namespace {

class AttendTest : public testing::Test {
 protected:
  AttendTest() { context_.interrupted = &interrupted_; }

  std::atomic<bool> interrupted_{false};
  TrialContext context_;
  const std::shared_ptr<TrialControl> control_ = std::make_shared<TrialControl>();
};

TEST_F(AttendTest, ReturnsWhatTheWorkReturns) {
  EXPECT_TRUE(Attend(context_, control_, [] { return Status(); }).ok());
  const Status status = Attend(context_, control_, [] { return Status::NoSpace("full"); });
  EXPECT_EQ(status.code(), Status::Code::kNoSpace);
  EXPECT_FALSE(control_->interrupted());
}

TEST_F(AttendTest, WorkThatNoticesTheInterruptionEndsByItself) {
  interrupted_.store(true);
  const Status status = Attend(context_, control_, [control = control_] {
    while (!control->interrupted()) std::this_thread::yield();
    return Status::Indeterminate("noticed");
  });
  EXPECT_EQ(status.message(), "noticed");
}

TEST_F(AttendTest, WorkThatIsStuckIsLeftAlone) {
  struct Shared {
    std::latch release{1};
    std::latch ended{1};
  };
  const auto shared = std::make_shared<Shared>();
  interrupted_.store(true);
  const Status status = Attend(context_, control_, [shared] {
    shared->release.wait();
    shared->ended.count_down();
    return Status();
  });
  EXPECT_EQ(status.code(), Status::Code::kIndeterminate);
  EXPECT_FALSE(shared->ended.try_wait());
  shared->release.count_down();
  shared->ended.wait();
}

TEST_F(AttendTest, WhatTheWorkOwnsIsGoneWhenItIsOver) {
  const auto owned = std::make_shared<int>(1);
  ASSERT_TRUE(Attend(context_, control_, [owned] { return Status(); }).ok());
  EXPECT_EQ(owned.use_count(), 1);
}

}  // namespace
}  // namespace varve::harness
