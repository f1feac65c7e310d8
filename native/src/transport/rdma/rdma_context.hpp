// An RDMA device that is open, and protection domains on it.
//
// A process opens a device once; whoever has a domain on it keeps it open. What is registered in one domain can be
// reached through the queue pairs of that domain only.
//
// Threads: any.
#pragma once

#include <infiniband/verbs.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/status.hpp"
#include "transport/rdma/verbs.hpp"
#include "transport/registrar.hpp"

namespace windlass {

class RdmaContext {
 public:
  // The device of this name; one that is open already is shared. Errors: of load_verbs; kNotFound (the library has no
  // driver for it); kPermission (its device file); kDevice.
  static Result<std::shared_ptr<RdmaContext>> open(const std::string& device);

  // For open().
  RdmaContext(std::shared_ptr<const VerbsFunctions> verbs, ibv_context* context, std::string name,
              const ibv_device_attr& limits) noexcept;
  ~RdmaContext();
  RdmaContext(const RdmaContext&) = delete;
  RdmaContext& operator=(const RdmaContext&) = delete;

  const VerbsFunctions& verbs() const noexcept { return *verbs_; }
  ibv_context* get() const noexcept { return context_; }
  const std::string& name() const noexcept { return name_; }
  const ibv_device_attr& limits() const noexcept { return limits_; }

  // Takes note of what the device has told since the last time, for the log: a port that went down, a queue pair that
  // broke. Never waits.
  void take_events() noexcept;

 private:
  const std::shared_ptr<const VerbsFunctions> verbs_;
  ibv_context* const context_;
  const std::string name_;
  const ibv_device_attr limits_;
};

class RdmaDomain final : public Registrar, public std::enable_shared_from_this<RdmaDomain> {
 public:
  // Errors: kNoMemory; kDevice.
  static Result<std::shared_ptr<RdmaDomain>> open(std::shared_ptr<RdmaContext> context);
  // The same on a device, by its name. Errors: also those of RdmaContext::open.
  static Result<std::shared_ptr<RdmaDomain>> open(const std::string& device);

  // For open().
  RdmaDomain(std::shared_ptr<RdmaContext> context, ibv_pd* domain) noexcept
      : context_(std::move(context)), domain_(domain) {}
  ~RdmaDomain() override;

  RdmaContext& context() const noexcept { return *context_; }
  const std::shared_ptr<RdmaContext>& shared_context() const noexcept { return context_; }
  ibv_pd* get() const noexcept { return domain_; }

  Result<std::unique_ptr<Registration>> register_memory(std::byte* data, uint64_t bytes, uint32_t access) override;
  Result<std::unique_ptr<Registration>> register_dmabuf(const DmabufRange& range, uint32_t access) override;
  Status takes_dmabuf() const override;
  uint64_t most_bytes() const noexcept override;
  std::string_view name() const noexcept override { return context_->name(); }

 private:
  Status check(uint64_t bytes, uint32_t access) const;

  const std::shared_ptr<RdmaContext> context_;
  ibv_pd* const domain_;
};

}  // namespace windlass
