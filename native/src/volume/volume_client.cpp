#include "volume/volume_client.hpp"

#include <algorithm>
#include <utility>

#include "base/contain.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "volume/replies.hpp"

namespace windlass {

namespace {

constexpr std::chrono::milliseconds kFirstPause{10};
constexpr std::chrono::seconds kLongestPause{1};
constexpr std::chrono::seconds kGoodbyeTimeout{1};

// What may be another time than now.
bool may_pass(const Status& failure) noexcept {
  return failure.code() == Code::kUnavailable || failure.code() == Code::kTimeout;
}

void unsalt(std::vector<RemoteRange>& ranges, const ControlChannel& channel) {
  for (RemoteRange& range : ranges) range.token = channel.salted(range.token);
}

}  // namespace

Result<std::shared_ptr<VolumeClient>> VolumeClient::open(Options options, Deadline deadline) {
  auto client = std::make_shared<VolumeClient>(std::move(options));
  Result<Channel> connected = client->connect(deadline, false);
  if (!connected.ok()) return connected.status();
  return client;
}

VolumeClient::~VolumeClient() {
  if (channel_ == nullptr || !channel_->alive()) return;
  const Status said = contain([this]() -> Status {
    std::vector<std::byte> bytes;
    const uint64_t id = next_id_++;
    FrameWriter frame(bytes, static_cast<uint16_t>(Message::kGoodbye), id);
    if (Status finished = frame.finish(); !finished.ok()) return finished;
    return channel_->call(bytes, id, Message::kGoodbye, Deadline::after(kGoodbyeTimeout)).status();
  });
  if (!said.ok()) log(LogLevel::kDebug, "volume", said.message());
}

Result<VolumeClient::Channel> VolumeClient::channel(Deadline deadline) {
  std::unique_lock lock(mutex_);
  while (connecting_) {
    if (deadline.expired()) {
      return Status::error(Code::kTimeout, "the connection to the volume was not made again within the time limit");
    }
    connected_.wait_for(lock, std::min<std::chrono::nanoseconds>(deadline.remaining(), std::chrono::hours(1)));
  }
  if (channel_ != nullptr && channel_->alive()) return channel_;
  connecting_ = true;
  lock.unlock();
  Result<Channel> made = Status::error(Code::kInternal, "not connected");
  const Status contained = contain([&] {
    made = connect(deadline, true);
    return Status();
  });
  lock.lock();
  connecting_ = false;
  connected_.notify_all();
  if (!contained.ok()) return contained;
  return made;
}

// insists: tries again where the volume may just be starting anew.
Result<VolumeClient::Channel> VolumeClient::connect(Deadline deadline, bool insists) {
  const Deadline end = Deadline::after(std::min(deadline.remaining(), options_.connect_timeout));
  for (std::chrono::nanoseconds pause = kFirstPause;;
       pause = std::min<std::chrono::nanoseconds>(2 * pause, kLongestPause)) {
    Result<GreetedStream> dialed = options_.dial(end);
    if (dialed.ok()) {
      auto made = std::make_shared<ControlChannel>(std::move(dialed->stream), dialed->welcome, connections_.load());
      if (Status taken = options_.connected(*made); !taken.ok()) return taken;
      nonce_ = made->welcome().volume_nonce;
      const std::lock_guard lock(mutex_);
      ++connections_;
      channel_ = made;
      return made;
    }
    if (!insists || !may_pass(dialed.status()) || !wait_to_retry(pause, end)) return dialed.status();
  }
}

bool VolumeClient::wait_to_retry(std::chrono::nanoseconds time, Deadline deadline) {
  const Deadline over = Deadline::after(std::min(time, deadline.remaining()));
  std::condition_variable never;
  std::unique_lock lock(mutex_);
  while (!over.expired()) never.wait_for(lock, over.remaining());
  return !deadline.expired();
}

template <typename Write>
Result<ChannelReply> VolumeClient::ask_over(ControlChannel& used, Message type, Deadline deadline, Write&& write) {
  std::vector<std::byte> bytes;
  const uint64_t id = next_id_++;
  FrameWriter frame(bytes, static_cast<uint16_t>(type), id);
  Encoder out(bytes);
  if (Status written = write(out, used); !written.ok()) return written;
  if (Status finished = frame.finish(); !finished.ok()) {
    return finished.with_prefix(message_name(static_cast<uint16_t>(type)));
  }
  return used.call(bytes, id, type, deadline);
}

template <typename Write>
Result<VolumeClient::Answered> VolumeClient::ask(Message type, bool changes_nothing, Deadline deadline, Write&& write) {
  for (bool again = changes_nothing;; again = false) {
    Result<Channel> used = channel(deadline);
    if (!used.ok()) return used.status();
    Result<ChannelReply> reply = ask_over(**used, type, deadline, write);
    if (reply.ok()) return Answered{*std::move(reply), *std::move(used)};
    if (!again || reply.status().code() != Code::kUnavailable || deadline.expired()) return reply.status();
  }
}

// Nobody waits for an answer. What is of a channel that broke is gone already.
Status VolumeClient::give_back(Message type, std::span<const uint64_t> numbers, Deadline deadline) {
  Channel used;
  {
    const std::lock_guard lock(mutex_);
    used = channel_;
  }
  if (used == nullptr || numbers.empty()) return Status();
  std::vector<std::byte> bytes;
  FrameWriter frame(bytes, static_cast<uint16_t>(type), 0, kNoReply);
  Encoder out(bytes);
  std::vector<uint64_t> salted(numbers.begin(), numbers.end());
  for (uint64_t& number : salted) number = used->salted(number);
  encode_numbers(salted, out);
  if (Status finished = frame.finish(); !finished.ok()) return finished;
  Status sent = used->post(bytes, deadline);
  return sent.code() == Code::kTimeout ? sent : Status();
}

Result<std::vector<RemoteRange>> VolumeClient::prepare(std::span<const uint64_t> sizes, Deadline deadline) {
  Result<Answered> answered = ask(Message::kPrepare, true, deadline, [&](Encoder& out, const ControlChannel&) {
    encode_prepare(sizes, out);
    return Status();
  });
  if (!answered.ok()) return answered.status();
  Result<std::vector<RemoteRange>> prepared = decode_prepared(answered->reply.payload);
  if (!prepared.ok()) return prepared;
  if (prepared->size() != sizes.size())
    return Status::error(Code::kCorrupt, "the volume prepared another number of slots");
  unsalt(*prepared, *answered->channel);
  if (options_.grants != nullptr) options_.grants->add(answered->channel->number(), *prepared);
  return prepared;
}

Result<Committed> VolumeClient::commit(std::span<const CommitItem> items, const CommitOptions& options,
                                       Deadline deadline) {
  Result<Answered> answered = ask(Message::kCommit, false, deadline, [&](Encoder& out, const ControlChannel& channel) {
    if (channel.salt() == 0) return encode_commit(items, options, out);
    std::vector<CommitItem> salted(items.begin(), items.end());
    for (CommitItem& item : salted) item.token = channel.salted(item.token);
    return encode_commit(salted, options, out);
  });
  if (!answered.ok()) return answered.status();
  Result<Committed> committed = decode_committed(answered->reply.payload);
  if (!committed.ok()) return committed;
  if (committed->next.size() != items.size()) {
    return Status::error(Code::kCorrupt,
                         "the volume's answer to COMMIT has another number of slots than there were items");
  }
  unsalt(committed->next, *answered->channel);
  if (options_.grants == nullptr) return committed;
  for (const CommitItem& item : items) options_.grants->drop({&item.token, 1});
  options_.grants->add(answered->channel->number(), committed->next);
  return committed;
}

Result<Committed> VolumeClient::put_inline(std::span<const InlineItem> items, const CommitOptions& options,
                                           Deadline deadline) {
  Result<Answered> answered = ask(Message::kPutInline, false, deadline, [&](Encoder& out, const ControlChannel&) {
    return encode_put_inline(items, options, out);
  });
  if (!answered.ok()) return answered.status();
  return decode_committed(answered->reply.payload);
}

Status VolumeClient::abandon(std::span<const uint64_t> tokens, Deadline deadline) {
  if (options_.grants != nullptr) options_.grants->drop(tokens);
  return give_back(Message::kAbandon, tokens, deadline);
}

Result<Acquired> VolumeClient::acquire(std::span<const AcquireItem> items, const AcquireOptions& options,
                                       Deadline deadline) {
  Result<Answered> answered = ask(Message::kAcquire, true, deadline, [&](Encoder& out, const ControlChannel&) {
    encode_acquire(items, options, out);
    return Status();
  });
  if (!answered.ok()) return answered.status();
  Result<Acquired> acquired = decode_acquired(answered->reply.payload);
  if (!acquired.ok()) return acquired;
  acquired->lease = answered->channel->salted(acquired->lease);
  for (Found& found : acquired->found) {
    if (found.item >= items.size()) {
      return Status::error(Code::kCorrupt, "the volume's answer to ACQUIRE names an item that was not asked for");
    }
    found.place.token = answered->channel->salted(found.place.token);
  }
  if (options_.grants != nullptr && acquired->lease != 0) {
    std::vector<RemoteRange> places;
    places.reserve(acquired->found.size());
    for (const Found& found : acquired->found) places.push_back(found.place);
    options_.grants->add_lease(answered->channel->number(), acquired->lease, places);
  }
  return acquired;
}

Status VolumeClient::release(std::span<const uint64_t> leases, Deadline deadline) {
  if (options_.grants != nullptr) options_.grants->drop_leases(leases);
  return give_back(Message::kRelease, leases, deadline);
}

Result<std::vector<EntryInfo>> VolumeClient::describe(std::span<const std::string_view> keys, Deadline deadline) {
  Result<Answered> answered = ask(Message::kDescribe, true, deadline, [&](Encoder& out, const ControlChannel&) {
    encode_describe(keys, out);
    return Status();
  });
  if (!answered.ok()) return answered.status();
  Result<std::vector<EntryInfo>> described = decode_described(answered->reply.payload);
  if (described.ok() && described->size() != keys.size()) {
    return Status::error(Code::kCorrupt, "the volume described another number of keys than it was asked for");
  }
  return described;
}

Result<uint64_t> VolumeClient::remove(std::span<const std::string_view> keys, bool must_exist,
                                      std::span<const Condition> conditions, Deadline deadline) {
  Result<Answered> answered = ask(Message::kRemove, false, deadline, [&](Encoder& out, const ControlChannel&) {
    encode_remove(keys, must_exist, conditions, out);
    return Status();
  });
  if (!answered.ok()) return answered.status();
  return decode_removed(answered->reply.payload);
}

Result<KeyPage> VolumeClient::keys(const KeyQuery& query, Deadline deadline) {
  Result<Answered> answered = ask(Message::kKeys, true, deadline, [&](Encoder& out, const ControlChannel&) {
    encode_keys(query, out);
    return Status();
  });
  if (!answered.ok()) return answered.status();
  return decode_key_page(answered->reply.payload);
}

// Pinning twice is pinning once.
Status VolumeClient::pin(std::span<const std::string_view> keys, bool pinned, Deadline deadline) {
  Result<Answered> answered = ask(Message::kPin, true, deadline, [&](Encoder& out, const ControlChannel&) {
    encode_pin(keys, pinned, out);
    return Status();
  });
  if (!answered.ok()) return answered.status();
  return decode_done(answered->reply.payload);
}

Result<VolumeInfo> VolumeClient::info(Deadline deadline) {
  Result<Answered> answered =
      ask(Message::kInfo, true, deadline, [](Encoder&, const ControlChannel&) { return Status(); });
  if (!answered.ok()) return answered.status();
  return decode_info(answered->reply.payload);
}

Result<OwnedDescriptor> VolumeClient::segment_descriptor(uint64_t segment, MapFor purpose, Deadline deadline) {
  Result<Answered> answered = ask(Message::kSegment, true, deadline, [&](Encoder& out, const ControlChannel&) {
    encode_segment({segment, purpose}, out);
    return Status();
  });
  if (!answered.ok()) return answered.status();
  if (Status done = decode_done(answered->reply.payload); !done.ok()) return done;
  if (!answered->reply.descriptor.valid()) {
    return Status::error(Code::kCorrupt, "the volume's answer to SEGMENT came without a descriptor");
  }
  return std::move(answered->reply.descriptor);
}

Result<uint64_t> VolumeClient::offered_address(uint64_t segment, Deadline deadline) {
  Result<Answered> answered = ask(Message::kOffered, true, deadline, [&](Encoder& out, const ControlChannel&) {
    encode_offered(segment, out);
    return Status();
  });
  if (!answered.ok()) return answered.status();
  return decode_offered_address(answered->reply.payload);
}

Result<ChannelReply> VolumeClient::ask_same(uint64_t connection, Message type, Deadline deadline,
                                            const std::function<void(Encoder&)>& write) {
  Channel used;
  {
    const std::lock_guard lock(mutex_);
    used = channel_;
  }
  if (used == nullptr || used->number() != connection || !used->alive()) {
    return Status::error(Code::kUnavailable, "the connection to the volume broke; what was granted over it is gone");
  }
  return ask_over(*used, type, deadline, [&](Encoder& out, const ControlChannel&) {
    write(out);
    return Status();
  });
}

Status VolumeClient::vouch(std::span<const uint64_t> tokens, Deadline deadline) {
  Channel used;
  {
    const std::lock_guard lock(mutex_);
    used = channel_;
  }
  if (used == nullptr || !used->alive()) {
    return Status::error(Code::kUnavailable, "the connection to the volume broke; acquire the values again");
  }
  Result<ChannelReply> reply = ask_over(*used, Message::kVouch, deadline, [&](Encoder& out, const ControlChannel&) {
    std::vector<uint64_t> salted(tokens.begin(), tokens.end());
    for (uint64_t& token : salted) token = used->salted(token);
    encode_numbers(salted, out);
    return Status();
  });
  if (!reply.ok()) return reply.status();
  return decode_done(reply->payload);
}

}  // namespace windlass
