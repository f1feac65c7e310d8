// The time limit of what shall not wait in a test, and is no fault if the machine is slow.
#pragma once

#include <chrono>

#include "base/deadline.hpp"

namespace windlass::test {

inline Deadline soon() { return Deadline::after(std::chrono::seconds(60)); }

}  // namespace windlass::test
