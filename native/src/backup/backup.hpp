// A backup: where a paused region's bytes are.
//
// In a pause it is asked to prepare, then to save each part, and, if the pause fails, to release. In a resume it is
// asked to restore each part, then to release. A backup that retains keeps its memory after release, for the next
// prepare.
//
// Contract, which tests-native/contract holds implementations to: prepare gets all the room that the saves will need,
// or changes nothing; after a failed restore the bytes are still there.
//
// Threads: the owner serialises calls.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/status.hpp"
#include "device/device.hpp"

namespace windlass {

class Backup {
 public:
  Backup() = default;
  virtual ~Backup() = default;
  Backup(const Backup&) = delete;
  Backup& operator=(const Backup&) = delete;

  virtual std::string_view name() const noexcept = 0;

  // Whether save() keeps the bytes: where it does not, content after a resume is undefined.
  virtual bool keeps_bytes() const noexcept = 0;

  // Gets room for an image of bytes. Errors: kNoSpace; kNoMemory.
  virtual Status prepare(uint64_t bytes) = 0;

  // Copies [address, address + bytes) of the device to offset of the image. offset is a multiple of kHugePageBytes.
  // Errors: kDevice.
  virtual Status save(Device& device, uint64_t address, uint64_t offset, uint64_t bytes) = 0;

  // Copies bytes at offset of the image to the device. offset is a multiple of kHugePageBytes. Errors: kCorrupt;
  // kDevice.
  virtual Status restore(Device& device, uint64_t address, uint64_t offset, uint64_t bytes) = 0;

  // The image is needed no more. Gives memory up unless the backup retains it.
  virtual void release() noexcept = 0;

  // Host memory held now.
  virtual uint64_t held_bytes() const noexcept = 0;
};

}  // namespace windlass
