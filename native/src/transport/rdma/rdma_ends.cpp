#include "transport/rdma/rdma_ends.hpp"

#include <utility>

#include "transport/rdma/rdma_client.hpp"
#include "transport/rdma/rdma_context.hpp"
#include "transport/rdma/rdma_host.hpp"

namespace windlass {

Result<std::shared_ptr<RdmaClient>> open_rdma_client(const RdmaWish& wish) {
  Result<RdmaPath> path = find_rdma_path(wish);
  if (!path.ok()) return path.status();
  Result<std::shared_ptr<RdmaDomain>> domain = RdmaDomain::open(path->device);
  if (!domain.ok()) return domain.status();
  return std::shared_ptr<RdmaClient>(std::make_shared<VerbsClient>(*std::move(domain), *std::move(path)));
}

std::shared_ptr<RdmaHost> open_rdma_host(const RdmaWish& wish) { return std::make_shared<VerbsHost>(wish); }

Result<RdmaLimits> query_rdma_limits(const std::string& device) {
  Result<std::shared_ptr<RdmaContext>> context = RdmaContext::open(device);
  if (!context.ok()) return context.status();
  const ibv_device_attr& limits = (*context)->limits();
  RdmaLimits told;
  told.most_registration_bytes = limits.max_mr_size;
  told.registrations = static_cast<uint64_t>(limits.max_mr);
  told.queue_pairs = static_cast<uint64_t>(limits.max_qp);
  told.queue_pair_depth = static_cast<uint64_t>(limits.max_qp_wr);
  Result<std::shared_ptr<RdmaDomain>> domain = RdmaDomain::open(*std::move(context));
  told.dmabuf = domain.ok() ? (*domain)->takes_dmabuf() : domain.status();
  return told;
}

}  // namespace windlass
