// Leases.
#include <algorithm>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "capi/guard.hpp"
#include "capi/store_structs.hpp"
#include "store/tensor_store.hpp"
#include "windlass/lease.h"

namespace {

using windlass::Code;
using windlass::Condition;
using windlass::Kind;
using windlass::Lease;
using windlass::LeaseEntry;
using windlass::LeaseOptions;
using windlass::LeaseRead;
using windlass::Result;
using windlass::Shape;
using windlass::Slice;
using windlass::Status;
using windlass::TensorStore;
using windlass::text;

constexpr int32_t kNoKind = -1;

wl_acquire_options default_lease_options() noexcept {
  wl_acquire_options options{};
  options.struct_size = sizeof options;
  return options;
}

// Runs a call's work on the lease that a handle names.
template <typename Work>
wl_status with_lease(wl_lease handle, wl_error* error, Work&& work) noexcept {
  return windlass::capi::guard(error, [&] {
    Result<std::shared_ptr<Lease>> found = windlass::capi::acquire<Lease>(handle, Kind::kLease);
    return found.ok() ? work(**found) : found.status();
  });
}

wl_entry entry_of(const LeaseEntry& entry) noexcept {
  wl_entry values{};
  values.item = entry.item;
  values.kind = entry.exists ? static_cast<wl_entry_kind>(entry.found.kind) : kNoKind;
  values.dtype = entry.found.dtype;
  values.rank = entry.found.shape.rank;
  values.shard_index = entry.found.shard.index;
  values.shard_count = entry.found.shard.count;
  values.attributes_bytes = static_cast<uint32_t>(entry.attributes.size());
  values.bytes = entry.found.bytes;
  values.version = entry.found.version;
  std::copy(entry.found.shape.sizes.begin(), entry.found.shape.sizes.end(), values.shape);
  return values;
}

Status check_entry(const Lease& lease, uint64_t entry) {
  if (entry < lease.entries().size()) return Status();
  return Status::error(Code::kInvalidArgument,
                       text("lease: entry ", entry, " of ", lease.entries().size(), "; they are counted from 0"));
}

}  // namespace

void wl_acquire_options_init(wl_acquire_options* options, uint32_t struct_size) {
  windlass::capi::init_struct(options, struct_size, default_lease_options());
}

wl_status wl_store_acquire(wl_store store, const char* const* keys, const uint64_t* key_bytes, uint64_t count,
                           const wl_acquire_options* options, wl_lease* lease, wl_error* error) {
  return windlass::capi::guard(error, [&] {
    if (Status given = windlass::capi::check_pointer("lease", lease); !given.ok()) return given;
    wl_acquire_options given{};
    if (Status known = windlass::capi::take_options("acquire options", options, default_lease_options(), &given);
        !known.ok()) {
      return known;
    }
    if (given.skip_missing != 0 && given.skip_missing != 1) {
      return Status::error(Code::kInvalidArgument,
                           text("acquire: skip_missing takes 0 or 1, not ", given.skip_missing));
    }
    if (given.reserved != 0) return Status::error(Code::kInvalidArgument, "acquire: reserved is not 0");
    Result<std::shared_ptr<TensorStore>> found = windlass::capi::acquire<TensorStore>(store, Kind::kStore);
    if (!found.ok()) return found.status();
    Result<std::vector<std::string_view>> named = windlass::capi::take_keys("acquire", keys, key_bytes, count);
    if (!named.ok()) return named.status();
    Result<std::vector<Condition>> conditions =
        windlass::capi::take_conditions(given.conditions, given.condition_count);
    if (!conditions.ok()) return conditions.status();
    const LeaseOptions taken{*conditions, given.skip_missing == 1, windlass::capi::take_timeout(given.timeout_ns)};
    Result<std::shared_ptr<Lease>> opened = (*found)->acquire(*named, taken);
    if (!opened.ok()) return opened.status();
    return windlass::capi::publish(Kind::kLease, *std::move(opened), lease);
  });
}

wl_status wl_lease_get_entries(wl_lease lease, wl_entry* entries, uint32_t entry_size, uint64_t capacity,
                               uint64_t* count, wl_error* error) {
  return with_lease(lease, error, [&](Lease& found) {
    if (Status given = windlass::capi::check_pointer("count", count); !given.ok()) return given;
    const std::vector<LeaseEntry>& its = found.entries();
    if (entries != nullptr || capacity != 0) {
      if (Status given = windlass::capi::check_pointer("entries", entries); !given.ok()) return given;
      if (Status sized = windlass::capi::check_struct_size("entry", entry_size, sizeof(wl_entry)); !sized.ok()) {
        return sized;
      }
    }
    for (size_t index = 0; index < std::min<uint64_t>(its.size(), capacity); ++index) {
      const wl_entry values = entry_of(its[index]);
      std::memcpy(reinterpret_cast<std::byte*>(entries) + index * entry_size, &values, sizeof values);
    }
    *count = its.size();
    return Status();
  });
}

wl_status wl_lease_get_attributes(wl_lease lease, uint64_t entry, const void** attributes, wl_error* error) {
  return with_lease(lease, error, [&](Lease& found) {
    if (Status given = windlass::capi::check_pointer("attributes", attributes); !given.ok()) return given;
    if (Status valid = check_entry(found, entry); !valid.ok()) return valid;
    *attributes = found.entries()[entry].attributes.data();
    return Status();
  });
}

wl_status wl_lease_get_slice(wl_lease lease, uint64_t entry, wl_slice* slice, wl_error* error) {
  return with_lease(lease, error, [&](Lease& found) {
    if (Status given = windlass::capi::check_pointer("slice", slice); !given.ok()) return given;
    Result<const Slice*> its = found.slice(entry);
    if (!its.ok()) return its.status();
    const Slice& known = **its;
    *slice = {known.global.rank,    known.mesh.rank,         known.global.sizes.data(),
              known.offsets.data(), known.mesh.sizes.data(), known.coordinates.data()};
    return Status();
  });
}

wl_status wl_lease_map(wl_lease lease, uint64_t entry, const void** address, wl_error* error) {
  return with_lease(lease, error, [&](Lease& found) {
    if (Status given = windlass::capi::check_pointer("address", address); !given.ok()) return given;
    Result<std::span<const std::byte>> mapped = found.map(entry);
    if (!mapped.ok()) return mapped.status();
    *address = mapped->data();
    return Status();
  });
}

wl_status wl_lease_read(wl_lease lease, const wl_read* reads, uint64_t count, uint64_t timeout_ns, wl_error* error) {
  return with_lease(lease, error, [&](Lease& found) {
    if (count != 0 && reads == nullptr) {
      return Status::error(Code::kInvalidArgument, "lease: the array of reads is NULL; pass as many as are counted");
    }
    if (count > windlass::kMaxBatch) {
      return Status::error(Code::kInvalidArgument,
                           text("lease: ", count, " reads; at most ", windlass::kMaxBatch, " at a time"));
    }
    std::vector<LeaseRead> taken;
    taken.reserve(count);
    for (uint64_t index = 0; index < count; ++index) {
      const wl_read& read = reads[index];
      taken.push_back({read.entry, read.offset, read.bytes, static_cast<std::byte*>(read.target)});
    }
    return found.read(taken, found.connection()->deadline(windlass::capi::take_timeout(timeout_ns)));
  });
}

// A box and a target in C are as many arguments. NOLINTNEXTLINE(readability-function-size)
wl_status wl_lease_read_slice(wl_lease lease, uint64_t item, uint32_t rank, const uint64_t* offsets,
                              const uint64_t* shape, void* target, uint64_t target_bytes, uint64_t timeout_ns,
                              wl_error* error) {
  return with_lease(lease, error, [&](Lease& found) {
    Result<Shape> sizes = windlass::capi::take_shape("slice", rank, shape);
    if (!sizes.ok()) return sizes.status();
    Result<Shape> from = windlass::capi::take_shape("slice: the offsets", rank, offsets);
    if (!from.ok()) return from.status();
    if (target_bytes != 0 && target == nullptr) return windlass::capi::check_pointer("target", target);
    return found.read_slice(item, {rank, from->sizes, sizes->sizes}, {static_cast<std::byte*>(target), target_bytes},
                            found.connection()->deadline(windlass::capi::take_timeout(timeout_ns)));
  });
}

wl_status wl_lease_close(wl_lease lease, wl_error* error) {
  return windlass::capi::guard(error, [&] { return windlass::capi::remove<Lease>(lease, Kind::kLease).status(); });
}
