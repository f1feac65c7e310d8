#include "transport/rdma/rdma_client.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "base/bytes.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "device/allocation_table.hpp"
#include "memory/host_pages.hpp"
#include "transport/rdma/rdma_connection.hpp"
#include "transport/rdma/rdma_transport.hpp"

namespace windlass {

namespace {

// Whoever gives lent memory back has ended what moved there.
constexpr std::chrono::seconds kUnused{5};
constexpr uint32_t kOwnTransfers = access_bits(RegistrationAccess::kLocal);

// Somebody else's registration has a part of it.
Result<RegistrationUse> entangled(const Status& cause) {
  return Status::error(Code::kUnsupported, std::string(cause.message()), cause.system_code());
}

}  // namespace

// Known to the registrations for as long as it exists.
class VerbsClient::Lent final : public LentMemory {
 public:
  Lent(std::shared_ptr<VerbsClient> client, HostRange range) noexcept
      : client_(std::move(client)), range_(std::move(range)) {}
  ~Lent() override {
    const Status forgotten =
        client_->registrations_->forget(range_.address(), range_.bytes(), Deadline::after(kUnused));
    if (forgotten.ok() || forgotten.code() == Code::kNotFound) return;
    // A device may still reach it: then the addresses are nobody else's, ever.
    log(LogLevel::kError, "rdma", text("memory that was lent stays, as it is in use: ", forgotten.message()));
    range_.abandon();
  }

  std::byte* address() const noexcept override { return range_.address(); }
  uint64_t bytes() const noexcept { return range_.bytes(); }

 private:
  const std::shared_ptr<VerbsClient> client_;
  HostRange range_;
};

Result<std::unique_ptr<LentMemory>> VerbsClient::lend(uint64_t bytes) {
  Result<HostRange> range = HostRange::reserve(round_up(std::max<uint64_t>(bytes, 1), kHugePageBytes));
  if (!range.ok()) return range.status();
  if (Status populated = range->populate(0, range->bytes(), *workers_); !populated.ok()) return populated;
  auto lent = std::make_unique<Lent>(shared_from_this(), *std::move(range));
  if (Status adopted = registrations_->adopt(lent->address(), lent->bytes()); !adopted.ok()) return adopted;
  // Registered now, and found so from now on.
  const Result<RegistrationUse> use = registrations_->acquire(domain_, lent->address(), lent->bytes(), kOwnTransfers);
  if (!use.ok()) return use.status();
  return std::unique_ptr<LentMemory>(std::move(lent));
}

bool VerbsClient::keeps_ready(const std::byte* data, uint64_t bytes) const {
  return bytes <= RdmaConnection::kCellBytes ||
         AllocationTable::find_anywhere(reinterpret_cast<uint64_t>(data), bytes).ok();
}

Result<std::unique_ptr<Transport>> VerbsClient::open_transport(std::unique_ptr<RdmaLink> link, Deadline deadline) {
  auto transport = std::make_unique<RdmaTransport>(shared_from_this(), std::move(link));
  if (Status opened = transport->open(deadline); !opened.ok()) return opened;
  return std::unique_ptr<Transport>(std::move(transport));
}

Result<RegistrationUse> VerbsClient::acquire_kept(std::byte* data, uint64_t bytes) {
  Result<RegistrationUse> use = registrations_->acquire(domain_, data, bytes, kOwnTransfers);
  if (use.status().code() == Code::kInvalidArgument) return entangled(use.status());
  if (use.status().code() != Code::kNotFound) return use;
  // A region's pages are made known when they move for the first time.
  const Result<std::shared_ptr<AllocationRecord>> record =
      AllocationTable::find_anywhere(reinterpret_cast<uint64_t>(data), bytes);
  if (!record.ok()) return record.status();
  if (Status watched = registrations_->watch(*record); !watched.ok()) return watched;
  return registrations_->acquire(domain_, data, bytes, kOwnTransfers);
}

Result<RegistrationUse> VerbsClient::acquire(std::byte* data, uint64_t bytes) {
  Result<RegistrationUse> use = acquire_kept(data, bytes);
  if (use.status().code() != Code::kNotFound) return use;
  use = registrations_->acquire_once(domain_, data, bytes, kOwnTransfers);
  return use.status().code() == Code::kState ? entangled(use.status()) : std::move(use);
}

}  // namespace windlass
