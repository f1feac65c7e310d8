#include "transport/rdma/rdma_ends.hpp"

#include <sched.h>

#include <utility>

#include "transport/rdma/rdma_context.hpp"
#include "transport/rdma/rdma_peer.hpp"
#include "transport/rdma/rdma_transport.hpp"

namespace windlass {

namespace {

// Where nobody says which memory it will be, it is taken to be near.
Result<RdmaPath> find_path(RdmaWish wish) {
  unsigned processor = 0;
  unsigned node = 0;
  if (wish.numa_node < 0 && getcpu(&processor, &node) == 0) wish.numa_node = static_cast<int32_t>(node);
  return choose_rdma_path(list_rdma_devices(), wish);
}

}  // namespace

Result<std::unique_ptr<Transport>> open_rdma_transport(std::unique_ptr<RdmaLink> link, const RdmaWish& wish,
                                                       Deadline deadline) {
  Result<RdmaPath> path = find_path(wish);
  if (!path.ok()) return path.status();
  Result<std::shared_ptr<RdmaContext>> context = RdmaContext::open(path->device);
  if (!context.ok()) return context.status();
  Result<std::shared_ptr<RdmaDomain>> domain = RdmaDomain::open(*std::move(context));
  if (!domain.ok()) return domain.status();
  auto transport = std::make_unique<RdmaTransport>(std::move(link), *std::move(domain), *std::move(path));
  if (Status opened = transport->open(deadline); !opened.ok()) return opened;
  return std::unique_ptr<Transport>(std::move(transport));
}

Result<std::unique_ptr<RdmaPeer>> open_rdma_peer(const RdmaWish& wish) {
  Result<RdmaPath> path = find_path(wish);
  if (!path.ok()) return path.status();
  return std::unique_ptr<RdmaPeer>(std::make_unique<VerbsPeer>(*std::move(path)));
}

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
