// A client's end, over verbs: see rdma_ends.hpp.
//
// Threads: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/worker_pool.hpp"
#include "transport/rdma/rdma_context.hpp"
#include "transport/rdma/rdma_ends.hpp"
#include "transport/registration_cache.hpp"

namespace windlass {

class VerbsClient final : public RdmaClient, public std::enable_shared_from_this<VerbsClient> {
 public:
  VerbsClient(std::shared_ptr<RdmaDomain> domain, RdmaPath path)
      : domain_(std::move(domain)),
        path_(std::move(path)),
        registrations_(RegistrationCache::open({})),
        workers_(std::make_unique<WorkerPool>(WorkerPool::default_thread_count())) {}

  const RdmaPath& path() const noexcept override { return path_; }
  Result<std::unique_ptr<Transport>> open_transport(std::unique_ptr<RdmaLink> link, Deadline deadline) override;
  Result<std::unique_ptr<LentMemory>> lend(uint64_t bytes) override;
  bool keeps_ready(const std::byte* data, uint64_t bytes) const override;
  RegistrationStatistics statistics() const override { return registrations_->statistics(); }

  // For its transports.
  const std::shared_ptr<RdmaDomain>& domain() const noexcept { return domain_; }

  // Memory for this process's own transfers, registered for as long as the use exists. Errors: kState (its pages are
  // not there, or about to go); kInvalidArgument (not mapped); what else cannot be registered can be copied:
  // kUnsupported (some of it is registered as part of something else), kNoMemory, kPermission.
  Result<RegistrationUse> acquire(std::byte* data, uint64_t bytes);
  // As acquire, of memory whose registrations are kept. Errors: kNotFound too (it is none).
  Result<RegistrationUse> acquire_kept(std::byte* data, uint64_t bytes);

 private:
  class Lent;

  const std::shared_ptr<RdmaDomain> domain_;
  const RdmaPath path_;
  const std::shared_ptr<RegistrationCache> registrations_;
  const std::unique_ptr<WorkerPool> workers_;  // that populate
};

}  // namespace windlass
