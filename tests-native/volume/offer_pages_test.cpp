// What an offer does while the pages that it lies on leave and come back.
#include <gtest/gtest.h>

#include "support/pattern.hpp"
#include "volume/offer.hpp"
#include "volume/road.hpp"
#include "volume/volume_world.hpp"

namespace windlass {
namespace {

using test::Client;
using test::pattern;
using test::refill;
using test::soon;
using test::VolumeWorld;
using test::Way;

class OfferPages : public testing::Test {
 protected:
  OfferPages() {
    OfferItem item;
    item.key = "a";
    item.data = value_.data();
    item.bytes = value_.size();
    OfferOptions options;
    options.of = {record_};
    options.pause_timeout = std::chrono::nanoseconds(0);
    Result<std::shared_ptr<Offer>> offered = world_.volume().offer({&item, 1}, options);
    EXPECT_TRUE(offered.ok()) << offered.status().to_string();
    offer_ = *std::move(offered);
  }

  Result<Acquired> leased() const {
    const AcquireItem item{"a"};
    return reader_.control().acquire({&item, 1}, {}, soon());
  }

  VolumeWorld world_;
  const Client reader_ = world_.client(Way::kLocal);
  std::vector<std::byte> value_ = pattern(100'000, 1);
  const std::shared_ptr<AllocationRecord> record_ =
      std::make_shared<AllocationRecord>(1, reinterpret_cast<uint64_t>(value_.data()), value_.size());
  std::shared_ptr<Offer> offer_;
};

TEST_F(OfferPages, thatAreReadDoNotLeave) {
  const Result<Acquired> held = leased();
  ASSERT_TRUE(held.ok());
  const Status refused = record_->announce_release();
  EXPECT_EQ(refused.code(), Code::kTimeout);
  EXPECT_NE(refused.message().find("is being read by"), std::string::npos) << refused.message();
  EXPECT_EQ(offer_->info().state, OfferState::kOffered);
  EXPECT_TRUE(reader_.control().release({&held->lease, 1}, soon()).ok());
  EXPECT_TRUE(record_->announce_release().ok());
  EXPECT_EQ(offer_->info().state, OfferState::kStale);
}

TEST_F(OfferPages, thatComeBackAsTheyWereAreOfferedAtOnce) {
  ASSERT_TRUE(record_->announce_release().ok());
  EXPECT_EQ(leased().status().code(), Code::kState);
  EXPECT_EQ(offer_->begin_update(soon(), true).code(), Code::kState);
  EXPECT_EQ(offer_->publish().status().code(), Code::kState);
  record_->announce_return(false);
  EXPECT_EQ(offer_->info().state, OfferState::kOffered);
  EXPECT_EQ(*reader_.get("a"), value_);
}

TEST_F(OfferPages, thatAreOtherOnesAreOfferedOncePublished) {
  ASSERT_TRUE(record_->announce_release().ok());
  record_->mark_gone();
  record_->announce_return(false);
  EXPECT_EQ(offer_->info().state, OfferState::kStale);
  EXPECT_EQ(leased().status().code(), Code::kState);
  refill(value_, 2);
  ASSERT_TRUE(offer_->publish().ok());
  EXPECT_EQ(*reader_.get("a"), value_);
  ASSERT_TRUE(record_->announce_release().ok());
  record_->announce_return(false);
  EXPECT_EQ(offer_->info().state, OfferState::kOffered) << "of the generation that was published last";
}

TEST_F(OfferPages, thatLeaveDuringAnUpdateEndIt) {
  ASSERT_TRUE(offer_->begin_update(soon(), false).ok());
  ASSERT_TRUE(record_->announce_release().ok());
  EXPECT_EQ(offer_->publish().status().code(), Code::kState);
  record_->announce_return(false);
  EXPECT_EQ(offer_->info().state, OfferState::kStale) << "half an update is no version";
  EXPECT_TRUE(offer_->publish().ok());
}

TEST_F(OfferPages, areLetGoOfByAnOfferThatIsClosed) {
  const Result<Acquired> held = leased();
  ASSERT_TRUE(held.ok());
  offer_->close(Deadline::after(std::chrono::nanoseconds(0)));
  EXPECT_TRUE(record_->announce_release().ok());
  record_->announce_return(false);
  EXPECT_EQ(offer_->info().state, OfferState::kClosed);
}

}  // namespace
}  // namespace windlass
