// A volume elsewhere: carries each call there over a control channel, and brings the answer back.
//
// If the channel breaks, the calls that were under way say kUnavailable, what the session had is gone, and the next
// call connects again, as often as it takes within its time limit. Calls that change nothing are then made once more by
// themselves. Tokens and leases from before are good for nothing after; giving them back is an OK that does nothing.
//
// Threads: any; they share one channel.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "base/status.hpp"
#include "transport/handshake.hpp"
#include "transport/stream.hpp"
#include "volume/control_channel.hpp"
#include "volume/grant_table.hpp"
#include "volume/volume_control.hpp"

namespace windlass {

// A connection that was greeted.
struct GreetedStream {
  Stream stream;
  Welcome welcome;
};

class VolumeClient final : public VolumeControl {
 public:
  struct Options {
    // Makes a connection. One call at a time.
    std::function<Result<GreetedStream>(Deadline)> dial;
    // Told of each channel before calls use it. One call at a time.
    std::function<Status(const ControlChannel&)> connected;
    std::chrono::nanoseconds connect_timeout{std::chrono::seconds(5)};  // of connecting again, all attempts together
    std::shared_ptr<GrantTable> grants;  // takes down what the volume grants; null: nobody wants to know
  };

  // Connects; tries once. Errors: those of dial and connected.
  static Result<std::shared_ptr<VolumeClient>> open(Options options, Deadline deadline);

  // For open().
  explicit VolumeClient(Options options) noexcept : options_(std::move(options)) {}
  // Says goodbye: whoever has mapped anything through it has let go of it.
  ~VolumeClient() override;

  Result<std::vector<RemoteRange>> prepare(std::span<const uint64_t> sizes, Deadline deadline) override;
  Result<Committed> commit(std::span<const CommitItem> items, const CommitOptions& options, Deadline deadline) override;
  Result<Committed> put_inline(std::span<const InlineItem> items, const CommitOptions& options,
                               Deadline deadline) override;
  Status abandon(std::span<const uint64_t> tokens, Deadline deadline) override;
  Result<Acquired> acquire(std::span<const AcquireItem> items, const AcquireOptions& options,
                           Deadline deadline) override;
  Status release(std::span<const uint64_t> leases, Deadline deadline) override;
  Result<std::vector<EntryInfo>> describe(std::span<const std::string_view> keys, Deadline deadline) override;
  Result<uint64_t> remove(std::span<const std::string_view> keys, bool must_exist,
                          std::span<const Condition> conditions, Deadline deadline) override;
  Result<KeyPage> keys(const KeyQuery& query, Deadline deadline) override;
  Status pin(std::span<const std::string_view> keys, bool pinned, Deadline deadline) override;
  Result<VolumeInfo> info(Deadline deadline) override;
  Result<OwnedDescriptor> segment_descriptor(uint64_t segment, MapFor purpose, Deadline deadline) override;
  Result<uint64_t> offered_address(uint64_t segment, Deadline deadline) override;
  // Never connects anew: nobody else could vouch.
  Status vouch(std::span<const uint64_t> tokens, Deadline deadline) override;

  // Asks over the connection of this number, from 0, and never over another. write appends the payload. Errors:
  // kUnavailable (it is not in use any more, or breaks); kTimeout.
  Result<ChannelReply> ask_same(uint64_t connection, Message type, Deadline deadline,
                                const std::function<void(Encoder&)>& write);

  // How many connections were made; it names the session in use.
  uint64_t connections() const noexcept { return connections_.load(); }
  uint64_t volume_nonce() const noexcept { return nonce_.load(); }

 private:
  using Channel = std::shared_ptr<ControlChannel>;
  // An answer, and the channel that it came over.
  struct Answered {
    ChannelReply reply;
    Channel channel;
  };

  // The channel in use; connects if there is none.
  Result<Channel> channel(Deadline deadline);
  Result<Channel> connect(Deadline deadline, bool insists);
  bool wait_to_retry(std::chrono::nanoseconds time, Deadline deadline);

  // Carries one request out. write(Encoder&, const ControlChannel&) appends its payload, and returns a Status.
  template <typename Write>
  Result<ChannelReply> ask_over(ControlChannel& used, Message type, Deadline deadline, Write&& write);
  template <typename Write>
  Result<Answered> ask(Message type, bool changes_nothing, Deadline deadline, Write&& write);
  Status give_back(Message type, std::span<const uint64_t> numbers, Deadline deadline);

  const Options options_;
  std::atomic<uint64_t> next_id_{1};
  std::atomic<uint64_t> connections_{0};
  std::atomic<uint64_t> nonce_{0};

  std::mutex mutex_;  // guards what follows
  std::condition_variable connected_;
  Channel channel_;
  bool connecting_ = false;
};

}  // namespace windlass
