// A backup: where a paused region's bytes are.
//
// In a pause it is asked to prepare, then to save each part in order of offset, then to settle; if the pause fails, to
// release. In a resume it is asked to restore each part, then to release. A backup that retains keeps its image after
// release, and its room for the next prepare.
//
// save() returns when the source has been read; the bytes may still be on their way to where they are kept. Up to
// settled_bytes() they are there, and the source may go; settle() waits for the rest.
//
// Contract, which tests-native/contract holds implementations to: prepare gets all the room that the saves will need,
// or changes nothing; after a failed save or settle, what was settled before can be restored; after a failed restore
// the bytes are still there. An implementation whose image needs less than was prepared gives the rest up in settle.
//
// Threads: the owner serialises calls, save for settled_bytes and held_bytes, which any thread may ask.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
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

  // Gets room for an image of bytes. Errors: kNoSpace; kNoMemory; kIo.
  virtual Status prepare(uint64_t bytes) = 0;

  // Copies [address, address + bytes) of the device to offset of the image. offset is a multiple of kHugePageBytes,
  // and so is bytes but for the last save. Errors: kDevice; kIo.
  virtual Status save(Device& device, uint64_t address, uint64_t offset, uint64_t bytes) = 0;

  // How much of the image, from its start, is kept whatever happens to the source. 0 after prepare.
  virtual uint64_t settled_bytes() const noexcept = 0;

  // Waits until all that was saved is settled. Errors: kNoSpace; kIo.
  virtual Status settle() = 0;

  // Copies bytes at offset of the image to the device. offset is a multiple of kHugePageBytes, and so is bytes but at
  // the image's end. Errors: kCorrupt; kDevice; kIo.
  virtual Status restore(Device& device, uint64_t address, uint64_t offset, uint64_t bytes) = 0;

  // Copies any part of a settled image to host memory. Errors: kCorrupt; kIo; kUnsupported (nothing is kept).
  virtual Status read(uint64_t offset, void* target, uint64_t bytes) = 0;

  // The image from offset on, for as far as it lies in host memory in one piece, as it was on the device; empty where
  // it does not. Valid until release, or prepare where the backup retains.
  virtual std::span<const std::byte> view(uint64_t offset) const noexcept = 0;

  // The image is needed no more. Gives up what it takes unless the backup retains it.
  virtual void release() noexcept = 0;

  // Whether release() keeps the image.
  virtual bool retains() const noexcept = 0;

  // Host memory held now; and room in files.
  virtual uint64_t held_bytes() const noexcept = 0;
  virtual uint64_t stored_bytes() const noexcept { return 0; }
};

}  // namespace windlass
