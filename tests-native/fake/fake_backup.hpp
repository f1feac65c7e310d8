// A backup whose calls fail on demand, over one that works.
//
// Each call is a step with a number: fail_at(n) makes step n fail, once; fail_always("save") makes every call of that
// name fail until it is forgiven. What a failing call would have done is not done. It can hide its memory, so that it
// must be read, and settle late, as a file does.
//
// Tests keep its Controls, which stay when it has been given away.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>

#include "backup/backup.hpp"
#include "base/text.hpp"

namespace windlass::fake {

class FakeBackup final : public Backup {
 public:
  struct Controls {
    std::mutex mutex;  // guards what the backup's calls change
    std::set<std::string> failing_calls;
    Code failure = Code::kIo;
    uint64_t steps = 0;
    uint64_t failing_step = 0;
    uint64_t most_prepare_bytes = UINT64_MAX;  // more is kNoSpace
    bool hides_memory = false;
    bool settles_late = false;  // nothing counts as settled before settle()

    void fail_at(uint64_t step) { failing_step = steps + step; }
    void fail_always(const std::string& call) { failing_calls.insert(call); }
    void forgive() {
      failing_step = 0;
      failing_calls.clear();
    }
    bool failed() const { return failing_step != 0 && steps >= failing_step; }
  };

  FakeBackup(std::unique_ptr<Backup> real, std::shared_ptr<Controls> controls)
      : real_(std::move(real)), controls_(std::move(controls)) {}

  std::string_view name() const noexcept override { return "fake"; }
  bool keeps_bytes() const noexcept override { return real_->keeps_bytes(); }
  Status prepare(uint64_t bytes) override {
    if (Status step = take("prepare"); !step.ok()) return step;
    if (bytes > controls_->most_prepare_bytes) return Status::error(Code::kNoSpace, "fake: full");
    settled_ = false;
    return real_->prepare(bytes);
  }
  Status save(Device& device, uint64_t address, uint64_t offset, uint64_t bytes) override {
    Status step = take("save");
    return step.ok() ? real_->save(device, address, offset, bytes) : step;
  }
  uint64_t settled_bytes() const noexcept override {
    return controls_->settles_late && !settled_ ? 0 : real_->settled_bytes();
  }
  Status settle() override {
    if (Status step = take("settle"); !step.ok()) return step;
    Status done = real_->settle();
    settled_ = done.ok();
    return done;
  }
  Status restore(Device& device, uint64_t address, uint64_t offset, uint64_t bytes) override {
    Status step = take("restore");
    return step.ok() ? real_->restore(device, address, offset, bytes) : step;
  }
  Status read(uint64_t offset, void* target, uint64_t bytes) override {
    Status step = take("read");
    return step.ok() ? real_->read(offset, target, bytes) : step;
  }
  std::span<const std::byte> view(uint64_t offset) const noexcept override {
    return controls_->hides_memory ? std::span<const std::byte>() : real_->view(offset);
  }
  void release() noexcept override { real_->release(); }
  bool retains() const noexcept override { return real_->retains(); }
  uint64_t held_bytes() const noexcept override { return real_->held_bytes(); }
  uint64_t stored_bytes() const noexcept override { return real_->stored_bytes(); }

 private:
  Status take(const char* call) {
    const std::lock_guard lock(controls_->mutex);
    if (++controls_->steps != controls_->failing_step && !controls_->failing_calls.contains(call)) return Status();
    return Status::error(controls_->failure, text("fake: ", call, " fails"));
  }

  const std::unique_ptr<Backup> real_;
  const std::shared_ptr<Controls> controls_;
  std::atomic<bool> settled_ = false;
};

}  // namespace windlass::fake
