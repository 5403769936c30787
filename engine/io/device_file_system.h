// A file system that is as slow as a modelled device, for experiments that must not depend on the
// device that happens to be there.
//
// The model. There is one device, which does one thing at a time: `n` bytes keep it busy for n
// divided by the bandwidth of their direction, and who comes meanwhile waits. Latency is added to
// what the caller waits for, and keeps the device free for others.
//   - A read waits for its bytes and one latency. The kernel's page cache is not modelled: what
//     reaches the file system comes from the device.
//   - An append waits for its bytes: nothing is buffered that could hide how slow the device is.
//   - An append to the log (IoKind::kWal) does not wait, as the kernel takes it at the speed of
//     memory; its bytes keep the device busy all the same, as write-back does.
//   - A sync waits for what was appended to the file, and one latency; that of a directory, for one
//     latency.
//   - Everything else is free.
// The real device below must be faster than the model: its time is part of the modelled time, not
// added to it. A wait is as exact as the kernel's timers; what they oversleep is made up for while
// the device is busy.
//
// Invariant: every call reaches the file system below unchanged.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>

#include "engine/io/file_system.h"
#include "engine/util/clock.h"

namespace varve {

// 0: as the real device is.
struct DeviceModel {
  uint64_t write_bytes_per_second = 0;
  uint64_t read_bytes_per_second = 0;
  uint64_t latency_ns = 0;
};

// Thread safe. `below` and `clock` outlive it.
std::unique_ptr<FileSystem> NewDeviceFileSystem(FileSystem* below, const DeviceModel& model,
                                                Clock* clock);

}  // namespace varve
