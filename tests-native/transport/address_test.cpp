#include "transport/address.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "base/text.hpp"

namespace windlass {
namespace {

TEST(AddressTest, whatIsParsedIsPrintedAgain) {
  for (const char* uri : {"shm://volume", "shm://a.b_c-1", "shm:///run/a b/volume.sock", "tcp://127.0.0.1:7000",
                          "tcp://[::1]:0", "tcp://host.example:65535"}) {
    Result<Address> address = parse_address(uri);
    ASSERT_TRUE(address.ok()) << address.status().to_string();
    EXPECT_EQ(address->to_string(), uri);
    EXPECT_EQ(parse_address(address->to_string()).value(), *address);
  }
  const Address six = parse_address("tcp://[fe80::1]:12").value();
  EXPECT_EQ(six.host, "fe80::1");
  EXPECT_EQ(six.port, 12);
}

TEST(AddressTest, whatIsNoAddressIsRefusedWithItsReason) {
  const std::string long_name(65, 'a');
  const std::string long_path = "/" + std::string(200, 'a');
  for (const std::string& uri : {std::string(),
                                 std::string("volume"),
                                 std::string("http://host:1"),
                                 std::string("shm://"),
                                 std::string("shm://.hidden"),
                                 std::string("shm://a/b"),
                                 std::string("shm://a b"),
                                 std::string("shm:///"),
                                 std::string("shm:///a/"),
                                 "shm://" + long_name,
                                 "shm://" + long_path,
                                 std::string("shm:///a\0b", 10),
                                 std::string("tcp://host"),
                                 std::string("tcp://:7000"),
                                 std::string("tcp://host:"),
                                 std::string("tcp://host:x"),
                                 std::string("tcp://host:65536"),
                                 std::string("tcp://host:-1"),
                                 std::string("tcp://host:70 "),
                                 std::string("tcp://::1:7000"),
                                 std::string("tcp://[::1]"),
                                 std::string("tcp://[::1"),
                                 std::string("tcp://[]:1"),
                                 std::string("tcp://user@host:1"),
                                 std::string("tcp://a/b:1"),
                                 "tcp://" + std::string(300, 'h') + ":1"}) {
    const Result<Address> address = parse_address(uri);
    ASSERT_FALSE(address.ok()) << uri;
    EXPECT_EQ(address.status().code(), Code::kInvalidArgument) << uri;
    EXPECT_FALSE(address.status().message().empty());
  }
}

TEST(AddressTest, aNameStandsForASocketInTheUsersDirectory) {
  const char* const runtime = std::getenv("XDG_RUNTIME_DIR");
  const std::string folder =
      runtime != nullptr && *runtime == '/' ? std::string(runtime) + "/windlass" : text("/tmp/windlass-", geteuid());
  EXPECT_EQ(parse_address("shm://volume").value().path, folder + "/volume.sock");
}

TEST(AddressTest, aPathMustBeAbsolute) {
  EXPECT_EQ(address_of_path("/a/b.sock").value().to_string(), "shm:///a/b.sock");
  EXPECT_EQ(address_of_path("a/b.sock").status().code(), Code::kInvalidArgument);
}

TEST(AddressTest, onlyLoopbackIsLocal) {
  const auto local = [](const char* uri) { return is_local_only(parse_address(uri).value()).value(); };
  EXPECT_TRUE(local("shm://volume"));
  EXPECT_TRUE(local("tcp://127.0.0.1:1"));
  EXPECT_TRUE(local("tcp://127.8.9.1:1"));
  EXPECT_TRUE(local("tcp://[::1]:1"));
  EXPECT_FALSE(local("tcp://0.0.0.0:1"));
  EXPECT_FALSE(local("tcp://10.0.0.1:1"));
  EXPECT_FALSE(local("tcp://[::]:1"));
  EXPECT_TRUE(local("tcp://[::ffff:127.0.0.1]:1"));
}

TEST(AddressTest, aHostThatNobodyKnowsIsNotFound) {
  // Longer than a label may be, so that no resolver is asked.
  const Address address = parse_address("tcp://" + std::string(100, 'h') + ":1").value();
  EXPECT_EQ(resolve(address, false).status().code(), Code::kNotFound);
}

}  // namespace
}  // namespace windlass
