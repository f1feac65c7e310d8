#include "base/features.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace windlass {
namespace {

TEST(FeaturesTest, eachFeatureHasANameOfItsOwnAndAReason) {
  std::set<std::string> names;
  for (int32_t number = 0; number < kFeatureCount; ++number) {
    const FeatureInfo info = query_feature(static_cast<Feature>(number));
    EXPECT_TRUE(names.insert(info.name).second) << info.name;
    EXPECT_FALSE(info.detail.empty()) << info.name;
    EXPECT_EQ(info.remedy.empty(), info.present) << info.name << ": what is absent says what to do";
  }
}

#if defined(__x86_64__)
TEST(FeaturesTest, theProcessorIsAskedAndNotGuessed) {
  EXPECT_EQ(query_feature(Feature::kAvx2).present, __builtin_cpu_supports("avx2") != 0);
  EXPECT_EQ(query_feature(Feature::kAvx512).present, __builtin_cpu_supports("avx512f") != 0);
}
#endif

}  // namespace
}  // namespace windlass
