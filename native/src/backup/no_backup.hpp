// No backup: a pause drops the bytes, and costs nothing but giving the pages back.
#pragma once

#include "backup/backup.hpp"

namespace windlass {

class NoBackup final : public Backup {
 public:
  std::string_view name() const noexcept override { return "none"; }
  bool keeps_bytes() const noexcept override { return false; }
  Status prepare(uint64_t /*bytes*/) override { return Status(); }
  Status save(Device& /*device*/, uint64_t /*address*/, uint64_t /*offset*/, uint64_t /*bytes*/) override {
    return Status();
  }
  Status restore(Device& /*device*/, uint64_t /*address*/, uint64_t /*offset*/, uint64_t /*bytes*/) override {
    return Status();
  }
  void release() noexcept override {}
  uint64_t held_bytes() const noexcept override { return 0; }
};

}  // namespace windlass
