// The store's promises, over every way to a volume.
#include "store/tensor_store.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "store/store_host.hpp"

namespace windlass::test {
namespace {

class TensorStoreTest : public testing::TestWithParam<Way> {
 protected:
  StoreHost host_{GetParam()};
  std::shared_ptr<TensorStore> store_ = host_.open();
};

TEST_P(TensorStoreTest, whatIsPutComesBack) {
  uint64_t seed = 0;
  for (const uint64_t size :
       {uint64_t{0}, uint64_t{1}, uint64_t{63}, 4 * kKiB, 64 * kKiB, 64 * kKiB + 1, 3 * kMiB + 17}) {
    const std::vector<std::byte> bytes = pattern(size, ++seed);
    PutItem item = bytes_item("value", bytes);
    item.meta.attributes = "remember me";
    const Result<PutReport> report = store_->put({&item, 1});
    ASSERT_TRUE(report.ok()) << report.status().to_string();
    EXPECT_EQ(report->bytes, size);
    EXPECT_EQ(report->transport, store_->info().transport);
    const std::shared_ptr<Lease> lease = lease_of(*store_, {"value"});
    ASSERT_TRUE(lease);
    ASSERT_EQ(lease->entries().size(), 1U);
    const LeaseEntry& entry = lease->entries()[0];
    EXPECT_EQ(entry.found.version, report->version);
    EXPECT_EQ(entry.found.kind, EntryKind::kBytes);
    EXPECT_EQ(entry.attributes, "remember me");
    EXPECT_EQ(read_entry(*lease, 0), bytes);
    const Result<std::span<const std::byte>> mapped = lease->map(0);
    if (!host_.maps() && size > kInlineBytes) {
      EXPECT_EQ(mapped.status().code(), Code::kUnsupported);
      continue;
    }
    ASSERT_TRUE(mapped.ok()) << mapped.status().to_string();
    EXPECT_NE(mapped->data(), nullptr);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(mapped->data()) % 16, 0U);
    EXPECT_EQ(std::vector<std::byte>(mapped->begin(), mapped->end()), bytes);
  }
}

TEST_P(TensorStoreTest, aTensorKeepsItsTypeAndShape) {
  const std::vector<std::byte> bytes = pattern(6 * 4 * 2, 5);
  const PutItem items[] = {tensor_item("matrix", DType::kBf16, {2, {6, 4}}, bytes),
                           tensor_item("scalar", DType::kF64, {}, pattern(8, 6))};
  PutItem scalar = items[1];
  const std::vector<std::byte> eight = pattern(8, 6);
  scalar.data = eight.data();
  const PutItem both[] = {items[0], scalar};
  ASSERT_TRUE(store_->put(both).ok());
  const std::shared_ptr<Lease> lease = lease_of(*store_, {"scalar", "matrix"});
  ASSERT_TRUE(lease);
  EXPECT_EQ(lease->entries()[0].found.dtype, static_cast<int32_t>(DType::kF64));
  EXPECT_EQ(lease->entries()[0].found.shape, Shape());
  EXPECT_EQ(lease->entries()[1].found.dtype, static_cast<int32_t>(DType::kBf16));
  EXPECT_EQ(lease->entries()[1].found.shape, (Shape{2, {6, 4}}));
  EXPECT_EQ(lease->entries()[0].found.version, lease->entries()[1].found.version);
  EXPECT_EQ(read_entry(*lease, 1), bytes);
  EXPECT_EQ(read_entry(*lease, 0), eight);
}

TEST_P(TensorStoreTest, partsOfValuesAreReadInOneCall) {
  const std::vector<std::byte> large = pattern(2 * kMiB, 7);
  const std::vector<std::byte> small = pattern(100, 8);
  const PutItem items[] = {bytes_item("large", large), bytes_item("small", small)};
  ASSERT_TRUE(store_->put(items).ok());
  const std::shared_ptr<Lease> lease = lease_of(*store_, {"small", "large"});
  ASSERT_TRUE(lease);
  std::vector<std::byte> target(1000);
  const LeaseRead reads[] = {{1, 1 * kMiB + 3, 500, target.data()},
                             {0, 90, 10, target.data() + 500},
                             {1, 2 * kMiB, 0, nullptr},
                             {1, 0, 490, target.data() + 510}};
  ASSERT_TRUE(lease->read(reads, Deadline::after(std::chrono::seconds(60))).ok());
  std::vector<std::byte> expected(large.begin() + 1 * kMiB + 3, large.begin() + 1 * kMiB + 503);
  expected.insert(expected.end(), small.begin() + 90, small.end());
  expected.insert(expected.end(), large.begin(), large.begin() + 490);
  EXPECT_EQ(target, expected);
}

TEST_P(TensorStoreTest, aBatchIsPublishedAndLeasedAsOne) {
  std::atomic<bool> done{false};
  const std::vector<std::string> names = {"a", "b", "c"};
  const auto put_all = [&](TensorStore& store, uint64_t seed) {
    std::vector<std::vector<std::byte>> bytes;
    for (size_t index = 0; index < names.size(); ++index) bytes.push_back(pattern(100 * kKiB, seed));
    std::vector<PutItem> items;
    for (size_t index = 0; index < names.size(); ++index) items.push_back(bytes_item(names[index], bytes[index]));
    return store.put(items).status();
  };
  ASSERT_TRUE(put_all(*store_, 0).ok());
  std::thread writer([&] {
    const std::shared_ptr<TensorStore> own = host_.open();
    for (uint64_t seed = 1; seed < 60; ++seed) EXPECT_TRUE(put_all(*own, seed).ok());
    done = true;
  });
  uint64_t last_version = 0;
  while (!done) {
    const std::shared_ptr<Lease> lease = lease_of(*store_, {"a", "b", "c"});
    const std::vector<std::byte> first = read_entry(*lease, 0);
    const uint64_t version = lease->entries()[0].found.version;
    EXPECT_GE(version, last_version);
    last_version = version;
    for (uint64_t entry = 1; entry < 3; ++entry) {
      EXPECT_EQ(lease->entries()[entry].found.version, version);
      EXPECT_EQ(read_entry(*lease, entry), first);
    }
  }
  writer.join();
}

TEST_P(TensorStoreTest, conditionsAndRemovalsGoWithAPut) {
  const std::vector<std::byte> bytes = pattern(100 * kKiB, 1);
  const PutItem item = bytes_item("state", bytes);
  const Condition absent{"state", 0};
  const Result<PutReport> first = store_->put({&item, 1}, {{&absent, 1}, {}, {}});
  ASSERT_TRUE(first.ok()) << first.status().to_string();
  EXPECT_EQ(store_->put({&item, 1}, {{&absent, 1}, {}, {}}).status().code(), Code::kConflict);
  const Condition current{"state", first->version};
  ASSERT_TRUE(put_bytes(*store_, "old", bytes).ok());
  const std::string_view removals[] = {"old", "never there"};
  const Result<PutReport> second = store_->put({&item, 1}, {{&current, 1}, removals, {}});
  ASSERT_TRUE(second.ok()) << second.status().to_string();
  EXPECT_GT(second->version, first->version);
  const std::string_view names[] = {"old", "state"};
  EXPECT_EQ(store_->acquire(names).status().code(), Code::kNotFound);
  EXPECT_EQ(store_->acquire({names + 1, 1}, {{&current, 1}, false, {}}).status().code(), Code::kConflict);
  EXPECT_EQ(store_->volume_info()->prepared_slots, 0U) << "a put that failed left slots behind";
  // Small ones, which go with their message.
  const PutItem small = bytes_item("state", pattern(10, 2));
  const std::vector<std::byte> ten = pattern(10, 2);
  PutItem valid = small;
  valid.data = ten.data();
  EXPECT_EQ(store_->put({&valid, 1}, {{&current, 1}, {}, {}}).status().code(), Code::kConflict);
  const Condition newest{"state", second->version};
  EXPECT_TRUE(store_->put({&valid, 1}, {{&newest, 1}, {}, {}}).ok());
}

TEST_P(TensorStoreTest, whatIsLeasedStaysAsItIs) {
  for (const uint64_t size : {uint64_t{100}, 300 * kKiB}) {
    const std::vector<std::byte> old_bytes = pattern(size, 1);
    ASSERT_TRUE(put_bytes(*store_, "value", old_bytes).ok());
    const std::shared_ptr<Lease> lease = lease_of(*store_, {"value"});
    ASSERT_TRUE(put_bytes(*store_, "value", pattern(size, 2)).ok());
    const std::string_view key = "value";
    EXPECT_EQ(*store_->remove({&key, 1}, true), 1U);
    for (uint64_t seed = 3; seed < 8; ++seed) ASSERT_TRUE(put_bytes(*store_, "other", pattern(size, seed)).ok());
    EXPECT_EQ(read_entry(*lease, 0), old_bytes);
  }
}

TEST_P(TensorStoreTest, missingKeysAreToldOrSkipped) {
  ASSERT_TRUE(put_bytes(*store_, "there", pattern(10, 1)).ok());
  const std::string_view names[] = {"gone", "there", "gone too"};
  const Status missing = store_->acquire(names).status();
  EXPECT_EQ(missing.code(), Code::kNotFound);
  EXPECT_NE(missing.message().find("gone"), std::string_view::npos) << missing.to_string();
  const Result<std::shared_ptr<Lease>> lease = store_->acquire(names, {{}, true, {}});
  ASSERT_TRUE(lease.ok()) << lease.status().to_string();
  ASSERT_EQ((*lease)->entries().size(), 3U);
  EXPECT_FALSE((*lease)->entries()[0].exists);
  EXPECT_TRUE((*lease)->entries()[1].exists);
  EXPECT_FALSE((*lease)->entries()[2].exists);
  EXPECT_EQ((*lease)->entries()[2].item, 2U);
  EXPECT_EQ(read_entry(**lease, 1), pattern(10, 1));
  EXPECT_EQ((*lease)->map(0).status().code(), Code::kNotFound);
  EXPECT_EQ((*lease)->slice(2).status().code(), Code::kNotFound);
}

TEST_P(TensorStoreTest, whatIsThereIsDescribedListedPinnedAndRemoved) {
  const std::vector<std::byte> bytes = pattern(24, 1);
  PutItem item = tensor_item("model/layer/weight", DType::kF32, {2, {2, 3}}, bytes);
  item.meta.attributes = "own";
  ASSERT_TRUE(store_->put({&item, 1}).ok());
  for (const char* key : {"model/layers", "model", "modes"}) ASSERT_TRUE(put_bytes(*store_, key, bytes).ok());
  const std::string_view names[] = {"model/layer/weight", "nothing", "model"};
  ASSERT_TRUE(store_->pin({names, 1}, true).ok());
  EXPECT_EQ(store_->pin({names, 2}, true).code(), Code::kNotFound);
  const Result<std::vector<EntryInfo>> infos = store_->describe(names);
  ASSERT_TRUE(infos.ok()) << infos.status().to_string();
  EXPECT_TRUE((*infos)[0].exists);
  EXPECT_TRUE((*infos)[0].pinned);
  EXPECT_EQ((*infos)[0].shape, (Shape{2, {2, 3}}));
  EXPECT_EQ((*infos)[0].attributes, "own");
  EXPECT_EQ((*infos)[0].bytes, 24U);
  EXPECT_FALSE((*infos)[1].exists);
  EXPECT_FALSE((*infos)[2].pinned);

  using Names = std::vector<std::string>;
  EXPECT_EQ(store_->keys({"model", false, "", 0})->keys, (Names{"model", "model/layer/weight", "model/layers"}));
  EXPECT_EQ(store_->keys({"model/layer", true, "", 0})->keys, (Names{"model/layer/weight"}));
  EXPECT_EQ(store_->keys({"", false, "model/layers", 0})->keys, (Names{"modes"}));
  const Result<KeyPage> page = store_->keys({"", false, "", 2});
  EXPECT_EQ(page->keys, (Names{"model", "model/layer/weight"}));
  EXPECT_TRUE(page->more);

  EXPECT_EQ(store_->remove(names, true).status().code(), Code::kNotFound);
  EXPECT_EQ(*store_->remove(names, false), 2U);
  EXPECT_EQ(store_->keys({"", false, "", 0})->keys, (Names{"model/layers", "modes"}));
  EXPECT_EQ(store_->volume_info()->entries, 2U);
}

TEST_P(TensorStoreTest, tenThousandSmallValuesGoAsOne) {
  constexpr uint64_t kCount = 10000;
  std::vector<std::string> names;
  std::vector<std::string_view> views;
  std::vector<std::vector<std::byte>> bytes;
  std::vector<PutItem> items;
  for (uint64_t index = 0; index < kCount; ++index) {
    names.push_back("parameter/" + std::to_string(index));
    bytes.push_back(pattern(index % 700, index));
  }
  for (uint64_t index = 0; index < kCount; ++index) {
    items.push_back(bytes_item(names[index], bytes[index]));
    views.emplace_back(names[index]);
  }
  const Result<PutReport> report = store_->put(items);
  ASSERT_TRUE(report.ok()) << report.status().to_string();
  const std::shared_ptr<Lease> lease = lease_of(*store_, views);
  ASSERT_TRUE(lease);
  std::vector<LeaseRead> reads;
  std::vector<std::vector<std::byte>> read(kCount);
  for (uint64_t entry = 0; entry < kCount; ++entry) {
    EXPECT_EQ(lease->entries()[entry].found.version, report->version);
    read[entry].resize(bytes[entry].size());
    reads.push_back({entry, 0, read[entry].size(), read[entry].data()});
  }
  ASSERT_TRUE(lease->read(reads, Deadline::after(std::chrono::seconds(60))).ok());
  EXPECT_EQ(read, bytes);
  EXPECT_EQ(*store_->remove(views, true), kCount);
}

TEST_P(TensorStoreTest, aFullVolumeRefusesAndForgetsNothing) {
  const std::vector<std::byte> bytes = pattern(1 * kMiB, 1);
  ASSERT_TRUE(put_bytes(*store_, "kept", bytes).ok());
  const std::vector<std::byte> much(300 * kMiB);
  const Status full = put_bytes(*store_, "kept", much);
  EXPECT_EQ(full.code(), Code::kNoSpace) << full.to_string();
  EXPECT_EQ(store_->open_buffer(300 * kMiB).status().code(), Code::kNoSpace);
  EXPECT_EQ(get_bytes(*store_, "kept"), bytes);
  EXPECT_EQ(store_->volume_info()->prepared_slots, 0U);
}

TEST_P(TensorStoreTest, manyThreadsShareAStore) {
  std::vector<std::thread> threads;
  for (uint64_t thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      std::mt19937_64 random(thread);
      const std::string key = "of thread " + std::to_string(thread);
      Result<std::shared_ptr<TransportBuffer>> buffer = store_->open_buffer(200 * kKiB);
      ASSERT_TRUE(buffer.ok()) << buffer.status().to_string();
      for (int round = 0; round < 30; ++round) {
        const std::vector<std::byte> bytes = pattern(random() % (200 * kKiB), random());
        PutItem item = bytes_item(key, bytes);
        if (random() % 2 == 0) item.buffer = *buffer;
        const Status put = store_->put({&item, 1}).status();
        ASSERT_TRUE(put.ok()) << put.to_string();
        ASSERT_EQ(get_bytes(*store_, key), bytes);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST_P(TensorStoreTest, leasesAndBuffersOutliveTheirStore) {
  const std::vector<std::byte> bytes = pattern(100 * kKiB, 1);
  ASSERT_TRUE(put_bytes(*store_, "value", bytes).ok());
  std::shared_ptr<Lease> lease = lease_of(*store_, {"value"});
  Result<std::shared_ptr<TransportBuffer>> buffer = store_->open_buffer(1000);
  ASSERT_TRUE(buffer.ok());
  store_.reset();
  EXPECT_EQ(LiveCount::of(Kind::kStore), 1U);
  EXPECT_EQ(read_entry(*lease, 0), bytes);
  EXPECT_EQ((*buffer)->info().bytes, 1000U);
  lease.reset();
  EXPECT_EQ(LiveCount::of(Kind::kStore), 1U);
  EXPECT_TRUE((*buffer)->close().ok());
  buffer = Status::error(Code::kStaleHandle, "dropped");
  EXPECT_EQ(LiveCount::of(Kind::kStore), 0U);
}

TEST_P(TensorStoreTest, aClosedVolumeIsUnavailable) {
  host_.set_connect_timeout(std::chrono::milliseconds(50));
  store_ = host_.open();
  ASSERT_TRUE(put_bytes(*store_, "value", pattern(100, 1)).ok());
  Result<std::shared_ptr<TransportBuffer>> buffer = store_->open_buffer(1000);
  ASSERT_TRUE(buffer.ok());
  const std::shared_ptr<Lease> lease = lease_of(*store_, {"value"});
  host_.close();
  EXPECT_EQ(put_bytes(*store_, "value", pattern(100, 2)).code(), Code::kUnavailable);
  EXPECT_EQ(put_bytes(*store_, "value", pattern(100 * kKiB, 2)).code(), Code::kUnavailable);
  const std::vector<std::byte> bytes = pattern(1000, 2);
  PutItem item = bytes_item("value", bytes);
  item.buffer = *buffer;
  EXPECT_EQ(store_->put({&item, 1}).status().code(), Code::kUnavailable);
  const std::string_view key = "value";
  EXPECT_EQ(store_->acquire({&key, 1}).status().code(), Code::kUnavailable);
  EXPECT_EQ(store_->describe({&key, 1}).status().code(), Code::kUnavailable);
  EXPECT_EQ(read_entry(*lease, 0), pattern(100, 1)) << "small values came along";
}

TEST_P(TensorStoreTest, whatCannotBeIsRefusedByName) {
  const std::vector<std::byte> bytes = pattern(24, 1);
  const auto refusal = [&](auto change) {
    PutItem item = tensor_item("key", DType::kF32, {2, {2, 3}}, bytes);
    change(item);
    const Status status = store_->put({&item, 1}).status();
    EXPECT_EQ(status.code(), Code::kInvalidArgument) << status.to_string();
    return std::string(status.message());
  };
  const auto contains = [](const std::string& message, std::string_view part) {
    EXPECT_NE(message.find(part), std::string::npos) << message;
  };
  const std::string long_key(64 * kKiB, 'k');
  const std::string long_attributes(64 * kKiB + 1, 'a');
  const Slice slice = Slice::whole({2, {2, 3}});
  contains(refusal([](PutItem& item) { item.key = ""; }), "empty key");
  contains(refusal([&](PutItem& item) { item.key = long_key; }), "65536 bytes");
  refusal([](PutItem& item) { item.key = std::string_view("a\0b", 3); });
  refusal([](PutItem& item) { item.key = "\xff\xfe"; });
  contains(refusal([](PutItem& item) { item.bytes = 23; }), "[0:2, 0:3] of f32 takes 24 bytes, not 23");
  contains(refusal([](PutItem& item) { item.meta.dtype = 0; }), "without an element type");
  contains(refusal([](PutItem& item) { item.meta.dtype = 99; }), "number 99");
  contains(refusal([](PutItem& item) { item.meta.shape.rank = 17; }), "rank of 17");
  contains(refusal([](PutItem& item) { item.meta.kind = static_cast<EntryKind>(7); }), "number 7");
  contains(refusal([](PutItem& item) { item.meta.kind = EntryKind::kBytes; }), "plain bytes have no type");
  contains(refusal([](PutItem& item) { item.data = nullptr; }), "data is NULL");
  contains(refusal([&](PutItem& item) { item.meta.attributes = long_attributes; }), "attributes of 65537 bytes");
  contains(refusal([&](PutItem& item) {
             item.slice = &slice;
             item.meta.attributes = std::string_view(long_attributes).substr(0, 64513);
           }),
           "at most 64512");
  contains(refusal([&](PutItem& item) {
             item.slice = &slice;
             item.meta.shape = {1, {6}};
           }),
           "rank 1 in a tensor of rank 2");
  EXPECT_EQ(store_->put({}).status().code(), Code::kInvalidArgument);
  EXPECT_EQ(store_->acquire({}).status().code(), Code::kInvalidArgument);
  EXPECT_EQ(store_->describe({}).status().code(), Code::kInvalidArgument);
  EXPECT_EQ(store_->remove({}, false).status().code(), Code::kInvalidArgument);
  EXPECT_EQ(store_->pin({}, true).code(), Code::kInvalidArgument);
  const std::string_view twice[] = {"key", "key"};
  EXPECT_EQ(store_->acquire(twice).status().code(), Code::kInvalidArgument);
  const PutItem same[] = {bytes_item("key", bytes), bytes_item("key", bytes)};
  EXPECT_EQ(store_->put(same).status().code(), Code::kInvalidArgument);
  EXPECT_EQ(host_.info().entries, 0U);

  ASSERT_TRUE(put_bytes(*store_, "key", bytes).ok());
  const PutItem tensor = tensor_item("key", DType::kF32, {2, {2, 3}}, bytes);
  EXPECT_EQ(store_->put({&tensor, 1}).status().code(), Code::kMismatch);
  const std::shared_ptr<Lease> lease = lease_of(*store_, {"key"});
  std::byte target[8];
  const auto read_code = [&](const LeaseRead& read) {
    return lease->read({&read, 1}, Deadline::after(std::chrono::seconds(60))).code();
  };
  EXPECT_EQ(read_code({1, 0, 1, target}), Code::kInvalidArgument);
  EXPECT_EQ(read_code({0, 20, 5, target}), Code::kInvalidArgument);
  EXPECT_EQ(read_code({0, UINT64_MAX, 5, target}), Code::kInvalidArgument);
  EXPECT_EQ(read_code({0, 0, 5, nullptr}), Code::kInvalidArgument);
  EXPECT_EQ(lease->map(7).status().code(), Code::kInvalidArgument);
  EXPECT_EQ(lease->slice(0).status().code(), Code::kInvalidArgument);
}

INSTANTIATE_TEST_SUITE_P(Over, TensorStoreTest, testing::ValuesIn(test::all_ways()),
                         [](const testing::TestParamInfo<Way>& over) { return way_name(over.param); });

}  // namespace
}  // namespace windlass::test
