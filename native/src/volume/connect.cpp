#include "volume/connect.hpp"

#include <mutex>
#include <utility>
#include <vector>

#include "base/log.hpp"
#include "base/text.hpp"
#include "transport/shm/shm_transport.hpp"
#include "volume/far_transport.hpp"
#include "volume/lane_transport.hpp"
#include "volume/near_transport.hpp"
#include "volume/volume_client.hpp"

namespace windlass {

namespace {

// Connects to a volume, over its Unix socket where that can be, and says which way it took.
class Dialer {
 public:
  Dialer(Address address, const ConnectOptions& options)
      : address_(std::move(address)), options_(options), kind_(options.transport) {}

  // Errors: of the last way that it tried.
  Result<GreetedStream> dial(Deadline deadline) {
    lane_address_ = address_;
    if (address_.kind == Address::Kind::kUnix) {
      kind_ = TransportKind::kShm;
      reason_ = text(address_.to_string(), " is on this machine");
      return greet(address_, "", deadline);
    }
    Result<GreetedStream> far = greet(address_, options_.secret, deadline);
    if (!far.ok() || kind_ == TransportKind::kTcp || kind_ == TransportKind::kRdma) {
      if (reason_.empty()) reason_ = "it was asked for";
      return far;
    }
    Result<GreetedStream> near = greet_near(far->welcome, deadline);
    if (near.ok()) {
      kind_ = TransportKind::kShm;
      Result<Address> socket = address_of_path(far->welcome.unix_path);
      if (!socket.ok()) return socket.status();
      lane_address_ = *std::move(socket);
      reason_ = text("the volume at ", address_.to_string(), " is on this machine, and its socket ",
                     far->welcome.unix_path, " lets us in");
      return near;
    }
    // Once chosen it stays, and the volume may just be starting anew.
    if (kind_ == TransportKind::kShm && !reason_.empty()) return near.status().with_prefix(address_.to_string());
    if (kind_ == TransportKind::kShm) {
      return Status::error(Code::kUnsupported,
                           text(address_.to_string(), ": no shared memory: ", near.status().message(),
                                "; choose tcp, or leave the choice to the library"));
    }
    kind_ = TransportKind::kTcp;
    reason_ = near.status().message();
    return far;
  }

  // Chosen by the first dial that succeeds.
  TransportKind kind() const noexcept { return kind_; }
  const std::string& reason() const noexcept { return reason_; }
  // Where lanes of the connection that was made last lead.
  const Address& lane_address() const noexcept { return lane_address_; }

 private:
  Result<GreetedStream> greet(const Address& address, std::string_view secret, Deadline deadline) const {
    Result<Stream> stream = Stream::connect(address, deadline, options_.calls);
    if (!stream.ok()) return stream.status();
    Result<Welcome> welcome =
        shake_hands(*stream, {.purpose = Purpose::kControl, .secret = secret, .grant = {}}, deadline);
    if (!welcome.ok()) return welcome.status();
    return GreetedStream{*std::move(stream), *std::move(welcome)};
  }

  // The same volume through its Unix socket. Errors: why not.
  Result<GreetedStream> greet_near(const Welcome& welcome, Deadline deadline) {
    const uint64_t host = host_id();
    if (host == 0 || welcome.host != host) return Status::error(Code::kUnsupported, "the volume is on another machine");
    if (welcome.unix_path.empty()) {
      return Status::error(Code::kUnsupported, "the volume is on this machine, but listens at no Unix socket");
    }
    Result<Address> near = address_of_path(welcome.unix_path);
    if (!near.ok()) return near.status();
    Result<GreetedStream> greeted = greet(*near, "", deadline);
    if (!greeted.ok()) return greeted.status().with_prefix("the volume's Unix socket does not let us in");
    if (greeted->welcome.volume_nonce != welcome.volume_nonce) {
      return Status::error(Code::kUnsupported, text("another volume listens at ", welcome.unix_path));
    }
    return greeted;
  }

  const Address address_;
  const ConnectOptions options_;
  TransportKind kind_;
  std::string reason_;
  Address lane_address_;
};

Status check_kind(const Address& address, TransportKind kind) {
  const bool is_unix = address.kind == Address::Kind::kUnix;
  if (kind == TransportKind::kAuto || kind == TransportKind::kShm) return Status();
  if ((kind == TransportKind::kTcp || kind == TransportKind::kRdma) && !is_unix) return Status();
  return Status::error(Code::kUnsupported,
                       text(address.to_string(), " is not reached over ", transport_name(kind), "; ",
                            is_unix ? "shm is the way there" : "rdma, tcp or shm are the ways there"));
}

// What the parts of a connection share before there is a client.
struct Parts {
  Parts(const Address& address, const ConnectOptions& options)
      : dialer(address, options),
        lanes(std::make_shared<LanesInUse>(options)),
        process(std::make_shared<OfferingProcess>(options.reads_process)),
        grants(std::make_shared<GrantTable>()),
        rdma(std::make_shared<RdmaInUse>(options.rdma_device, grants)) {}

  Dialer dialer;
  const std::shared_ptr<LanesInUse> lanes;
  const std::shared_ptr<OfferingProcess> process;  // of the volume, where it is on this machine
  const std::shared_ptr<GrantTable> grants;
  const std::shared_ptr<RdmaInUse> rdma;
  std::shared_ptr<ShmTransport> shm;
  uint64_t nonce = 0;

  Status connected(const ControlChannel& channel) {
    if (Status renewed = lanes->renew(dialer.lane_address(), channel); !renewed.ok()) return renewed;
    rdma->renew(channel);
    if (dialer.kind() != TransportKind::kShm) return Status();
    process->renew(channel);
    // Another volume at the same address has other segments.
    if (shm != nullptr && std::exchange(nonce, channel.welcome().volume_nonce) != channel.welcome().volume_nonce) {
      shm->forget();
    }
    return Status();
  }
};

// Whether values go over RDMA: tried where it was asked for, or where it is the best that is left. Errors: why not,
// where it was asked for.
Result<bool> goes_over_rdma(Parts& parts, VolumeClient& client, const ConnectOptions& options, std::string& reason) {
  const bool asked = options.transport == TransportKind::kRdma;
  if (!asked && (options.transport != TransportKind::kAuto || parts.dialer.kind() != TransportKind::kTcp)) return false;
  parts.rdma->use(client);
  const Result<std::shared_ptr<RdmaClient>> end = parts.rdma->end();
  const Status opened =
      end.ok() ? parts.rdma->current(Deadline::after(options.connect_timeout)).status() : end.status();
  if (opened.ok()) {
    reason += text("; both ends have RDMA (here ", (*end)->path().to_string(), ")");
    return true;
  }
  if (asked) return Status::error(Code::kUnsupported, text("no RDMA: ", opened.message()), opened.system_code());
  reason += text("; no RDMA: ", opened.message());
  return false;
}

}  // namespace

Result<VolumeConnection> connect_volume(std::string_view uri, const ConnectOptions& options) {
  Result<Address> address = parse_address(uri);
  if (!address.ok()) return address.status();
  if (Status possible = check_kind(*address, options.transport); !possible.ok()) return possible;
  auto parts = std::make_shared<Parts>(*address, options);
  VolumeClient::Options client_options;
  client_options.dial = [parts](Deadline deadline) { return parts->dialer.dial(deadline); };
  client_options.connected = [parts](const ControlChannel& channel) { return parts->connected(channel); };
  client_options.connect_timeout = options.connect_timeout;
  if (options.transport == TransportKind::kRdma || options.transport == TransportKind::kAuto) {
    client_options.grants = parts->grants;
  }
  Result<std::shared_ptr<VolumeClient>> client =
      VolumeClient::open(std::move(client_options), Deadline::after(options.connect_timeout));
  if (!client.ok()) return client.status();
  VolumeConnection made;
  made.kind = parts->dialer.kind();
  made.reason = parts->dialer.reason();
  made.control = *client;
  made.connections = [client = *client] { return client->connections(); };
  made.volume_nonce = [client = *client] { return client->volume_nonce(); };
  const Result<bool> rdma = goes_over_rdma(*parts, **client, options, made.reason);
  if (!rdma.ok()) return rdma.status().with_prefix(uri);
  if (!*rdma) parts->grants->stop();
  if (*rdma) {
    made.kind = TransportKind::kRdma;
    made.registrations = [rdma = parts->rdma] { return rdma->registrations(); };
    made.transport = std::make_shared<FarTransport>(*client, parts->rdma, parts->lanes);
  } else if (made.kind == TransportKind::kShm) {
    // The client keeps the parts, which therefore know it without keeping it.
    VolumeClient* const asked = client->get();
    parts->nonce = (*client)->volume_nonce();
    parts->shm = std::make_shared<ShmTransport>([asked](uint64_t segment, MapFor purpose, Deadline deadline) {
      return asked->segment_descriptor(segment, purpose, deadline);
    });
    made.transport = std::make_shared<NearTransport>(*client, parts->shm, parts->lanes, parts->process);
    made.reason += text("; offered memory is read ", parts->process->way());
  } else {
    made.transport = std::make_shared<LaneTransport>(*client, parts->lanes);
  }
  log(LogLevel::kInfo, "volume", text(uri, ": values go over ", transport_name(made.kind), ", as ", made.reason));
  return made;
}

}  // namespace windlass
