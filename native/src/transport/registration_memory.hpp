// What registrations are of: memory that a cache of them knows, and the devices that it is registered with.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <utility>

#include "device/allocation_table.hpp"
#include "transport/registration_maker.hpp"
#include "transport/registration_ranges.hpp"

namespace windlass {

// Who uses a memory or a device now. Whoever is about to end it waits until nobody does.
struct RegistrationUsers {
  uint64_t uses = 0;           // of its registrations, and attempts at one
  uint64_t registrations = 0;  // that there are, those included that are being ended
  bool closing = false;        // nobody gets another use
  bool gone = false;           // for good
};

struct RegisteringDevice : RegistrationUsers {
  explicit RegisteringDevice(std::shared_ptr<Registrar> registrar) : maker(std::move(registrar)) {}

  RegistrationMaker maker;
  uint64_t ended = 0;  // how many registrations it has ended
};

struct RegisterableMemory : RegistrationUsers {
  uint64_t id = 0;
  ByteRange range;
  bool foreign = false;                    // no region's
  bool once = false;                       // foreign, and known only while it is used
  std::weak_ptr<AllocationRecord> record;  // of a region, as long as there is one
  std::shared_ptr<PageObserver> watcher;
  uint64_t generation = 1;
  std::map<std::pair<const RegisteringDevice*, uint32_t>, RegistrationRanges> ranges;  // by device and access
};

}  // namespace windlass
