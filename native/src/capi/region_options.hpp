// What region options say, for all calls that take them.
#pragma once

#include <memory>

#include "region/region.hpp"
#include "region/region_set.hpp"
#include "windlass/region.h"

namespace windlass::capi {

// given may be null for the defaults. Errors: kInvalidArgument; kStaleHandle; kWrongKind.
Result<std::shared_ptr<const RegionPlan>> plan_region(const wl_region_options* given);

wl_region_options default_region_options() noexcept;

// Gives the region a handle, which it keeps as its label.
Status publish_region(std::shared_ptr<Region> opened, wl_region* region);

}  // namespace windlass::capi
