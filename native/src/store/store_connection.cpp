#include "store/store_connection.hpp"

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <utility>

#include "base/bytes.hpp"
#include "base/contain.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "memory/copy.hpp"
#include "volume/connect.hpp"
#include "volume/local_transport.hpp"
#include "volume/volume.hpp"
#include "volume/volume_session.hpp"

namespace windlass {

namespace {

// What one thread copies at a time; less than two of them is not worth waking anybody.
constexpr uint64_t kCopyBytes = 4 * kMiB;

// Between one look at a value that is being changed and the next.
constexpr std::chrono::nanoseconds kFirstPause = std::chrono::microseconds(100);
constexpr std::chrono::nanoseconds kLongestPause = std::chrono::milliseconds(4);

void wait_for(std::chrono::nanoseconds time) {
  std::mutex mutex;
  std::unique_lock lock(mutex);
  std::condition_variable never;
  for (const Deadline over = Deadline::after(time); !over.expired();) never.wait_for(lock, over.remaining());
}

// A volume is believed in what it says of its values, but not in where its message ends.
Status check_answer(const Acquired& acquired, uint64_t items) {
  uint64_t last = 0;
  for (const Found& found : acquired.found) {
    const bool inside = acquired.lease != 0 || in_range(found.inline_offset, found.bytes, acquired.inlined.size());
    if (found.item >= items || found.item < last || !inside) {
      return Status::error(Code::kCorrupt, "acquire: the volume's answer does not fit the question");
    }
    last = found.item;
  }
  return Status();
}

}  // namespace

Result<std::shared_ptr<StoreConnection>> StoreConnection::open(std::string_view uri, const StoreOptions& options) {
  ConnectOptions asked;
  asked.transport = options.transport;
  asked.secret = options.secret;
  asked.lanes = options.lanes;
  asked.connect_timeout = options.connect_timeout;
  Result<VolumeConnection> made = connect_volume(uri, asked);
  if (!made.ok()) return made.status();
  StoreParts parts{std::move(made->control),     std::move(made->transport),    std::move(made->reason),
                   std::move(made->connections), std::move(made->volume_nonce), std::move(made->registrations)};
  return std::make_shared<StoreConnection>(std::move(parts), options);
}

Result<std::shared_ptr<StoreConnection>> StoreConnection::open_local(const std::shared_ptr<Volume>& volume,
                                                                     const StoreOptions& options) {
  if (options.transport != TransportKind::kAuto && options.transport != TransportKind::kLocal) {
    return Status::error(Code::kUnsupported, text("store: a volume of this process is reached by local, not by ",
                                                  transport_name(options.transport), "; open it at its address"));
  }
  Result<std::shared_ptr<VolumeSession>> session = volume->open_session({"a store in this process", false, true});
  if (!session.ok()) return session.status();
  auto transport = std::make_shared<LocalTransport>(*session);
  StoreParts parts{*std::move(session),
                   std::move(transport),
                   "the volume is in this process",
                   [] { return 1; },
                   [nonce = volume->nonce()] { return nonce; },
                   nullptr};
  return std::make_shared<StoreConnection>(std::move(parts), options);
}

StoreConnection::StoreConnection(StoreParts parts, const StoreOptions& options)
    : parts_(std::move(parts)), call_timeout_(options.call_timeout) {}

StoreInfo StoreConnection::info() const {
  StoreInfo now;
  now.transport = parts_.transport->kind();
  now.reason = parts_.reason;
  now.volume_nonce = parts_.volume_nonce();
  now.connections = session();
  now.written_bytes = written_bytes_.load(std::memory_order_relaxed);
  now.read_bytes = read_bytes_.load(std::memory_order_relaxed);
  now.mapped_bytes = mapped_bytes_.load(std::memory_order_relaxed);
  if (parts_.registrations) now.registrations = parts_.registrations();
  return now;
}

Deadline StoreConnection::deadline(std::optional<std::chrono::nanoseconds> timeout) const noexcept {
  return Deadline::after(timeout.value_or(call_timeout_));
}

Result<StoreConnection::Prepared> StoreConnection::prepare(std::span<const uint64_t> sizes, Deadline deadline) {
  Result<std::vector<RemoteRange>> slots = control().prepare(sizes, deadline);
  if (!slots.ok()) return slots.status();
  // Asked behind the call: one that finds the connection broken makes the session in which it is answered.
  Prepared prepared{{}, session()};
  if (slots->size() != sizes.size()) {
    return Status::error(Code::kCorrupt, text("the volume gave ", slots->size(), " slots for ", sizes.size(),
                                              " values; it is of another version, or broken"));
  }
  for (size_t index = 0; index < sizes.size(); ++index) {
    if ((*slots)[index].bytes >= sizes[index]) continue;
    return Status::error(Code::kCorrupt, text("the volume gave a slot of ", (*slots)[index].bytes, " bytes for ",
                                              sizes[index], "; it is of another version, or broken"));
  }
  prepared.slots = *std::move(slots);
  return prepared;
}

Result<StoreConnection::Leased> StoreConnection::acquire(std::span<const AcquireItem> items,
                                                         const AcquireOptions& options, Deadline deadline) {
  Result<Acquired> acquired = control().acquire(items, options, deadline);
  // Whoever offers a value is changing its memory, which takes a moment: the volume has nobody wait, so we do.
  for (auto pause = kFirstPause; acquired.status().code() == Code::kState; pause = std::min(2 * pause, kLongestPause)) {
    if (deadline.expired()) {
      return Status::error(Code::kTimeout, text(acquired.status().message(), "; it was not offered again in time"));
    }
    wait_for(std::min<std::chrono::nanoseconds>(pause, deadline.remaining()));
    acquired = control().acquire(items, options, deadline);
  }
  if (!acquired.ok()) return acquired.status();
  Leased leased{*std::move(acquired), session()};
  if (Status fits = check_answer(leased.acquired, items.size()); !fits.ok()) {
    release(leased.acquired.lease, leased.session);
    return fits;
  }
  return leased;
}

void StoreConnection::abandon(std::span<const uint64_t> tokens, uint64_t session) noexcept {
  const Status abandoned = contain([&] {
    if (tokens.empty() || session != this->session()) return Status();
    return control().abandon(tokens, deadline(std::nullopt));
  });
  // A connection that broke has given them back.
  if (!abandoned.ok()) log(LogLevel::kDebug, "store", abandoned.message());
}

void StoreConnection::release(uint64_t lease, uint64_t session) noexcept {
  const Status released = contain([&] {
    if (lease == 0 || session != this->session()) return Status();
    return control().release({&lease, 1}, deadline(std::nullopt));
  });
  if (!released.ok()) log(LogLevel::kDebug, "store", released.message());
}

Status StoreConnection::copy_all(std::span<const Copy> copies) {
  std::vector<Copy> shares;
  for (const Copy& whole : copies) {
    for (uint64_t first = 0; first < whole.bytes; first += kCopyBytes) {
      shares.push_back({whole.target + first, whole.source + first, std::min(kCopyBytes, whole.bytes - first)});
    }
  }
  return workers_.run(
      shares.size(),
      [&](uint64_t index) {
        copy(shares[index].target, shares[index].source, shares[index].bytes);
        return Status();
      },
      workers_.copying_threads());
}

}  // namespace windlass
