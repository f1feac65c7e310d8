#include "volume/near_transport.hpp"

#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "support/pattern.hpp"
#include "support/soon.hpp"
#include "volume/offer.hpp"
#include "volume/volume_world.hpp"

namespace windlass {
namespace {

using test::Client;
using test::pattern;
using test::soon;
using test::VolumeWorld;
using test::Way;

// A volume that has a value of its own under "own", and one that is offered under "lent".
class NearTransportTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(client_.put({{"own", own_, {}}}).ok());
    OfferItem item;
    item.key = "lent";
    item.data = lent_.data();
    item.bytes = lent_.size();
    Result<std::shared_ptr<Offer>> offer = world_.volume().offer({&item, 1}, {});
    ASSERT_TRUE(offer.ok()) << offer.status().to_string();
    offer_ = *std::move(offer);
    const std::array<AcquireItem, 2> asked{AcquireItem{"own"}, AcquireItem{"lent"}};
    Result<Acquired> acquired = client_.control().acquire(asked, {}, soon());
    ASSERT_TRUE(acquired.ok()) << acquired.status().to_string();
    acquired_ = *std::move(acquired);
  }
  void TearDown() override {
    EXPECT_TRUE(client_.control().release({&acquired_.lease, 1}, soon()).ok());
    offer_->close(soon());
  }

  VolumeWorld world_;
  const Client client_ = world_.client(Way::kShm);
  const std::vector<std::byte> own_ = pattern(300'000, 1);
  const std::vector<std::byte> lent_ = pattern(400'003, 2);
  std::shared_ptr<Offer> offer_;
  Acquired acquired_;
};

TEST_F(NearTransportTest, ownAndOfferedValuesAreReadInOneCallInAnyOrder) {
  std::vector<std::byte> own(own_.size());
  std::vector<std::byte> lent(lent_.size());
  const RemoteRange& own_place = acquired_.found[0].place;
  const RemoteRange& lent_place = acquired_.found[1].place;
  const std::array<ReadMove, 3> moves{ReadMove{own.data(), own_place.part(0, 1000)},
                                      ReadMove{lent.data(), lent_place.part(0, lent.size())},
                                      ReadMove{own.data() + 1000, own_place.part(1000, own.size() - 1000)}};
  const Status done = client_.transport().read(moves, soon());
  ASSERT_TRUE(done.ok()) << done.to_string();
  EXPECT_EQ(own, own_);
  EXPECT_EQ(lent, lent_);
}

TEST_F(NearTransportTest, onlyOwnValuesAreMapped) {
  const auto mapped = client_.transport().map(acquired_.found[0].place, MapFor::kReading, false, soon());
  ASSERT_TRUE(mapped.ok()) << mapped.status().to_string();
  EXPECT_EQ((*mapped)->address()[77], own_[77]);
  const auto refused = client_.transport().map(acquired_.found[1].place, MapFor::kReading, false, soon());
  EXPECT_EQ(refused.status().code(), Code::kUnsupported);
  EXPECT_NE(refused.status().message().find("read it"), std::string::npos) << refused.status().message();
}

TEST_F(NearTransportTest, whatNobodyVouchesForAnyMoreIsNotRead) {
  ASSERT_TRUE(offer_->begin_update(Deadline::after(std::chrono::nanoseconds(0)), true).ok());
  std::vector<std::byte> lent(lent_.size());
  const ReadMove move{lent.data(), acquired_.found[1].place.part(0, lent.size())};
  EXPECT_FALSE(client_.transport().read({&move, 1}, soon()).ok());
  EXPECT_TRUE(offer_->publish().ok());
}

}  // namespace
}  // namespace windlass
