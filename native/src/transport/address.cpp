#include "transport/address.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <memory>
#include <optional>

#include "base/environment.hpp"
#include "base/text.hpp"

namespace windlass {

namespace {

constexpr std::string_view kUnixScheme = "shm://";
constexpr std::string_view kTcpScheme = "tcp://";
constexpr std::string_view kForms = "give shm://NAME, shm:///PATH or tcp://HOST:PORT";
constexpr size_t kMaxHostBytes = 253;

Status wrong(std::string_view uri, std::string_view reason) {
  return Status::error(Code::kInvalidArgument, text("address \"", uri, "\": ", reason));
}

bool is_name_character(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

std::string directory_of_names() {
  const std::optional<std::string> runtime = environment_variable("XDG_RUNTIME_DIR");
  if (runtime && runtime->starts_with('/')) return *runtime + "/windlass";
  return text("/tmp/windlass-", geteuid());
}

Status check_path(std::string_view uri, std::string_view path) {
  constexpr size_t kMostBytes = sizeof(sockaddr_un::sun_path) - 1;
  if (path.find('\0') != std::string_view::npos) return wrong(uri, "a path has no NUL in it");
  if (path.size() > kMostBytes) {
    return wrong(uri, text("the socket's path is ", path.size(), " bytes long, and a socket's may be ", kMostBytes,
                           "; choose a shorter one"));
  }
  return Status();
}

Result<Address> parse_unix(std::string_view uri, std::string_view rest) {
  Address address;
  address.kind = Address::Kind::kUnix;
  if (rest.starts_with('/')) {
    if (rest.size() == 1 || rest.ends_with('/')) return wrong(uri, "the path names no file");
    address.path = rest;
  } else {
    const bool fits = !rest.empty() && rest.size() <= kMaxNameBytes && rest.front() != '.' &&
                      std::all_of(rest.begin(), rest.end(), is_name_character);
    if (!fits) {
      return wrong(uri, text("a name has 1 to ", kMaxNameBytes,
                             " letters, digits and \"._-\", and begins with no dot; a path begins with a slash"));
    }
    address.name = rest;
    address.path = text(directory_of_names(), "/", rest, ".sock");
  }
  Status fits = check_path(uri, address.path);
  if (!fits.ok()) return fits;
  return address;
}

Result<Address> parse_tcp(std::string_view uri, std::string_view rest) {
  const bool bracketed = rest.starts_with('[');
  const size_t host_end = bracketed ? rest.find(']') : rest.rfind(':');
  const size_t colon = bracketed && host_end != std::string_view::npos ? host_end + 1 : host_end;
  if (colon == std::string_view::npos || colon >= rest.size() || rest[colon] != ':') {
    return wrong(uri, "it has no port; give tcp://HOST:PORT, an IPv6 host in brackets");
  }
  const std::string_view host = bracketed ? rest.substr(1, host_end - 1) : rest.substr(0, colon);
  const std::string_view digits = rest.substr(colon + 1);
  uint16_t port = 0;
  const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (fault != std::errc() || end != digits.data() + digits.size()) {
    return wrong(uri, text("\"", digits, "\" is no port; give a number up to 65535"));
  }
  const auto printable = [](char c) { return c > ' ' && c < '\x7f' && c != '/' && c != '[' && c != ']' && c != '@'; };
  if (host.empty() || host.size() > kMaxHostBytes || !std::all_of(host.begin(), host.end(), printable)) {
    return wrong(uri, "the host is no address and no name");
  }
  if (!bracketed && host.find(':') != std::string_view::npos) {
    return wrong(uri, "an IPv6 host stands in brackets: tcp://[::1]:7000");
  }
  Address address;
  address.kind = Address::Kind::kTcp;
  address.host = host;
  address.port = port;
  return address;
}

bool is_loopback(const sockaddr& address) noexcept {
  if (address.sa_family == AF_INET) {
    const auto& four = reinterpret_cast<const sockaddr_in&>(address);
    return (ntohl(four.sin_addr.s_addr) >> 24U) == 127;
  }
  if (address.sa_family != AF_INET6) return false;
  const in6_addr& six = reinterpret_cast<const sockaddr_in6&>(address).sin6_addr;
  return IN6_IS_ADDR_LOOPBACK(&six) || (IN6_IS_ADDR_V4MAPPED(&six) && six.s6_addr[12] == 127);
}

}  // namespace

std::string Address::to_string() const {
  if (kind == Kind::kUnix) return text(kUnixScheme, name.empty() ? path : name);
  const bool six = host.find(':') != std::string::npos;
  return text(kTcpScheme, six ? "[" : "", host, six ? "]:" : ":", port);
}

Result<Address> parse_address(std::string_view uri) {
  if (uri.starts_with(kUnixScheme)) return parse_unix(uri, uri.substr(kUnixScheme.size()));
  if (uri.starts_with(kTcpScheme)) return parse_tcp(uri, uri.substr(kTcpScheme.size()));
  return wrong(uri, kForms);
}

Result<Address> address_of_path(std::string_view path) {
  const std::string uri = text(kUnixScheme, path);
  if (!path.starts_with('/')) return wrong(uri, "the path is not absolute");
  return parse_address(uri);
}

Result<bool> is_local_only(const Address& address) {
  if (address.kind == Address::Kind::kUnix) return true;
  Result<std::vector<ResolvedAddress>> found = resolve(address, true);
  if (!found.ok()) return found.status();
  return std::all_of(found->begin(), found->end(), [](const ResolvedAddress& one) { return is_loopback(*one.get()); });
}

Result<std::vector<ResolvedAddress>> resolve(const Address& address, bool for_listening) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV | (for_listening ? AI_PASSIVE : 0);
  addrinfo* found = nullptr;
  const std::string port = std::to_string(address.port);
  const int fault = getaddrinfo(address.host.c_str(), port.c_str(), &hints, &found);
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, [](addrinfo* list) {
    if (list != nullptr) freeaddrinfo(list);
  });
  if (fault != 0) {
    return Status::error(Code::kNotFound, text(address.to_string(), ": the host is not known: ", gai_strerror(fault),
                                               "; check its name, or give its address"));
  }
  std::vector<ResolvedAddress> resolved;
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    ResolvedAddress next;
    if (one->ai_addrlen > sizeof next.storage) continue;
    std::memcpy(&next.storage, one->ai_addr, one->ai_addrlen);
    next.bytes = one->ai_addrlen;
    resolved.push_back(next);
  }
  if (resolved.empty()) {
    return Status::error(Code::kNotFound, text(address.to_string(), ": the host has no address that can be used"));
  }
  return resolved;
}

}  // namespace windlass
