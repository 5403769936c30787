// Mutex, MutexLock and CondVar: the standard ones, annotated so that clang checks which state is
// touched under which lock (-Wthread-safety).
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define VARVE_THREAD_ATTRIBUTE(x) __attribute__((x))
#else
#define VARVE_THREAD_ATTRIBUTE(x)
#endif

// On a member: reading or writing it needs the lock.
#define GUARDED_BY(lock) VARVE_THREAD_ATTRIBUTE(guarded_by(lock))
// On a function: the caller holds, or does not hold, the lock.
#define REQUIRES_LOCK(...) VARVE_THREAD_ATTRIBUTE(requires_capability(__VA_ARGS__))
#define EXCLUDES_LOCK(...) VARVE_THREAD_ATTRIBUTE(locks_excluded(__VA_ARGS__))

namespace varve {

class VARVE_THREAD_ATTRIBUTE(capability("mutex")) Mutex {
 public:
  void Lock() VARVE_THREAD_ATTRIBUTE(acquire_capability()) { mutex_.lock(); }
  void Unlock() VARVE_THREAD_ATTRIBUTE(release_capability()) { mutex_.unlock(); }

 private:
  friend class CondVar;
  std::mutex mutex_;
};

class VARVE_THREAD_ATTRIBUTE(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) VARVE_THREAD_ATTRIBUTE(acquire_capability(mutex))
      : mutex_(mutex) {
    mutex_.Lock();
  }
  ~MutexLock() VARVE_THREAD_ATTRIBUTE(release_capability()) { mutex_.Unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

class CondVar {
 public:
  // Releases the mutex, waits for a signal (or for no reason), takes the mutex again.
  void Wait(Mutex& mutex) REQUIRES_LOCK(mutex) {
    std::unique_lock<std::mutex> held(mutex.mutex_, std::adopt_lock);
    condition_.wait(held);
    held.release();
  }
  void NotifyOne() { condition_.notify_one(); }
  void NotifyAll() { condition_.notify_all(); }

 private:
  std::condition_variable condition_;
};

}  // namespace varve
