// Runs the tests, and fails those that leave something behind.
#include <gtest/gtest.h>

#include <memory>

#include "support/leak_check.hpp"

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  // googletest deletes the listener.
  testing::UnitTest::GetInstance()->listeners().Append(std::make_unique<windlass::test::LeakCheck>().release());
  return RUN_ALL_TESTS();
}
