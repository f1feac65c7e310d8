#include "device/page_export.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "backup/host_backup.hpp"
#include "base/bytes.hpp"
#include "base/owned_descriptor.hpp"
#include "device/emulated/emulated_device.hpp"
#include "device/page_import.hpp"
#include "fake/fake_device.hpp"
#include "region/region.hpp"
#include "support/pattern.hpp"

namespace windlass {
namespace {

constexpr uint64_t kBytes = 12 * kMiB;
constexpr uint64_t kChunkBytes = 4 * kMiB;

class PageExportTest : public testing::Test {
 protected:
  std::unique_ptr<Allocation> open_allocation() {
    auto allocation = Allocation::open(device_, kBytes, kChunkBytes).value();
    EXPECT_TRUE(allocation->commit(nullptr).ok());
    return allocation;
  }

  // What a region does in a pause, and in a resume.
  static void pause(Allocation& allocation) {
    ASSERT_TRUE(allocation.record().announce_release().ok());
    ASSERT_TRUE(allocation.decommit().ok());
    allocation.record().mark_gone();
  }
  static void resume(Allocation& allocation) {
    ASSERT_TRUE(allocation.commit(nullptr).ok());
    allocation.record().announce_return(false);
  }

  static size_t open_descriptors() {
    size_t count = 0;
    for (int number = 0; number < 1024; ++number) count += fcntl(number, F_GETFD) >= 0 ? 1U : 0U;
    return count;
  }

  std::shared_ptr<fake::FakeDevice> device_ =
      std::make_shared<fake::FakeDevice>(EmulatedDevice::open({32 * kMiB, 1, true}).value());
};

// All of an export, imported by another device.
std::unique_ptr<PageImport> import_all(const PageExport& exported) {
  std::vector<OwnedDescriptor> owned;
  std::vector<ImportedPiece> pieces;
  for (size_t index = 0; index < exported.pieces().size(); ++index) {
    const ExportedPiece& piece = exported.pieces()[index];
    owned.emplace_back(exported.descriptor(index).value());
    pieces.push_back({owned.back().number(), piece.offset, piece.bytes});
  }
  return PageImport::open(EmulatedDevice::open({32 * kMiB, 1, true}).value(), pieces).value();
}

TEST_F(PageExportTest, itHasAPieceForEachExtentAndANameForThePages) {
  const auto allocation = open_allocation();
  const auto exported = PageExport::open(*allocation).value();
  ASSERT_EQ(exported->pieces().size(), 3U);
  uint64_t at = 0;
  for (const ExportedPiece& piece : exported->pieces()) {
    EXPECT_EQ(piece.offset, at);
    at += piece.bytes;
  }
  EXPECT_EQ(at, kBytes);
  const ExportDescriptor name = exported->name();
  EXPECT_EQ(name.allocation_id, allocation->record().id());
  EXPECT_EQ(name.generation, 1U);
  EXPECT_EQ(name.owner_pid, static_cast<uint32_t>(getpid()));
  EXPECT_EQ(name.owner_nonce, device_->allocations().nonce());
  EXPECT_EQ(name.bytes, kBytes);
  EXPECT_EQ(name.pieces, 3U);
  EXPECT_TRUE(exported->check().ok());
}

TEST_F(PageExportTest, aDescriptorIsTheCallersAndIsClosedOnExec) {
  const auto allocation = open_allocation();
  auto exported = PageExport::open(*allocation).value();
  const OwnedDescriptor descriptor(exported->descriptor(1).value());
  EXPECT_EQ(fcntl(descriptor.number(), F_GETFD), FD_CLOEXEC);
  EXPECT_EQ(exported->descriptor(3).status().code(), Code::kInvalidArgument);
  exported = nullptr;
  EXPECT_EQ(fcntl(descriptor.number(), F_GETFD), FD_CLOEXEC) << "the export's end leaves it";
}

TEST_F(PageExportTest, pagesThatGoMakeItStaleForGoodAndCloseItsDescriptors) {
  const auto allocation = open_allocation();
  const size_t before = open_descriptors();
  const auto exported = PageExport::open(*allocation).value();
  EXPECT_EQ(open_descriptors(), before + 3);
  ASSERT_TRUE(allocation->record().announce_release().ok());
  EXPECT_EQ(open_descriptors(), before) << "before the memory goes, so that it really can";
  EXPECT_EQ(exported->check().code(), Code::kState);
  EXPECT_EQ(exported->descriptor(0).status().code(), Code::kState);
  allocation->record().announce_return(false);
  Status stale = exported->check();
  EXPECT_EQ(stale.code(), Code::kState) << "the pause did not come about, but the descriptors are gone";
  EXPECT_NE(stale.message().find("export the region again"), std::string_view::npos) << stale.message();
  const auto again = PageExport::open(*allocation).value();
  EXPECT_TRUE(again->check().ok());
  EXPECT_EQ(again->generation(), 1U);
}

TEST_F(PageExportTest, itsEndStopsItFromWatchingAndClosesItsDescriptors) {
  const auto allocation = open_allocation();
  const size_t before = open_descriptors();
  auto exported = PageExport::open(*allocation).value();
  exported = nullptr;
  EXPECT_EQ(open_descriptors(), before);
  pause(*allocation);
}

TEST_F(PageExportTest, itOutlivesTheAllocationAsAStaleOne) {
  auto allocation = open_allocation();
  const auto exported = PageExport::open(*allocation).value();
  allocation = nullptr;
  EXPECT_EQ(exported->check().code(), Code::kState);
  EXPECT_EQ(exported->matches(exported->name()).code(), Code::kState);
}

TEST_F(PageExportTest, pagesThatAreNotThereAreNotExported) {
  const auto allocation = open_allocation();
  pause(*allocation);
  EXPECT_EQ(PageExport::open(*allocation).status().code(), Code::kState);
  resume(*allocation);
  EXPECT_EQ(PageExport::open(*allocation).value()->generation(), 2U);
  const auto empty = Allocation::open(device_, kBytes, kChunkBytes).value();
  EXPECT_EQ(PageExport::open(*empty).status().code(), Code::kState);
}

TEST_F(PageExportTest, aDeviceThatCannotShareIsPassedOn) {
  const std::shared_ptr<Device> device = EmulatedDevice::open({32 * kMiB, 1}).value();
  const auto allocation = Allocation::open(device, kBytes, kChunkBytes).value();
  ASSERT_TRUE(allocation->commit(nullptr).ok());
  Status refused = PageExport::open(*allocation).status();
  EXPECT_EQ(refused.code(), Code::kUnsupported);
  EXPECT_NE(refused.message().find("shareable"), std::string_view::npos) << refused.message();
}

TEST_F(PageExportTest, aFailureAtAnyStepLeavesNothing) {
  const auto allocation = open_allocation();
  const size_t before = open_descriptors();
  for (uint64_t step = 1; step <= 3; ++step) {
    device_->fail_at(step);
    EXPECT_EQ(PageExport::open(*allocation).status().code(), Code::kDevice);
    EXPECT_TRUE(device_->failed());
    EXPECT_EQ(open_descriptors(), before);
    device_->forgive();
  }
  EXPECT_TRUE(PageExport::open(*allocation).ok());
}

TEST_F(PageExportTest, aNameThatComesBackIsCheckedFieldByField) {
  const auto allocation = open_allocation();
  const auto first = PageExport::open(*allocation).value();
  const ExportDescriptor name = first->name();
  EXPECT_TRUE(first->matches(name).ok());
  const auto refusal = [&](uint64_t ExportDescriptor::*field) {
    ExportDescriptor other = name;
    ++(other.*field);
    return first->matches(other).code();
  };
  EXPECT_EQ(refusal(&ExportDescriptor::owner_nonce), Code::kNotFound);
  EXPECT_EQ(refusal(&ExportDescriptor::allocation_id), Code::kNotFound);
  EXPECT_EQ(refusal(&ExportDescriptor::generation), Code::kState);
  EXPECT_EQ(refusal(&ExportDescriptor::bytes), Code::kInvalidArgument);
  ExportDescriptor other = name;
  ++other.owner_pid;
  EXPECT_EQ(first->matches(other).code(), Code::kNotFound);
  other = name;
  ++other.pieces;
  EXPECT_EQ(first->matches(other).code(), Code::kInvalidArgument);

  pause(*allocation);
  EXPECT_EQ(first->matches(name).code(), Code::kState);
  resume(*allocation);
  const auto second = PageExport::open(*allocation).value();
  EXPECT_EQ(second->matches(name).code(), Code::kState) << "of the old pages";
  EXPECT_TRUE(second->matches(second->name()).ok());
}

TEST_F(PageExportTest, theSameIdOnAnotherDeviceIsForeign) {
  const auto allocation = open_allocation();
  const auto exported = PageExport::open(*allocation).value();
  const std::shared_ptr<Device> other_device = EmulatedDevice::open({32 * kMiB, 1, true}).value();
  const auto other = Allocation::open(other_device, kBytes, kChunkBytes).value();
  ASSERT_TRUE(other->commit(nullptr).ok());
  const auto foreign = PageExport::open(*other).value();
  EXPECT_EQ(foreign->name().allocation_id, exported->name().allocation_id);
  EXPECT_EQ(exported->matches(foreign->name()).code(), Code::kNotFound);
}

TEST_F(PageExportTest, aPausedRegionsOldPagesLiveWithTheImporterAndDoNotHarmTheOwner) {
  // Goal: pause frees the owner's share though an importer holds the pages, resume brings the bytes back in new pages,
  // and neither side's writes reach the other any more.
  const std::shared_ptr<Device> device = EmulatedDevice::open({32 * kMiB, 1, true}).value();
  RegionOptions options;
  options.chunk_bytes = kChunkBytes;
  const auto region = Region::open(device, kBytes, std::make_unique<HostBackup>(HostBackupOptions()), options).value();
  const uint64_t address = region->info().address;
  const std::vector<std::byte> in = test::pattern(kBytes, 7);
  ASSERT_TRUE(region->write(0, in.data(), kBytes).ok());

  const auto allocation_record = device->allocations().find(address, kBytes).value();
  const OwnedDescriptor kept(device->export_memory(1).value());
  const auto imported = PageImport::open(EmulatedDevice::open({32 * kMiB, 1, true}).value(),
                                         std::vector<ImportedPiece>{{kept.number(), 0, kChunkBytes}})
                            .value();
  auto* const theirs = reinterpret_cast<std::byte*>(imported->address());
  EXPECT_EQ(std::memcmp(theirs, in.data(), kChunkBytes), 0);

  EXPECT_EQ(region->pause().value().freed_bytes, kBytes);
  EXPECT_EQ(device->memory().value().used_bytes, 0U);
  EXPECT_EQ(std::memcmp(theirs, in.data(), kChunkBytes), 0) << "the old pages live";
  std::memset(theirs, 0xFF, kChunkBytes);
  ASSERT_TRUE(region->resume().ok());
  EXPECT_EQ(std::memcmp(reinterpret_cast<const std::byte*>(address), in.data(), kBytes), 0);
  std::memset(reinterpret_cast<std::byte*>(address), 1, kBytes);
  EXPECT_EQ(theirs[0], std::byte{0xFF});
  EXPECT_EQ(allocation_record->generation(), 2U);
}

TEST_F(PageExportTest, anImporterSeesThePagesAndKeepsThemWhenTheExportIsStale) {
  const auto allocation = open_allocation();
  const std::vector<std::byte> in = test::pattern(kBytes, 3);
  ASSERT_TRUE(device_->copy_in(allocation->address(), in.data(), kBytes).ok());
  const auto exported = PageExport::open(*allocation).value();
  const auto imported = import_all(*exported);
  EXPECT_EQ(imported->bytes(), kBytes);
  auto* const theirs = reinterpret_cast<std::byte*>(imported->address());
  EXPECT_EQ(std::memcmp(theirs, in.data(), kBytes), 0);
  pause(*allocation);
  EXPECT_EQ(device_->memory().value().used_bytes, 0U);
  EXPECT_EQ(exported->check().code(), Code::kState);
  EXPECT_EQ(std::memcmp(theirs, in.data(), kBytes), 0);
  resume(*allocation);
  EXPECT_EQ(*reinterpret_cast<const std::byte*>(allocation->address()), std::byte{0}) << "other pages";
}

TEST_F(PageExportTest, exportingWhilePagesComeAndGoIsSafe) {
  // Method: one thread pauses and resumes; another asks an export for descriptors, which it gets, or learns that it is
  // stale.
  const auto allocation = open_allocation();
  for (int round = 0; round < 20; ++round) {
    const auto exported = PageExport::open(*allocation).value();
    std::atomic<int> wrong = 0;
    std::thread asking([&] {
      while (true) {
        Result<int> descriptor = exported->descriptor(2);
        if (descriptor.ok()) {
          const OwnedDescriptor owned(*descriptor);
          if (!owned.valid()) ++wrong;
          (void)exported->check();
          continue;
        }
        if (descriptor.status().code() != Code::kState) ++wrong;
        return;
      }
    });
    pause(*allocation);
    asking.join();
    resume(*allocation);
    EXPECT_EQ(wrong, 0);
    EXPECT_EQ(exported->check().code(), Code::kState);
  }
}

}  // namespace
}  // namespace windlass
