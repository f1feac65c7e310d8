#include "windlass/status.h"

#include "base/status.hpp"

const char* wl_status_name(wl_status status) { return windlass::code_name(static_cast<windlass::Code>(status)); }

const char* wl_status_meaning(wl_status status) { return windlass::code_meaning(static_cast<windlass::Code>(status)); }
