#include "transport/registration_maker.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "fake/fake_registrar.hpp"

namespace windlass {
namespace {

constexpr uint64_t kMakerBytes = 4 * kMiB;

class RegistrationMakerTest : public testing::Test {
 protected:
  ~RegistrationMakerTest() override {
    EXPECT_EQ(registrar_->faults(), std::vector<std::string>());
    EXPECT_EQ(registrar_->live_bytes(), 0U);
  }

  Status make(RegistrationMaker& maker, MadeRegistrations& made) {
    return maker.make(
        memory_.data(), memory_.size(), 0, [this](uint64_t) { return make_room(); }, made);
  }
  bool make_room() {
    ++asked_for_room_;
    return std::exchange(other_, nullptr) != nullptr;
  }

  // That the pieces are all of the memory, one after the other.
  void expect_whole(const MadeRegistrations& made) const {
    const std::byte* at = memory_.data();
    for (const MadeRegistration& piece : made.pieces) {
      EXPECT_EQ(piece.data, at);
      EXPECT_NE(piece.registration, nullptr);
      at += piece.bytes;
    }
    EXPECT_EQ(at, memory_.data() + memory_.size());
  }

  std::vector<std::byte> memory_ = std::vector<std::byte>(kMakerBytes);
  std::shared_ptr<fake::FakeRegistrar> registrar_ = std::make_shared<fake::FakeRegistrar>(kMakerBytes);
  std::unique_ptr<Registration> other_;
  int asked_for_room_ = 0;
};

TEST_F(RegistrationMakerTest, whatTheDeviceTakesIsOnePiece) {
  RegistrationMaker maker(registrar_);
  MadeRegistrations made;
  ASSERT_TRUE(make(maker, made).ok());
  expect_whole(made);
  EXPECT_EQ(made.pieces.size(), 1U);
  EXPECT_EQ(made.made, 1U);
}

TEST_F(RegistrationMakerTest, whatIsLargerThanTheDeviceSaysIsCut) {
  const auto small = std::make_shared<fake::FakeRegistrar>(kMiB + 100);
  RegistrationMaker maker(small);
  MadeRegistrations made;
  ASSERT_TRUE(make(maker, made).ok());
  expect_whole(made);
  EXPECT_EQ(made.pieces.size(), 4U) << "a MiB each, as odd bytes are not used";
  EXPECT_EQ(made.failures, 0U);
}

TEST_F(RegistrationMakerTest, theLargestSizeThatWorksIsFoundOnceAndRemembered) {
  registrar_->refuse_above(kMiB + 300 * kKiB);
  RegistrationMaker maker(registrar_);
  {
    MadeRegistrations made;
    ASSERT_TRUE(make(maker, made).ok());
    expect_whole(made);
    EXPECT_GT(made.failures, 0U);
    EXPECT_EQ(made.made - made.given_up, made.pieces.size());
  }
  EXPECT_LE(maker.most_bytes(), kMiB + 300 * kKiB);
  EXPECT_GT(maker.most_bytes(), (kMiB + 300 * kKiB) / 8 * 7) << "within an eighth";
  MadeRegistrations again;
  ASSERT_TRUE(make(maker, again).ok());
  EXPECT_EQ(again.failures, 0U);
  expect_whole(again);
}

TEST_F(RegistrationMakerTest, aSizeThatWasSmallForWantOfMemoryIsNotKeptForEver) {
  registrar_->refuse_above(kMiB);
  RegistrationMaker maker(registrar_);
  {
    MadeRegistrations made;
    ASSERT_TRUE(make(maker, made).ok());
  }
  EXPECT_EQ(maker.most_bytes(), kMiB);
  registrar_->refuse_above(2 * kMiB);
  for (uint64_t call = 0; call < RegistrationMaker::kCutsBeforeMore; ++call) {
    MadeRegistrations made;
    ASSERT_TRUE(make(maker, made).ok());
    EXPECT_EQ(made.pieces.size(), 4U);
  }
  EXPECT_EQ(maker.most_bytes(), kMiB) << "more was tried once, and refused";
  registrar_->refuse_above(kMakerBytes);
  for (uint64_t call = 0; call < RegistrationMaker::kCutsBeforeMore; ++call) {
    MadeRegistrations made;
    ASSERT_TRUE(make(maker, made).ok());
    expect_whole(made);
  }
  EXPECT_EQ(maker.most_bytes(), kMakerBytes);
}

TEST_F(RegistrationMakerTest, memoryThatIsShortIsNoSizeThatIsTooLarge) {
  registrar_->limit_total(3 * kMiB);
  RegistrationMaker maker(registrar_);
  MadeRegistrations made;
  const Status failure = make(maker, made);
  EXPECT_EQ(failure.code(), Code::kNoMemory);
  EXPECT_TRUE(made.pieces.empty());
  EXPECT_EQ(made.made, made.given_up);
  EXPECT_EQ(maker.most_bytes(), kMakerBytes) << "nothing is learnt from it";
}

TEST_F(RegistrationMakerTest, roomIsMadeBeforeSmallerSizesAreTried) {
  other_ = registrar_->register_memory(memory_.data(), kMiB, 0).value();
  registrar_->limit_total(kMakerBytes);
  RegistrationMaker maker(registrar_);
  MadeRegistrations made;
  ASSERT_TRUE(make(maker, made).ok());
  EXPECT_EQ(asked_for_room_, 1);
  EXPECT_EQ(made.pieces.size(), 1U);
}

// Method: each call fails in turn, those included that only look for the size, until there is none left to fail.
TEST_F(RegistrationMakerTest, aFailureAtAnyCallLeavesNothingOrIsDoneWithout) {
  registrar_->refuse_above(kMiB);
  bool reached = true;
  for (uint64_t nth = 1; reached; ++nth) {
    RegistrationMaker maker(registrar_);
    const uint64_t before = registrar_->calls();
    registrar_->fail(nth, Code::kDevice);
    MadeRegistrations made;
    const Status outcome = make(maker, made);
    reached = registrar_->calls() - before >= nth;
    if (outcome.ok()) {
      expect_whole(made);
    } else {
      EXPECT_EQ(outcome.code(), Code::kDevice);
      EXPECT_TRUE(made.pieces.empty());
      EXPECT_EQ(registrar_->live_bytes(), 0U);
    }
  }
}

}  // namespace
}  // namespace windlass
