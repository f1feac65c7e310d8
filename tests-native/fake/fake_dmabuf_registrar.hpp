// A registrar of other devices' memory only, which notes what it was given.
#pragma once

#include <fcntl.h>

#include <cstdint>
#include <memory>
#include <utility>

#include "transport/registrar.hpp"

namespace windlass::fake {

// Threads: one at a time.
class FakeDmabufRegistrar final : public Registrar, public std::enable_shared_from_this<FakeDmabufRegistrar> {
 public:
  // Whether it takes any; at first it does not.
  void take(bool takes) { takes_ = takes; }
  void fail_next(Code code) { code_ = code; }

  const DmabufRange& last() const noexcept { return last_; }
  bool last_was_open() const noexcept { return last_was_open_; }
  uint64_t live() const noexcept { return live_; }

  Result<std::unique_ptr<Registration>> register_memory(std::byte* /*data*/, uint64_t /*bytes*/,
                                                        uint32_t /*access*/) override {
    return Status::error(Code::kUnsupported, "fake: takes dma-bufs only");
  }
  Result<std::unique_ptr<Registration>> register_dmabuf(const DmabufRange& range, uint32_t /*access*/) override {
    if (Status takes = takes_dmabuf(); !takes.ok()) return takes;
    last_ = range;
    last_was_open_ = fcntl(range.descriptor, F_GETFD) >= 0;
    const Code code = std::exchange(code_, Code::kOk);
    if (code != Code::kOk) return Status::error(code, "fake: the dma-buf is refused");
    return std::unique_ptr<Registration>(std::make_unique<Kept>(shared_from_this()));
  }
  Status takes_dmabuf() const override { return takes_ ? Status() : Registrar::takes_dmabuf(); }
  uint64_t most_bytes() const noexcept override { return uint64_t{1} << 40; }
  std::string_view name() const noexcept override { return "fake card"; }

 private:
  class Kept final : public Registration {
   public:
    explicit Kept(std::shared_ptr<FakeDmabufRegistrar> registrar) : registrar_(std::move(registrar)) {
      ++registrar_->live_;
    }
    ~Kept() override { --registrar_->live_; }
    uint32_t local_key() const noexcept override { return 1; }
    uint32_t remote_key() const noexcept override { return 2; }

   private:
    const std::shared_ptr<FakeDmabufRegistrar> registrar_;
  };

  DmabufRange last_;
  Code code_ = Code::kOk;
  uint64_t live_ = 0;
  bool takes_ = false;
  bool last_was_open_ = false;
};

}  // namespace windlass::fake
