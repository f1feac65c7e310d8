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
// To look for a registration costs more than to copy this.
constexpr uint64_t kAlwaysCopiedBytes = 4 * kKiB;
// Segments whose keys are kept.
constexpr size_t kMostKeptSegments = 1024;
// How long the volume is given to destroy its end, which nobody may skip.
constexpr std::chrono::seconds kDisconnectTimeout{30};

std::byte* local_of(const WriteMove& move) noexcept { return const_cast<std::byte*>(move.source); }
std::byte* local_of(const ReadMove& move) noexcept { return move.target; }
constexpr bool is_write(const WriteMove& /*move*/) noexcept { return true; }
constexpr bool is_write(const ReadMove& /*move*/) noexcept { return false; }

// Memory that cannot be registered is copied; of what else goes wrong the caller is told.
bool can_be_copied(const Status& failure) noexcept {
  return failure.code() == Code::kNoMemory || failure.code() == Code::kPermission ||
         failure.code() == Code::kUnsupported;
}

}  // namespace

struct RdmaTransport::Plan {
  std::vector<RdmaSlice> slices;
  std::vector<RegistrationUse> uses;
};

// Memory of ours in one registration, or in none.
struct RdmaTransport::LocalPart {
  std::byte* data = nullptr;
  uint64_t bytes = 0;
  uint32_t key = 0;
  bool copied = false;
};

RdmaTransport::RdmaTransport(std::shared_ptr<VerbsClient> client, std::unique_ptr<RdmaLink> link)
    : client_(std::move(client)), link_(std::move(link)) {}

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
    client_->domain()->context().take_events();
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

// Cuts a move where registrations of our memory end, where pieces of the segment end, and into slices.
Status RdmaTransport::add(Plan& plan, std::byte* local, const RemoteRange& remote, bool writes, Deadline deadline) {
  Result<Pieces> pieces = pieces_of(remote.segment, deadline);
  if (!pieces.ok()) return pieces.status();
  Result<std::vector<LocalPart>> parts = parts_of(plan, local, remote.bytes);
  if (!parts.ok()) return parts.status();
  for (const LocalPart& part : *parts) {
    const RemoteRange there = remote.part(static_cast<uint64_t>(part.data - local), part.bytes);
    if (Status added = add_part(plan, part, there, writes, **pieces); !added.ok()) return added;
  }
  return Status();
}

Status RdmaTransport::add_part(Plan& plan, const LocalPart& part, const RemoteRange& remote, bool writes,
                               std::span<const RdmaPiece> pieces) {
  for (uint64_t first = 0; first < part.bytes;) {
    const uint64_t offset = remote.offset + first;
    const auto behind = std::find_if(pieces.begin(), pieces.end(), [offset](const RdmaPiece& piece) {
      return in_range(offset, 1, piece.offset + piece.bytes) && offset >= piece.offset;
    });
    if (behind == pieces.end()) {
      return Status::error(Code::kInvalidArgument, text("byte ", offset, " is not in segment ", remote.segment));
    }
    RdmaSlice slice;
    slice.local = part.data + first;
    slice.local_key = part.key;
    slice.copied = part.copied;
    slice.writes = writes;
    slice.bytes = static_cast<uint32_t>(
        std::min<uint64_t>({part.copied ? RdmaConnection::kCellBytes : RdmaConnection::kSliceBytes, part.bytes - first,
                            behind->offset + behind->bytes - offset}));
    slice.remote_key = behind->key;
    slice.remote = behind->address + (offset - behind->offset);
    plan.slices.push_back(slice);
    first += slice.bytes;
  }
  return Status();
}

Result<std::vector<RdmaTransport::LocalPart>> RdmaTransport::parts_of(Plan& plan, std::byte* local, uint64_t bytes) {
  std::vector<LocalPart> parts;
  const LocalPart copied{local, bytes, 0, true};
  // To register memory for one transfer costs more than to copy a cell of it.
  const bool small = bytes <= RdmaConnection::kCellBytes;
  Result<RegistrationUse> use = Status::error(Code::kNotFound, "it is copied at once");
  if (bytes > kAlwaysCopiedBytes) use = small ? client_->acquire_kept(local, bytes) : client_->acquire(local, bytes);
  if (small && use.status().code() == Code::kNotFound) {
    parts.push_back(copied);
    return parts;
  }
  if (use.ok()) {
    for (const RegisteredPiece& piece : use->pieces()) {
      parts.push_back({piece.data, piece.bytes, piece.local_key, false});
    }
    plan.uses.push_back(*std::move(use));
    return parts;
  }
  if (!can_be_copied(use.status())) return use.status();
  parts.push_back(copied);
  const std::lock_guard lock(mutex_);
  if (!std::exchange(said_copied_, true)) {
    log(LogLevel::kWarning, "rdma", text("values are copied on their way, which is slower: ", use.status().message()));
  }
  return parts;
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
  Result<std::unique_ptr<RdmaConnection>> made =
      RdmaConnection::open(client_->domain(), client_->path(), *link_, deadline);
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
