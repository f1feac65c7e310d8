// Registers memory with a device, so that it can read and write it.
//
// Registering pins the pages and tells the device where they are, which is dear; so whoever registers keeps what he has
// (see registration_cache.hpp). A registration ends with its object, and with it both of its keys.
//
// Threads: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "base/status.hpp"

namespace windlass {

// Bits: what a registration allows. The device itself may always read and write.
enum class RegistrationAccess : uint32_t { kLocal = 0, kRemoteRead = 1, kRemoteWrite = 2 };

class Registration {
 public:
  Registration() = default;
  virtual ~Registration() = default;  // deregisters
  Registration(const Registration&) = delete;
  Registration& operator=(const Registration&) = delete;

  virtual uint32_t local_key() const noexcept = 0;
  virtual uint32_t remote_key() const noexcept = 0;
};

class Registrar {
 public:
  Registrar() = default;
  virtual ~Registrar() = default;
  Registrar(const Registrar&) = delete;
  Registrar& operator=(const Registrar&) = delete;

  // access: bits of RegistrationAccess. A call that fails changes nothing. Errors: kNoMemory (too large, or the limit
  // of locked memory); kInvalidArgument (no such memory); kDevice.
  virtual Result<std::unique_ptr<Registration>> register_memory(std::byte* data, uint64_t bytes, uint32_t access) = 0;

  // The largest that one registration may be, as the device says; it may refuse less.
  virtual uint64_t most_bytes() const noexcept = 0;

  // Names it in messages.
  virtual std::string_view name() const noexcept = 0;
};

}  // namespace windlass
