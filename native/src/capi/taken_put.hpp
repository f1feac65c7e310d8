// What a put, or an offer, was given across the ABI, and what its views look at.
#pragma once

#include <cstdint>
#include <vector>

#include "base/status.hpp"
#include "capi/store_structs.hpp"
#include "store/tensor_store.hpp"
#include "windlass/store.h"

namespace windlass::capi {

inline wl_put_options default_put_options() noexcept {
  wl_put_options options{};
  options.struct_size = sizeof options;
  return options;
}

class TakenPut {
 public:
  // Errors: kInvalidArgument; kStaleHandle (a buffer).
  Status take(const wl_put_item* items, uint64_t count, const wl_put_options* options);

  const std::vector<PutItem>& items() const noexcept { return items_; }
  const PutOptions& options() const noexcept { return options_; }

 private:
  Status take_item(const wl_put_item& given);
  Status take_options(const wl_put_options* options);

  std::vector<PutItem> items_;
  std::vector<Slice> slices_;
  std::vector<Condition> conditions_;
  std::vector<std::string_view> removals_;
  PutOptions options_;
};

}  // namespace windlass::capi
