// Registers memory with a device, so that the device can read and write it.
//
// What is registered stays in memory, and stays the pages that it was: whoever gives pages back, or takes others for
// the same addresses, ends their registrations first. Nobody else notices.
//
// Threads: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "base/status.hpp"
#include "base/text.hpp"

namespace windlass {

// Bits.
enum class RegistrationAccess : uint32_t {
  kLocal = 0,        // this process's own transfers, in and out
  kRemoteRead = 1,   // whoever has the remote key may read
  kRemoteWrite = 2,  // whoever has the remote key may write
};

constexpr uint32_t access_bits(RegistrationAccess access) noexcept { return static_cast<uint32_t>(access); }

// Memory of another device, which the host need not reach, by a descriptor that its driver has made (a dma-buf).
struct DmabufRange {
  int descriptor = -1;  // the caller's; only needed during the call
  uint64_t offset = 0;  // of the range, in what the descriptor names
  uint64_t bytes = 0;
  uint64_t address = 0;  // that transfers name its first byte by
};

// Memory that is registered.
class Registration {
 public:
  Registration() = default;
  virtual ~Registration() = default;  // deregisters; no transfer that names it may be under way
  Registration(const Registration&) = delete;
  Registration& operator=(const Registration&) = delete;

  virtual uint32_t local_key() const noexcept = 0;
  virtual uint32_t remote_key() const noexcept = 0;  // 0 where access was kLocal
};

// Outlives what it registered.
class Registrar {
 public:
  Registrar() = default;
  virtual ~Registrar() = default;
  Registrar(const Registrar&) = delete;
  Registrar& operator=(const Registrar&) = delete;

  // access: bits of RegistrationAccess. Errors: kInvalidArgument (no bytes, more than most_bytes(), unknown bits);
  // kNoMemory (more than the device takes at once, or than may be locked: how much that is, and how to raise it);
  // kPermission; kUnsupported; kDevice. A call that fails changes nothing.
  virtual Result<std::unique_ptr<Registration>> register_memory(std::byte* data, uint64_t bytes, uint32_t access) = 0;

  // As register_memory, of another device's memory. Errors: as there; kUnsupported (see takes_dmabuf).
  virtual Result<std::unique_ptr<Registration>> register_dmabuf(const DmabufRange& /*range*/, uint32_t /*access*/) {
    return takes_dmabuf();
  }
  // Whether it registers such memory at all. Errors: kUnsupported (why not).
  virtual Status takes_dmabuf() const {
    return Status::error(Code::kUnsupported, text(name(), " takes no memory of other devices"));
  }

  // The largest that one registration may be.
  virtual uint64_t most_bytes() const noexcept = 0;

  // Of the device: "rxe0".
  virtual std::string_view name() const noexcept = 0;
};

}  // namespace windlass
