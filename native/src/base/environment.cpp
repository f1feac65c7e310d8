#include "base/environment.hpp"

#include <cstdlib>

namespace windlass {

std::optional<std::string> environment_variable(const char* name) {
  const char* const value = std::getenv(name);
  if (value == nullptr) return std::nullopt;
  return std::string(value);
}

}  // namespace windlass
