// A registrar that keeps book of what is registered, of who uses it, and of memory that is not there; and fails on
// demand.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "base/text.hpp"
#include "fake/gate.hpp"
#include "transport/registrar.hpp"

namespace windlass::fake {

class FakeRegistrar final : public Registrar, public std::enable_shared_from_this<FakeRegistrar> {
 public:
  struct Live {
    std::byte* data = nullptr;
    uint64_t bytes = 0;
    uint32_t access = 0;
    uint32_t remote_key = 0;
    uint64_t users = 0;
  };

  explicit FakeRegistrar(uint64_t most_bytes = uint64_t{1} << 40) : most_bytes_(most_bytes) {}

  // The nth call from now on (1: the next) fails, and so do those after it where always is set.
  void fail(uint64_t nth, Code code, bool always = false) {
    const std::lock_guard lock(mutex_);
    failing_ = calls_ + nth;
    fails_always_ = always;
    code_ = code;
  }
  void forgive() {
    const std::lock_guard lock(mutex_);
    failing_ = 0;
    fails_always_ = false;
  }
  // Refuses what is larger, whatever it says of itself.
  void refuse_above(uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    refused_above_ = bytes;
  }
  // Refuses what makes it more than so many bytes altogether.
  void limit_total(uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    total_limit_ = bytes;
  }

  // Where a call stops before it registers, or ends a registration.
  Gate& registering() noexcept { return registering_; }
  Gate& ending() noexcept { return ending_; }

  // What a device does while it moves bytes of [data, data + bytes) under a key: it must be registered all the time.
  void begin_use(uint32_t key, const std::byte* data, uint64_t bytes) { use(key, data, bytes, true); }
  void end_use(uint32_t key, const std::byte* data, uint64_t bytes) { use(key, data, bytes, false); }

  uint64_t calls() const {
    const std::lock_guard lock(mutex_);
    return calls_;
  }
  uint64_t registrations() const {
    const std::lock_guard lock(mutex_);
    return last_key_;
  }
  std::vector<Live> live() const {
    const std::lock_guard lock(mutex_);
    std::vector<Live> all;
    for (const auto& [key, each] : live_) all.push_back(each);
    return all;
  }
  uint64_t live_bytes() const {
    const std::lock_guard lock(mutex_);
    return live_bytes_;
  }
  bool is_live(uint32_t key) const {
    const std::lock_guard lock(mutex_);
    return live_.find(key) != live_.end();
  }
  // What was done that must never be, in sentences: registering memory that is not there, ending what is in use, using
  // what is not registered. Memory that is registered now and has left is a fault too.
  std::vector<std::string> faults() const {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> all = faults_;
    for (const auto& [key, each] : live_) {
      if (!is_there(each.data, each.bytes)) all.push_back(text("key ", key, " names memory that is gone"));
    }
    return all;
  }

  // They are no faults any more, as the test knows why they were.
  std::vector<std::string> take_faults() {
    std::vector<std::string> all = faults();
    const std::lock_guard lock(mutex_);
    faults_.clear();
    return all;
  }

  Result<std::unique_ptr<Registration>> register_memory(std::byte* data, uint64_t bytes, uint32_t access) override {
    registering_.pass();
    const std::lock_guard lock(mutex_);
    ++calls_;
    if (failing_ != 0 && (calls_ == failing_ || (fails_always_ && calls_ > failing_))) {
      return Status::error(code_, text("fake: registration ", calls_, " fails"), 800);
    }
    if (bytes > refused_above_) return Status::error(Code::kNoMemory, text("fake: ", bytes, " bytes are too many"));
    if (live_bytes_ + bytes > total_limit_) return Status::error(Code::kNoMemory, "fake: no memory is left to lock");
    if (bytes > most_bytes_) faults_.push_back(text(bytes, " bytes are more than it said that it takes"));
    if (!is_there(data, bytes)) faults_.push_back(text("memory was registered that is not there: ", bytes, " bytes"));
    const uint32_t key = ++last_key_;
    live_[key] = {data, bytes, access, key + kRemoteKeyBase, 0};
    live_bytes_ += bytes;
    return std::unique_ptr<Registration>(std::make_unique<Kept>(shared_from_this(), key));
  }

  uint64_t most_bytes() const noexcept override { return most_bytes_; }
  std::string_view name() const noexcept override { return "fake registrar"; }

 private:
  static constexpr uint32_t kRemoteKeyBase = 1000000;

  class Kept final : public Registration {
   public:
    Kept(std::shared_ptr<FakeRegistrar> registrar, uint32_t key) : registrar_(std::move(registrar)), key_(key) {}
    ~Kept() override { registrar_->end(key_); }
    uint32_t local_key() const noexcept override { return key_; }
    uint32_t remote_key() const noexcept override { return key_ + kRemoteKeyBase; }

   private:
    const std::shared_ptr<FakeRegistrar> registrar_;
    const uint32_t key_;
  };

  static bool is_there(const std::byte* data, uint64_t bytes) {
    const auto page_bytes = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
    const auto address = reinterpret_cast<uint64_t>(data);
    const uint64_t start = address / page_bytes * page_bytes;
    const uint64_t whole = round_up(address + bytes - start, page_bytes);
    std::vector<unsigned char> present(whole / page_bytes);
    if (mincore(reinterpret_cast<void*>(start), whole, present.data()) != 0) return false;
    return std::all_of(present.begin(), present.end(), [](unsigned char flags) { return (flags & 1U) != 0; });
  }

  void use(uint32_t key, const std::byte* data, uint64_t bytes, bool begins) {
    const std::lock_guard lock(mutex_);
    const auto found = live_.find(key);
    if (found == live_.end()) return faults_.push_back(text("key ", key, " was used, and is not registered"));
    Live& each = found->second;
    if (data < each.data || data + bytes > each.data + each.bytes) {
      return faults_.push_back(text("key ", key, " was used for memory that it does not name"));
    }
    begins ? ++each.users : --each.users;
  }

  void end(uint32_t key) {
    ending_.pass();
    const std::lock_guard lock(mutex_);
    const auto found = live_.find(key);
    if (found == live_.end()) return faults_.push_back(text("key ", key, " ended twice"));
    if (found->second.users != 0) faults_.push_back(text("key ", key, " ended while in use"));
    if (!is_there(found->second.data, found->second.bytes)) {
      faults_.push_back(text("key ", key, " ended after its memory had gone"));
    }
    live_bytes_ -= found->second.bytes;
    live_.erase(found);
  }

  const uint64_t most_bytes_;
  Gate registering_;
  Gate ending_;
  mutable std::mutex mutex_;
  std::map<uint32_t, Live> live_;
  std::vector<std::string> faults_;
  uint64_t live_bytes_ = 0;
  uint64_t calls_ = 0;
  uint64_t failing_ = 0;
  uint64_t refused_above_ = std::numeric_limits<uint64_t>::max();
  uint64_t total_limit_ = std::numeric_limits<uint64_t>::max();
  Code code_ = Code::kNoMemory;
  uint32_t last_key_ = 0;
  bool fails_always_ = false;
};

}  // namespace windlass::fake
