// A device whose calls fail on demand, over one that works.
//
// Each call is a step with a number. fail_at(n) makes step n fail, once; fail_always("create") makes every call of that
// name fail until it is forgiven. What a failing call would have done is not done.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "device/device.hpp"

namespace windlass::fake {

class FakeDevice final : public Device {
 public:
  explicit FakeDevice(std::shared_ptr<Device> real) : real_(std::move(real)) {}

  void fail_at(uint64_t step) { failing_step_ = steps_ + step; }
  void fail_always(const std::string& call) { failing_calls_.insert(call); }
  void forgive() {
    failing_step_ = 0;
    failing_calls_.clear();
  }
  // Whether the step that was to fail has been reached.
  bool failed() const { return failing_step_ != 0 && steps_ >= failing_step_; }
  const std::string& last_failure() const { return last_failure_; }
  const std::vector<std::string>& calls() const { return calls_; }
  void hide_from_host() { host_accessible_ = false; }

  std::string name() const override { return "fake " + real_->name(); }
  uint64_t granularity_bytes() const noexcept override { return real_->granularity_bytes(); }
  bool host_accessible() const noexcept override { return host_accessible_ && real_->host_accessible(); }
  Result<DeviceMemory> memory() const override { return real_->memory(); }

  Result<uint64_t> reserve(uint64_t bytes) override {
    if (Status step = take("reserve"); !step.ok()) return step;
    return real_->reserve(bytes);
  }
  Status unreserve(uint64_t address, uint64_t bytes) override {
    Status step = take("unreserve");
    return step.ok() ? real_->unreserve(address, bytes) : step;
  }
  Result<PhysicalId> create(uint64_t bytes) override {
    if (Status step = take("create"); !step.ok()) return step;
    return real_->create(bytes);
  }
  Status release(PhysicalId physical) override {
    Status step = take("release");
    return step.ok() ? real_->release(physical) : step;
  }
  Status map(uint64_t address, uint64_t bytes, PhysicalId physical) override {
    Status step = take("map");
    return step.ok() ? real_->map(address, bytes, physical) : step;
  }
  Status unmap(uint64_t address, uint64_t bytes) override {
    Status step = take("unmap");
    return step.ok() ? real_->unmap(address, bytes) : step;
  }
  Status set_access(uint64_t address, uint64_t bytes) override {
    Status step = take("set_access");
    return step.ok() ? real_->set_access(address, bytes) : step;
  }
  Status drain() override {
    Status step = take("drain");
    return step.ok() ? real_->drain() : step;
  }
  Status copy_in(uint64_t target_address, const void* source, uint64_t bytes) override {
    Status step = take("copy_in");
    return step.ok() ? real_->copy_in(target_address, source, bytes) : step;
  }
  Status copy_out(void* target, uint64_t source_address, uint64_t bytes) override {
    Status step = take("copy_out");
    return step.ok() ? real_->copy_out(target, source_address, bytes) : step;
  }
  Result<Hash128> copy_in_hashed(uint64_t target_address, const void* source, uint64_t bytes) override {
    if (!host_accessible_) return Device::copy_in_hashed(target_address, source, bytes);
    if (Status step = take("copy_in"); !step.ok()) return step;
    return real_->copy_in_hashed(target_address, source, bytes);
  }
  Result<Hash128> copy_out_hashed(void* target, uint64_t source_address, uint64_t bytes) override {
    if (!host_accessible_) return Device::copy_out_hashed(target, source_address, bytes);
    if (Status step = take("copy_out"); !step.ok()) return step;
    return real_->copy_out_hashed(target, source_address, bytes);
  }
  Status pin_host(void* address, uint64_t bytes) override {
    Status step = take("pin_host");
    return step.ok() ? real_->pin_host(address, bytes) : step;
  }
  Status unpin_host(void* address, uint64_t bytes) override {
    Status step = take("unpin_host");
    return step.ok() ? real_->unpin_host(address, bytes) : step;
  }
  Result<int> export_memory(PhysicalId physical) override {
    if (Status step = take("export_memory"); !step.ok()) return step;
    return real_->export_memory(physical);
  }
  Result<PhysicalId> import_memory(int descriptor, uint64_t bytes) override {
    if (Status step = take("import_memory"); !step.ok()) return step;
    return real_->import_memory(descriptor, bytes);
  }
  Result<uint64_t> resident_bytes(uint64_t address, uint64_t bytes) const override {
    if (failing_calls_.contains("resident_bytes")) return Status::error(Code::kIo, "fake: resident_bytes fails");
    return real_->resident_bytes(address, bytes);
  }

 private:
  Status take(const char* call) {
    const std::lock_guard lock(mutex_);
    ++steps_;
    calls_.emplace_back(call);
    if (steps_ != failing_step_ && !failing_calls_.contains(call)) return Status();
    last_failure_ = call;
    return Status::error(Code::kDevice, text("fake: ", call, " fails"), 700);
  }

  std::shared_ptr<Device> real_;
  std::mutex mutex_;  // guards what copies of several threads change at once
  std::set<std::string> failing_calls_;
  std::vector<std::string> calls_;
  std::string last_failure_;
  uint64_t steps_ = 0;
  uint64_t failing_step_ = 0;
  bool host_accessible_ = true;
};

}  // namespace windlass::fake
