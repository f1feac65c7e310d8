// Whether an item can be what it says: what is checked alike of values that are put and of values that are offered.
#pragma once

#include "base/status.hpp"
#include "store/store_types.hpp"

namespace windlass {

// Its key, kind, element type, shape, size, attributes and slice; not where its bytes are. Errors: kInvalidArgument.
Status check_put_item(const PutItem& item);

// The same message for whoever checks more.
Status invalid_item(const PutItem& item, std::string_view why);

}  // namespace windlass
