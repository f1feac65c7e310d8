#include "device/page_import.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/owned_descriptor.hpp"
#include "device/emulated/emulated_device.hpp"
#include "device/page_export.hpp"
#include "fake/fake_device.hpp"
#include "support/pattern.hpp"

namespace windlass {
namespace {

constexpr uint64_t kImportedBytes = 12 * kMiB;
constexpr uint64_t kImportedChunkBytes = 4 * kMiB;
constexpr size_t kPieces = kImportedBytes / kImportedChunkBytes;

std::shared_ptr<EmulatedDevice> open_importing() { return EmulatedDevice::open({32 * kMiB, 1, true}).value(); }

class PageImportTest : public testing::Test {
 protected:
  PageImportTest() {
    EXPECT_TRUE(allocation_->commit(nullptr).ok());
    EXPECT_TRUE(owner_->copy_in(allocation_->address(), bytes_.data(), kImportedBytes).ok());
    exported_ = PageExport::open(*allocation_).value();
    for (size_t index = 0; index < kPieces; ++index) {
      owned_.emplace_back(exported_->descriptor(index).value());
      const ExportedPiece& piece = exported_->pieces()[index];
      pieces_.push_back({owned_.back().number(), piece.offset, piece.bytes});
    }
  }

  std::byte* ours() const { return reinterpret_cast<std::byte*>(allocation_->address()); }

  const std::vector<std::byte> bytes_ = test::pattern(kImportedBytes, 11);
  std::shared_ptr<EmulatedDevice> owner_ = open_importing();
  std::unique_ptr<Allocation> allocation_ = Allocation::open(owner_, kImportedBytes, kImportedChunkBytes).value();
  std::shared_ptr<PageExport> exported_;
  std::vector<OwnedDescriptor> owned_;
  std::vector<ImportedPiece> pieces_;
};

TEST_F(PageImportTest, thePiecesLieSideBySideAndAreTheOwnersPages) {
  const auto device = open_importing();
  const auto imported = PageImport::open(device, pieces_).value();
  owned_.clear();
  auto* const theirs = reinterpret_cast<std::byte*>(imported->address());
  EXPECT_EQ(imported->bytes(), kImportedBytes);
  EXPECT_EQ(std::memcmp(theirs, bytes_.data(), kImportedBytes), 0);
  ours()[kImportedChunkBytes] = std::byte{0x77};
  EXPECT_EQ(theirs[kImportedChunkBytes], std::byte{0x77});
  EXPECT_EQ(device->resident_bytes(imported->address(), kImportedBytes).value(), kImportedBytes);
}

TEST_F(PageImportTest, aFailureAtAnyStepLeavesNothing) {
  const auto real = open_importing();
  const auto device = std::make_shared<fake::FakeDevice>(real);
  uint64_t failures = 0;
  for (uint64_t step = 1;; ++step) {
    device->fail_at(step);
    Result<std::unique_ptr<PageImport>> opened = PageImport::open(device, pieces_);
    if (!device->failed()) {
      EXPECT_TRUE(opened.ok()) << opened.status().to_string();
      break;
    }
    ++failures;
    EXPECT_EQ(opened.status().code(), Code::kDevice) << device->last_failure();
    device->forgive();
  }
  EXPECT_EQ(failures, 1U + 2U * kPieces + 1U) << "reserve, import and map of each piece, and one set_access";
  const auto count = [&](const char* call) {
    return std::count(device->calls().begin(), device->calls().end(), std::string(call));
  };
  EXPECT_EQ(count("import_memory") - count("release"), static_cast<std::ptrdiff_t>(kPieces))
      << "of each piece one import failed, and all others were released";
  EXPECT_EQ(count("reserve") - count("unreserve"), 1);
  EXPECT_EQ(std::memcmp(ours(), bytes_.data(), kImportedBytes), 0) << "the owner is none the wiser";
}

TEST_F(PageImportTest, itsEndGivesBackAllThatWillGo) {
  const auto device = std::make_shared<fake::FakeDevice>(open_importing());
  auto imported = PageImport::open(device, pieces_).value();
  device->fail_always("drain");
  imported = nullptr;
  const auto& calls = device->calls();
  EXPECT_EQ(calls.back(), "unreserve");
  EXPECT_EQ(std::count(calls.begin(), calls.end(), "unmap"), static_cast<std::ptrdiff_t>(kPieces));
  EXPECT_EQ(std::count(calls.begin(), calls.end(), "release"), static_cast<std::ptrdiff_t>(kPieces));
}

TEST_F(PageImportTest, piecesThatAreNoneAreRefusedBeforeAnythingIsTaken) {
  const auto device = std::make_shared<fake::FakeDevice>(open_importing());
  const auto refused = [&](const std::vector<ImportedPiece>& pieces) {
    return PageImport::open(device, pieces).status().code() == Code::kInvalidArgument;
  };
  EXPECT_TRUE(refused({}));
  EXPECT_TRUE(refused({{-1, 0, kImportedChunkBytes}}));
  EXPECT_TRUE(refused({{pieces_[0].descriptor, kImportedChunkBytes, kImportedChunkBytes}})) << "a gap at the front";
  EXPECT_TRUE(refused({pieces_[0], pieces_[2]})) << "a gap";
  EXPECT_TRUE(refused({pieces_[1], pieces_[0]})) << "out of order";
  EXPECT_TRUE(refused({{pieces_[0].descriptor, 0, 0}}));
  EXPECT_TRUE(refused({{pieces_[0].descriptor, 0, kImportedChunkBytes + 1}}));
  EXPECT_TRUE(refused({{pieces_[0].descriptor, 0, uint64_t{1} << 63}}));
  EXPECT_TRUE(device->calls().empty());
  EXPECT_TRUE(refused({{pieces_[0].descriptor, 0, 2 * kImportedChunkBytes}})) << "of another size than the piece";
}

TEST_F(PageImportTest, aDeviceThatCannotShareIsPassedOn) {
  const std::shared_ptr<Device> device = EmulatedDevice::open({32 * kMiB, 1}).value();
  EXPECT_EQ(PageImport::open(device, pieces_).status().code(), Code::kUnsupported);
}

// What goes between the two processes: a name, and the descriptors beside it.
struct Message {
  ExportDescriptor name;
  std::array<int, kPieces> descriptors{};
};

union Control {
  std::array<char, CMSG_SPACE(sizeof(int) * kPieces)> bytes;
  cmsghdr align;
};

msghdr header_of(iovec& part, Control& control) {
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control.bytes.data();
  header.msg_controllen = control.bytes.size();
  return header;
}

bool send_message(int socket, const Message& message) {
  ExportDescriptor name = message.name;
  iovec part{&name, sizeof name};
  Control control{};
  msghdr header = header_of(part, control);
  cmsghdr* const rights = CMSG_FIRSTHDR(&header);
  rights->cmsg_level = SOL_SOCKET;
  rights->cmsg_type = SCM_RIGHTS;
  rights->cmsg_len = CMSG_LEN(sizeof(int) * kPieces);
  std::memcpy(CMSG_DATA(rights), message.descriptors.data(), sizeof(int) * kPieces);
  return sendmsg(socket, &header, 0) == static_cast<ssize_t>(sizeof name);
}

bool receive_message(int socket, Message& message) {
  iovec part{&message.name, sizeof message.name};
  Control control{};
  msghdr header = header_of(part, control);
  if (recvmsg(socket, &header, MSG_CMSG_CLOEXEC) != static_cast<ssize_t>(sizeof message.name)) return false;
  const cmsghdr* const rights = CMSG_FIRSTHDR(&header);
  if (rights == nullptr || rights->cmsg_type != SCM_RIGHTS) return false;
  std::memcpy(message.descriptors.data(), CMSG_DATA(rights), sizeof(int) * kPieces);
  return true;
}

bool exchange(int socket, char said) {
  char heard = 0;
  return write(socket, &said, 1) == 1 && read(socket, &heard, 1) == 1;
}

std::vector<ImportedPiece> pieces_of(const Message& message) {
  std::vector<ImportedPiece> pieces;
  for (size_t index = 0; index < kPieces; ++index) {
    pieces.push_back({message.descriptors[index], index * kImportedChunkBytes, kImportedChunkBytes});
  }
  return pieces;
}

// The other process: 0 if it saw what it should, else the step that went wrong.
int import_in_child(int socket, const std::vector<std::byte>& expected) {
  Message message;
  if (!receive_message(socket, message)) return 1;
  if (message.name.owner_pid != static_cast<uint32_t>(getppid()) || message.name.pieces != kPieces) return 2;
  Result<std::unique_ptr<PageImport>> imported = PageImport::open(open_importing(), pieces_of(message));
  if (!imported.ok()) return 3;
  auto* const theirs = reinterpret_cast<std::byte*>((*imported)->address());
  if (std::memcmp(theirs, expected.data(), kImportedBytes) != 0) return 4;
  std::memset(theirs + kImportedChunkBytes, 0x3C, kImportedChunkBytes);
  if (!exchange(socket, 'w')) return 5;
  // The owner has paused by now, and resumed.
  if (theirs[0] != expected[0] || theirs[kImportedChunkBytes] != std::byte{0x3C}) return 6;
  std::memset(theirs, 0xEE, kImportedBytes);
  return exchange(socket, 'e') ? 0 : 7;
}

class TwoProcesses : public PageImportTest {
 protected:
  // The other process begins first, before there is anything to inherit but the socket.
  static pid_t fork_child(int ours, int theirs, const std::vector<std::byte>& expected) {
    const pid_t child = fork();
    if (child != 0) return child;
    close(ours);
    _exit(import_in_child(theirs, expected));
  }
};

TEST_F(TwoProcesses, theOtherProcessSeesOurBytesAndWeSeeItsOwn) {
  std::array<int, 2> ends{};
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
  const OwnedDescriptor socket(ends[0]);
  OwnedDescriptor other_end(ends[1]);
  const pid_t child = fork_child(ends[0], ends[1], bytes_);
  ASSERT_GT(child, 0);
  other_end.reset();
  Message message{exported_->name(), {}};
  for (size_t index = 0; index < kPieces; ++index) message.descriptors[index] = pieces_[index].descriptor;
  EXPECT_TRUE(send_message(socket.number(), message));
  owned_.clear();

  char heard = 0;
  EXPECT_EQ(read(socket.number(), &heard, 1), 1);
  EXPECT_EQ(ours()[kImportedChunkBytes], std::byte{0x3C}) << "what the other process wrote";
  EXPECT_EQ(ours()[2 * kImportedChunkBytes - 1], std::byte{0x3C});

  ASSERT_TRUE(allocation_->record().announce_release().ok());
  ASSERT_TRUE(allocation_->decommit().ok());
  allocation_->record().mark_gone();
  EXPECT_EQ(owner_->memory().value().used_bytes, 0U);
  EXPECT_EQ(exported_->matches(message.name).code(), Code::kState);
  ASSERT_TRUE(allocation_->commit(nullptr).ok());
  allocation_->record().announce_return(false);
  std::memset(ours(), 0x11, kImportedBytes);
  EXPECT_TRUE(exchange(socket.number(), 'p')) << "until the other process has written to the old pages";
  EXPECT_EQ(ours()[0], std::byte{0x11}) << "which are not ours any more";
  EXPECT_EQ(write(socket.number(), "e", 1), 1);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST_F(TwoProcesses, theOtherProcessExportsAndDies) {
  // Goal: pages that another process exported are there after it has ended. Method: the child makes them.
  std::array<int, 2> ends{};
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
  const OwnedDescriptor socket(ends[0]);
  OwnedDescriptor other_end(ends[1]);
  const pid_t child = fork();
  if (child == 0) {
    const auto device = open_importing();
    const auto allocation = Allocation::open(device, kImportedBytes, kImportedChunkBytes).value();
    if (!allocation->commit(nullptr).ok()) _exit(1);
    std::memcpy(reinterpret_cast<void*>(allocation->address()), bytes_.data(), kImportedBytes);
    const auto exported = PageExport::open(*allocation).value();
    Message message{exported->name(), {}};
    for (size_t index = 0; index < kPieces; ++index) message.descriptors[index] = exported->descriptor(index).value();
    _exit(send_message(ends[1], message) ? 0 : 2);
  }
  ASSERT_GT(child, 0);
  other_end.reset();
  Message message;
  ASSERT_TRUE(receive_message(socket.number(), message));
  std::vector<OwnedDescriptor> received;
  for (const int descriptor : message.descriptors) received.emplace_back(descriptor);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(message.name.owner_pid, static_cast<uint32_t>(child));
  EXPECT_EQ(exported_->matches(message.name).code(), Code::kNotFound) << "none of ours";
  const auto imported = PageImport::open(open_importing(), pieces_of(message)).value();
  received.clear();
  EXPECT_EQ(std::memcmp(reinterpret_cast<const void*>(imported->address()), bytes_.data(), kImportedBytes), 0);
}

}  // namespace
}  // namespace windlass
