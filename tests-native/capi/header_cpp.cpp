// The headers compile as C++, and their functions have C linkage.
#include "windlass/windlass.h"

#include <cstdint>
#include <type_traits>

static_assert(std::is_standard_layout_v<wl_error> && std::is_trivially_copyable_v<wl_error>);
static_assert(std::is_standard_layout_v<wl_region_info> && std::is_trivially_copyable_v<wl_region_info>);
static_assert(std::is_same_v<wl_status, std::int32_t>);

extern "C" const char* version_from_cpp(void);

const char* version_from_cpp(void) { return wl_version(); }
