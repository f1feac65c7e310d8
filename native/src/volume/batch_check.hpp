// What can be said of a batch that is to be published without looking at the volume.
#pragma once

#include <span>

#include "base/status.hpp"
#include "volume/volume_control.hpp"

namespace windlass {

// Errors: kInvalidArgument.
Status check_batch(std::span<const CommitItem> items, const CommitOptions& options);

}  // namespace windlass
