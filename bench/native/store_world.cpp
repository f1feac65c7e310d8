#include "store_world.hpp"

#include <cstring>
#include <utility>
#include <vector>

#include "base/bytes.hpp"

namespace windlass::bench {

Result<std::shared_ptr<StoreWorld>> StoreWorld::open(TransportKind kind, uint64_t limit_bytes, uint64_t bytes) {
  Result<std::unique_ptr<VolumeProcess>> volume = VolumeProcess::start(limit_bytes);
  if (!volume.ok()) return volume.status();
  auto world = std::make_shared<StoreWorld>(*std::move(volume), bytes);
  Result<std::shared_ptr<TensorStore>> store = world->connect(kind);
  if (!store.ok()) return store.status();
  world->store_ = *std::move(store);
  return world;
}

StoreWorld::StoreWorld(std::unique_ptr<VolumeProcess> volume, uint64_t bytes)
    : volume_(std::move(volume)),
      source_(round_up(bytes, 2 * kMiB), Pages::kHuge),
      target_(round_up(bytes, 2 * kMiB), Pages::kHuge) {
  source_.populate();
  target_.populate();
  fill({source_.data(), source_.bytes()}, 20);
}

Result<std::shared_ptr<TensorStore>> StoreWorld::connect(TransportKind kind) const {
  StoreOptions options;
  options.transport = kind;
  // Devices are opened at both ends, which is slow in an emulated machine.
  if (kind == TransportKind::kRdma) options.connect_timeout = std::chrono::minutes(1);
  const bool far = kind == TransportKind::kTcp || kind == TransportKind::kRdma;
  return TensorStore::open(far ? volume_->tcp_uri() : volume_->shm_uri(), options);
}

Status StoreWorld::put(std::string_view key, uint64_t bytes, const std::shared_ptr<TransportBuffer>& buffer) const {
  PutItem item;
  item.key = key;
  item.data = source_.data();
  item.bytes = bytes;
  item.buffer = buffer;
  return store_->put({&item, 1}).status();
}

Status StoreWorld::get(std::string_view key) const {
  Result<std::shared_ptr<Lease>> lease = store_->acquire({&key, 1});
  if (!lease.ok()) return lease.status();
  const LeaseRead read{.bytes = (*lease)->entries().front().found.bytes, .target = target_.data()};
  return (*lease)->read({&read, 1}, Deadline::after(std::chrono::minutes(1)));
}

bool StoreWorld::arrived(uint64_t bytes) const { return std::memcmp(source_.data(), target_.data(), bytes) == 0; }

}  // namespace windlass::bench
