// A way to a volume of this process that fails on command: calls of the control plane, moves and maps of the transport,
// and the connection as a whole, which the next call makes anew, as a client of a volume elsewhere does.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "store/store_connection.hpp"
#include "volume/local_transport.hpp"
#include "volume/volume.hpp"
#include "volume/volume_session.hpp"

namespace windlass::test {

class FakeLink final : public VolumeControl, public Transport {
 public:
  enum class Call { kPrepare, kCommit, kPutInline, kAcquire, kWrite, kRead, kMap };

  explicit FakeLink(std::shared_ptr<Volume> volume) : volume_(std::move(volume)) { renew(); }

  // Both planes, over the same link.
  static std::shared_ptr<StoreConnection> connect(const std::shared_ptr<FakeLink>& link) {
    StoreParts parts{link, link, "a test", [link] { return link->connections(); },
                     [link] { return link->volume_nonce(); }};
    return std::make_shared<StoreConnection>(std::move(parts), StoreOptions());
  }

  // The next call of this kind fails so; if it reached the volume before, it has done its work all the same.
  void fail_next(Call call, Code code, bool after_work = false) {
    const std::lock_guard lock(mutex_);
    failure_ = Failure{call, code, after_work};
  }
  void stop_mapping() { maps_ = false; }

  // What the session had is gone; the next call makes another. quietly: it finds out only then.
  void break_connection() {
    const std::lock_guard lock(mutex_);
    // Nobody else gets what a writer may still touch, as over shared memory.
    broken_.push_back(session_);
    session_->orphan();
    session_.reset();
  }

  uint64_t connections() const {
    const std::lock_guard lock(mutex_);
    return connections_;
  }
  uint64_t volume_nonce() const { return volume_->nonce(); }
  uint64_t writes() const { return writes_; }
  uint64_t maps() const { return mapped_; }

  Result<std::vector<RemoteRange>> prepare(std::span<const uint64_t> sizes, Deadline deadline) override {
    return done<std::vector<RemoteRange>>(Call::kPrepare,
                                          [&](auto& session) { return session.prepare(sizes, deadline); });
  }
  Result<Committed> commit(std::span<const CommitItem> items, const CommitOptions& options,
                           Deadline deadline) override {
    return done<Committed>(Call::kCommit, [&](auto& session) { return session.commit(items, options, deadline); });
  }
  Result<Committed> put_inline(std::span<const InlineItem> items, const CommitOptions& options,
                               Deadline deadline) override {
    return done<Committed>(Call::kPutInline,
                           [&](auto& session) { return session.put_inline(items, options, deadline); });
  }
  Status abandon(std::span<const uint64_t> tokens, Deadline deadline) override {
    return current()->abandon(tokens, deadline);
  }
  Result<Acquired> acquire(std::span<const AcquireItem> items, const AcquireOptions& options,
                           Deadline deadline) override {
    return done<Acquired>(Call::kAcquire, [&](auto& session) { return session.acquire(items, options, deadline); });
  }
  Status release(std::span<const uint64_t> leases, Deadline deadline) override {
    return current()->release(leases, deadline);
  }
  Result<std::vector<EntryInfo>> describe(std::span<const std::string_view> keys, Deadline deadline) override {
    return current()->describe(keys, deadline);
  }
  Result<uint64_t> remove(std::span<const std::string_view> keys, bool must_exist,
                          std::span<const Condition> conditions, Deadline deadline) override {
    return current()->remove(keys, must_exist, conditions, deadline);
  }
  Result<KeyPage> keys(const KeyQuery& query, Deadline deadline) override { return current()->keys(query, deadline); }
  Status pin(std::span<const std::string_view> keys, bool pinned, Deadline deadline) override {
    return current()->pin(keys, pinned, deadline);
  }
  Result<VolumeInfo> info(Deadline deadline) override { return current()->info(deadline); }
  Result<uint64_t> offered_address(uint64_t segment, Deadline deadline) override {
    return current()->offered_address(segment, deadline);
  }
  Status vouch(std::span<const uint64_t> tokens, Deadline deadline) override {
    return current()->vouch(tokens, deadline);
  }
  Result<OwnedDescriptor> segment_descriptor(uint64_t segment, MapFor purpose, Deadline deadline) override {
    return current()->segment_descriptor(segment, purpose, deadline);
  }

  TransportKind kind() const noexcept override { return TransportKind::kShm; }
  Status write(std::span<const WriteMove> moves, Deadline deadline) override {
    ++writes_;
    if (Status failed = failure_of(Call::kWrite); !failed.ok()) return failed;
    return LocalTransport(current()).write(moves, deadline);
  }
  Status read(std::span<const ReadMove> moves, Deadline deadline) override {
    if (Status failed = failure_of(Call::kRead); !failed.ok()) return failed;
    return LocalTransport(current()).read(moves, deadline);
  }
  Result<std::unique_ptr<SlotMapping>> map(const RemoteRange& range, MapFor purpose, bool populate,
                                           Deadline deadline) override {
    if (Status failed = failure_of(Call::kMap); !failed.ok()) return failed;
    if (!maps_) return Status::error(Code::kUnsupported, "this link does not map");
    ++mapped_;
    return LocalTransport(current()).map(range, purpose, populate, deadline);
  }

 private:
  struct Failure {
    Call call = Call::kPrepare;
    Code code = Code::kOk;
    bool after_work = false;
  };

  void renew() {
    Result<std::shared_ptr<VolumeSession>> opened = volume_->open_session({"a test", false, true});
    session_ = opened.ok() ? *std::move(opened) : nullptr;
    ++connections_;
  }

  std::shared_ptr<VolumeSession> current() {
    const std::lock_guard lock(mutex_);
    if (!session_) renew();
    return session_;
  }

  std::optional<Failure> take_failure(Call call) {
    const std::lock_guard lock(mutex_);
    if (!failure_ || failure_->call != call) return std::nullopt;
    return std::exchange(failure_, std::nullopt);
  }

  Status failure_of(Call call) {
    const std::optional<Failure> failure = take_failure(call);
    return failure ? Status::error(failure->code, "a failure on command") : Status();
  }

  template <typename Answer, typename Work>
  Result<Answer> done(Call call, Work&& work) {
    const std::optional<Failure> failure = take_failure(call);
    if (failure && !failure->after_work) return Status::error(failure->code, "a failure on command");
    Result<Answer> answer = work(*current());
    if (failure) return Status::error(failure->code, "a failure on command");
    return answer;
  }

  const std::shared_ptr<Volume> volume_;
  std::atomic<bool> maps_{true};
  std::atomic<uint64_t> writes_{0};
  std::atomic<uint64_t> mapped_{0};
  mutable std::mutex mutex_;  // guards what follows
  std::shared_ptr<VolumeSession> session_;
  std::vector<std::shared_ptr<VolumeSession>> broken_;
  uint64_t connections_ = 0;
  std::optional<Failure> failure_;
};

}  // namespace windlass::test
