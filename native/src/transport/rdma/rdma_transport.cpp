#include "transport/rdma/rdma_transport.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/contain.hpp"
#include "base/log.hpp"
#include "base/text.hpp"

namespace windlass {

namespace {

// Queue pairs of one session: as many as threads that move at once, within reason.
constexpr size_t kMostConnections = 4;
// Segments whose keys are kept.
constexpr size_t kMostKeptSegments = 1024;
// How long the volume is given to destroy its end, which nobody may skip.
constexpr std::chrono::seconds kDisconnectTimeout{30};

std::byte* local_of(const WriteMove& move) noexcept { return const_cast<std::byte*>(move.source); }
std::byte* local_of(const ReadMove& move) noexcept { return move.target; }
constexpr bool is_write(const WriteMove& /*move*/) noexcept { return true; }
constexpr bool is_write(const ReadMove& /*move*/) noexcept { return false; }

// Memory that cannot be registered is copied; what else goes wrong there goes wrong for good.
bool can_be_copied(const Status& failure) noexcept {
  return failure.code() == Code::kNoMemory || failure.code() == Code::kPermission ||
         failure.code() == Code::kUnsupported;
}

}  // namespace

struct RdmaTransport::Plan {
  std::vector<RdmaSlice> slices;
  std::vector<std::unique_ptr<Registration>> registrations;
};

RdmaTransport::RdmaTransport(std::unique_ptr<RdmaLink> link, std::shared_ptr<RdmaDomain> domain, RdmaPath path)
    : link_(std::move(link)), domain_(std::move(domain)), path_(std::move(path)) {}

// The volume destroys its ends with the session.
RdmaTransport::~RdmaTransport() = default;

Status RdmaTransport::open(Deadline deadline) {
  Result<std::unique_ptr<RdmaConnection>> first = borrow(deadline);
  if (!first.ok()) return first.status();
  give_back(*std::move(first));
  return Status();
}

Status RdmaTransport::write(std::span<const WriteMove> moves, Deadline deadline) { return move_all(moves, deadline); }
Status RdmaTransport::read(std::span<const ReadMove> moves, Deadline deadline) { return move_all(moves, deadline); }

Result<std::unique_ptr<SlotMapping>> RdmaTransport::map(const RemoteRange&, MapFor, bool, Deadline) {
  return Status::error(
      Code::kUnsupported,
      "nothing can be mapped over RDMA; read it into memory, or connect over shm:// on the same machine");
}

template <typename Move>
Status RdmaTransport::move_all(std::span<const Move> moves, Deadline deadline) {
  return contain([&]() -> Status {
    domain_->context().take_events();
    Status done = try_once(moves, deadline);
    if (done.ok() || done.code() == Code::kTimeout || deadline.expired()) return done;
    if (done.code() != Code::kUnavailable && done.code() != Code::kDevice) return done;
    log(LogLevel::kWarning, "rdma", text(done.message(), "; it is tried once more over another queue pair"));
    return try_once(moves, deadline);
  });
}

template <typename Move>
Status RdmaTransport::try_once(std::span<const Move> moves, Deadline deadline) {
  Plan plan;
  for (const Move& move : moves) {
    if (move.remote.bytes == 0) continue;
    if (Status added = add(plan, local_of(move), move.remote, is_write(move), deadline); !added.ok()) return added;
  }
  if (plan.slices.empty()) return Status();
  // A READ behind the last WRITE is answered once what was written is there for everybody to see.
  if (plan.slices.back().writes) {
    RdmaSlice last = plan.slices.back();
    last.local = nullptr;
    last.writes = false;
    last.copied = false;
    last.bytes = 1;
    plan.slices.push_back(last);
  }
  Result<std::unique_ptr<RdmaConnection>> connection = borrow(deadline);
  if (!connection.ok()) return connection.status();
  Status done = (*connection)->run(plan.slices, deadline);
  if (done.ok()) {
    give_back(*std::move(connection));
    return done;
  }
  // What was registered stays so until the queue pair is no more.
  if (Status ended = discard(*std::move(connection)); !ended.ok()) return ended;
  return done;
}

// Cuts a move where pieces of the segment end, and into slices.
Status RdmaTransport::add(Plan& plan, std::byte* local, const RemoteRange& remote, bool writes, Deadline deadline) {
  Result<Pieces> pieces = pieces_of(remote.segment, deadline);
  if (!pieces.ok()) return pieces.status();
  const bool small = remote.bytes <= RdmaConnection::kCellBytes;
  uint64_t first = 0;
  while (first < remote.bytes) {
    const uint64_t offset = remote.offset + first;
    const auto behind = std::find_if((*pieces)->begin(), (*pieces)->end(), [offset](const RdmaPiece& piece) {
      return in_range(offset, 1, piece.offset + piece.bytes) && offset >= piece.offset;
    });
    if (behind == (*pieces)->end()) {
      return Status::error(Code::kInvalidArgument, text("byte ", offset, " is not in segment ", remote.segment));
    }
    // Registered a large part at once; in slices then.
    const uint64_t part =
        std::min({remote.bytes - first, behind->offset + behind->bytes - offset, domain_->most_bytes()});
    const uint32_t key = small ? 0 : local_key(plan, local + first, part);
    const bool copied = key == 0;
    const uint64_t most = copied ? RdmaConnection::kCellBytes : RdmaConnection::kSliceBytes;
    for (uint64_t at = 0; at < part; at += most) {
      RdmaSlice slice;
      slice.local = local + first + at;
      slice.local_key = key;
      slice.copied = copied;
      slice.writes = writes;
      slice.bytes = static_cast<uint32_t>(std::min(most, part - at));
      slice.remote_key = behind->key;
      slice.remote = behind->address + (offset - behind->offset) + at;
      plan.slices.push_back(slice);
    }
    first += part;
  }
  return Status();
}

// 0: it is not registered, and must be copied.
uint32_t RdmaTransport::local_key(Plan& plan, std::byte* local, uint64_t bytes) {
  Registrar& registrar = *domain_;
  Result<std::unique_ptr<Registration>> made =
      registrar.register_memory(local, bytes, access_bits(RegistrationAccess::kLocal));
  if (made.ok()) {
    plan.registrations.push_back(*std::move(made));
    return plan.registrations.back()->local_key();
  }
  const std::lock_guard lock(mutex_);
  if (can_be_copied(made.status()) && !std::exchange(said_copied_, true)) {
    log(LogLevel::kWarning, "rdma", text("values are copied on their way, which is slower: ", made.status().message()));
  }
  return 0;
}

Result<RdmaTransport::Pieces> RdmaTransport::pieces_of(uint64_t segment, Deadline deadline) {
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = segments_.find(segment); found != segments_.end()) return found->second;
  }
  Result<std::vector<RdmaPiece>> told = link_->segment(segment, deadline);
  if (!told.ok()) return told.status();
  auto pieces = std::make_shared<const std::vector<RdmaPiece>>(*std::move(told));
  const std::lock_guard lock(mutex_);
  // Ids only grow within a volume: the lowest is the likeliest to be of no use.
  if (segments_.size() >= kMostKeptSegments) segments_.erase(segments_.begin());
  segments_[segment] = pieces;
  return Pieces(pieces);
}

Result<std::unique_ptr<RdmaConnection>> RdmaTransport::borrow(Deadline deadline) {
  std::unique_lock lock(mutex_);
  while (idle_.empty() && open_ >= kMostConnections) {
    if (deadline.expired()) return Status::error(Code::kTimeout, "all RDMA queue pairs to the volume are in use");
    returned_.wait_for(lock, std::min<std::chrono::nanoseconds>(deadline.remaining(), std::chrono::hours(1)));
  }
  if (!idle_.empty()) {
    std::unique_ptr<RdmaConnection> taken = std::move(idle_.back());
    idle_.pop_back();
    return taken;
  }
  ++open_;
  lock.unlock();
  Result<std::unique_ptr<RdmaConnection>> made = RdmaConnection::open(domain_, path_, *link_, deadline);
  if (made.ok()) return made;
  lock.lock();
  --open_;
  returned_.notify_one();
  return made;
}

void RdmaTransport::give_back(std::unique_ptr<RdmaConnection> connection) noexcept {
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(connection));
  returned_.notify_one();
}

// Destroys both of its ends, ours first, so that nothing of it arrives after. Keys may be old, and are asked for anew.
Status RdmaTransport::discard(std::unique_ptr<RdmaConnection> connection) {
  const uint64_t number = connection->number();
  connection.reset();
  Status ended = link_->disconnect(number, Deadline::after(kDisconnectTimeout));
  const std::lock_guard lock(mutex_);
  segments_.clear();
  --open_;
  returned_.notify_one();
  return ended;
}

}  // namespace windlass
