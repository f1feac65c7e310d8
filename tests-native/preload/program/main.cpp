// Runs the case that is named.
#include <cstring>

#include "program.hpp"

namespace program {

std::vector<Case>& cases() {
  static std::vector<Case> all;
  return all;
}

}  // namespace program

int main(int argc, char** argv) {
  for (const program::Case& each : program::cases()) {
    if (argc != 2 || std::strcmp(each.name, argv[1]) != 0) continue;
    each.run();
    return program::failures == 0 ? 0 : 1;
  }
  std::printf("FAILED: no case is called %s\n", argc == 2 ? argv[1] : "(none)");
  return 2;
}
