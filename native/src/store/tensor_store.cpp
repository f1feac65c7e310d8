#include "store/tensor_store.hpp"

#include <utility>

#include "base/text.hpp"

namespace windlass {

namespace {

Status check_named(std::string_view call, std::span<const std::string_view> keys) {
  if (!keys.empty()) return Status();
  return Status::error(Code::kInvalidArgument, text(call, ": no keys; name at least one"));
}

// As its writers see it: the whole tensor, and what they wanted remembered.
void tell_whole(EntryInfo* info) {
  if (info->shards == 0 || info->kind != EntryKind::kTensor) return;
  Result<SplitAttributes> split = split_attributes(info->attributes, info->shape, {0, info->shards});
  if (!split.ok()) return;  // another's idea of shards: what the volume says is all that is known
  info->shape = split->slice.global;
  info->attributes = std::string(split->own);
}

}  // namespace

TensorStore::TensorStore(std::shared_ptr<StoreConnection> connection) noexcept : connection_(std::move(connection)) {}

Result<std::shared_ptr<TensorStore>> TensorStore::open(std::string_view uri, const StoreOptions& options) {
  Result<std::shared_ptr<StoreConnection>> connection = StoreConnection::open(uri, options);
  if (!connection.ok()) return connection.status();
  return std::make_shared<TensorStore>(*std::move(connection));
}

Result<std::shared_ptr<TensorStore>> TensorStore::open_local(const std::shared_ptr<Volume>& volume,
                                                             const StoreOptions& options) {
  Result<std::shared_ptr<StoreConnection>> connection = StoreConnection::open_local(volume, options);
  if (!connection.ok()) return connection.status();
  return std::make_shared<TensorStore>(*std::move(connection));
}

Result<PutReport> TensorStore::put(std::span<const PutItem> items, const PutOptions& options) {
  return Put(*connection_, items, options).run();
}

Result<std::shared_ptr<Lease>> TensorStore::acquire(std::span<const std::string_view> keys,
                                                    const LeaseOptions& options) {
  return Lease::open(connection_, keys, options);
}

Result<std::vector<EntryInfo>> TensorStore::describe(std::span<const std::string_view> keys) {
  if (Status named = check_named("describe", keys); !named.ok()) return named;
  Result<std::vector<EntryInfo>> infos = connection_->control().describe(keys, connection_->deadline(std::nullopt));
  if (!infos.ok()) return infos.status();
  if (infos->size() != keys.size()) {
    return Status::error(Code::kCorrupt, "describe: the volume's answer does not fit the question");
  }
  for (EntryInfo& info : *infos) tell_whole(&info);
  return infos;
}

Result<uint64_t> TensorStore::remove(std::span<const std::string_view> keys, bool must_exist) {
  if (Status named = check_named("remove", keys); !named.ok()) return named;
  return connection_->control().remove(keys, must_exist, {}, connection_->deadline(std::nullopt));
}

Result<KeyPage> TensorStore::keys(const KeyQuery& query) {
  return connection_->control().keys(query, connection_->deadline(std::nullopt));
}

Status TensorStore::pin(std::span<const std::string_view> keys, bool pinned) {
  if (Status named = check_named("pin", keys); !named.ok()) return named;
  return connection_->control().pin(keys, pinned, connection_->deadline(std::nullopt));
}

Result<VolumeInfo> TensorStore::volume_info() {
  return connection_->control().info(connection_->deadline(std::nullopt));
}

Result<std::shared_ptr<TransportBuffer>> TensorStore::open_buffer(uint64_t bytes) {
  return TransportBuffer::open(connection_, bytes, connection_->deadline(std::nullopt));
}

Result<std::shared_ptr<PullPlan>> TensorStore::plan(std::span<const PullTarget> targets) {
  return PullPlan::open(connection_, targets);
}

}  // namespace windlass
