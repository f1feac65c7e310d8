// What a store is asked, and what it answers.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "store/slice.hpp"
#include "transport/registration_cache.hpp"
#include "transport/transport.hpp"
#include "volume/entry.hpp"
#include "volume/volume_control.hpp"

namespace windlass {

class TransportBuffer;

struct StoreOptions {
  TransportKind transport = TransportKind::kAuto;
  std::string secret;  // what the volume asks for over TCP; empty: none
  uint32_t lanes = 0;  // connections that carry bytes over TCP; 0: as many as pay
  std::chrono::nanoseconds connect_timeout = std::chrono::seconds(5);
  std::chrono::nanoseconds call_timeout = std::chrono::seconds(60);
};

struct StoreInfo {
  TransportKind transport = TransportKind::kAuto;  // the one in use
  std::string reason;                              // why this one
  uint64_t volume_nonce = 0;
  uint64_t connections = 0;  // made so far
  uint64_t written_bytes = 0;
  uint64_t read_bytes = 0;
  uint64_t mapped_bytes = 0;             // handed out without a copy
  RegistrationStatistics registrations;  // over rdma: of this process's memory
};

// Views last for the call.
struct PutItem {
  std::string_view key;
  EntryMeta meta;                   // of a tensor: dtype is a DType
  const std::byte* data = nullptr;  // nullptr: the buffer was filled in place
  uint64_t bytes = 0;
  const Slice* slice = nullptr;             // nullptr: the value is whole
  std::shared_ptr<TransportBuffer> buffer;  // nullptr: none
};

struct PutOptions {
  std::span<const Condition> conditions;
  std::span<const std::string_view> removals;  // in the same instant
  std::optional<std::chrono::nanoseconds> timeout;
};

struct PutReport {
  TransportKind transport = TransportKind::kAuto;
  uint64_t version = 0;  // 0: only shards of sets that are not complete yet
  uint64_t bytes = 0;
  uint64_t prepare_ns = 0;  // getting room, the buffers' next included
  uint64_t move_ns = 0;
  uint64_t commit_ns = 0;
  uint64_t reused = 0;  // items whose buffer had room ready
};

struct LeaseOptions {
  std::span<const Condition> conditions;
  bool skip_missing = false;
  std::optional<std::chrono::nanoseconds> timeout;
};

// What goes with a message of its own instead of through a transport.
inline constexpr uint64_t kInlineBytes = 64 * kKiB;
static_assert(kInlineBytes <= kMaxInlineBytes);

}  // namespace windlass
