#include "transport/rdma/queue_pair.hpp"

#include <fcntl.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

#include "base/log.hpp"
#include "base/nonce.hpp"
#include "base/text.hpp"

namespace windlass {

namespace {

constexpr uint8_t kMostReads = 16;
// 4 microseconds times 2^14: 67 ms until a packet is sent again, up to six times. Some drivers take 7 for "for ever".
constexpr uint8_t kTimeoutExponent = 14;
constexpr uint8_t kRetries = 6;
constexpr uint8_t kHopLimit = 64;
constexpr uint32_t kPacketNumbers = (uint32_t{1} << 24U) - 1;
// So long it looks again and again, before it sleeps.
constexpr std::chrono::microseconds kAwake{50};
// Asleep it looks all the same now and then, so that a lost wake-up is no more than a delay.
constexpr int kLongestSleepMs = 100;

uint8_t reads_of(const RdmaContext& context) noexcept {
  const int most = std::min(context.limits().max_qp_rd_atom, context.limits().max_qp_init_rd_atom);
  return static_cast<uint8_t>(std::clamp<int>(most, 1, kMostReads));
}

}  // namespace

Result<std::unique_ptr<QueuePair>> QueuePair::open(std::shared_ptr<RdmaDomain> domain,
                                                   const QueuePairOptions& options) {
  auto pair = std::make_unique<QueuePair>(std::move(domain), options);
  if (Status made = pair->make(); !made.ok()) return made;
  return pair;
}

QueuePair::QueuePair(std::shared_ptr<RdmaDomain> domain, const QueuePairOptions& options) noexcept
    : domain_(std::move(domain)),
      options_(options),
      first_packet_(static_cast<uint32_t>(fresh_nonce()) & kPacketNumbers) {}

QueuePair::~QueuePair() {
  const VerbsFunctions& verbs = domain_->context().verbs();
  bool gone = pair_ == nullptr || verbs.destroy_qp(pair_) == 0;
  gone = gone && (completions_ == nullptr || verbs.destroy_cq(completions_) == 0);
  gone = gone && (channel_ == nullptr || verbs.destroy_comp_channel(channel_) == 0);
  if (!gone) log(LogLevel::kError, "rdma", text(domain_->name(), ": a queue pair cannot be destroyed, and stays"));
}

Status QueuePair::failure(Code code, const char* what, int cause) const {
  return Status::error(code, text("RDMA device ", domain_->name(), ": ", what, ": ", errno_text(cause)), cause);
}

Status QueuePair::make() {
  RdmaContext& context = domain_->context();
  const VerbsFunctions& verbs = context.verbs();
  ibv_port_attr port{};
  const auto number = static_cast<uint8_t>(options_.path.port);
  if (const int failed = verbs.query_port(context.get(), number, &port); failed != 0) {
    return failure(Code::kDevice, "its port cannot be asked", failed);
  }
  mtu_ = static_cast<uint8_t>(port.active_mtu);
  local_id_ = options_.path.ethernet ? uint16_t{0} : port.lid;
  channel_ = verbs.create_comp_channel(context.get());
  if (channel_ == nullptr) return failure(Code::kNoMemory, "no channel for completions", errno);
  const int flags = fcntl(channel_->fd, F_GETFL);
  if (flags < 0 || fcntl(channel_->fd, F_SETFL, flags | O_NONBLOCK) != 0) {
    return failure(Code::kDevice, "its channel cannot be set up", errno);
  }
  completions_ = verbs.create_cq(context.get(), static_cast<int>(options_.depth) + 1, nullptr, channel_, 0);
  if (completions_ == nullptr) return failure(Code::kNoMemory, "no queue for completions", errno);
  ibv_qp_init_attr wanted{};
  wanted.send_cq = completions_;
  wanted.recv_cq = completions_;
  wanted.qp_type = IBV_QPT_RC;
  wanted.cap.max_send_wr = options_.depth;
  wanted.cap.max_recv_wr = 1;
  wanted.cap.max_send_sge = 1;
  wanted.cap.max_recv_sge = 1;
  pair_ = verbs.create_qp(domain_->get(), &wanted);
  if (pair_ == nullptr) {
    return failure(errno == ENOSPC ? Code::kNoSpace : Code::kNoMemory, "no further queue pair", errno);
  }
  ibv_qp_attr start{};
  start.qp_state = IBV_QPS_INIT;
  start.port_num = number;
  start.qp_access_flags = options_.answers ? IBV_ACCESS_REMOTE_READ | IBV_ACCESS_REMOTE_WRITE : 0;
  const int failed =
      verbs.modify_qp(pair_, &start, IBV_QP_STATE | IBV_QP_PKEY_INDEX | IBV_QP_PORT | IBV_QP_ACCESS_FLAGS);
  return failed == 0 ? Status() : failure(Code::kDevice, "a queue pair cannot be set up", failed);
}

RdmaEndpoint QueuePair::endpoint() const noexcept {
  RdmaEndpoint mine;
  mine.queue_pair = pair_->qp_num;
  mine.first_packet = first_packet_;
  mine.local_id = local_id_;
  mine.mtu = mtu_;
  mine.reads = reads_of(domain_->context());
  mine.gid = options_.path.gid.bytes;
  return mine;
}

Status QueuePair::connect(const RdmaEndpoint& peer) {
  if (peer.mtu < IBV_MTU_256 || peer.mtu > IBV_MTU_4096 || peer.first_packet > kPacketNumbers ||
      peer.queue_pair > kPacketNumbers || peer.reads == 0) {
    return Status::error(Code::kInvalidArgument,
                         text("RDMA device ", domain_->name(), ": the other end's queue pair has senseless numbers"));
  }
  if ((peer.local_id == 0) != (local_id_ == 0)) {
    return Status::error(Code::kUnavailable, text("RDMA device ", domain_->name(),
                                                  ": one end is on InfiniBand, the other on Ethernet; "
                                                  "choose devices of one network"));
  }
  if (Status receives = to_ready_to_receive(peer); !receives.ok()) return receives;
  return to_ready_to_send(peer);
}

Status QueuePair::to_ready_to_receive(const RdmaEndpoint& peer) {
  ibv_qp_attr next{};
  next.qp_state = IBV_QPS_RTR;
  next.path_mtu = static_cast<ibv_mtu>(std::min(mtu_, peer.mtu));
  next.dest_qp_num = peer.queue_pair;
  next.rq_psn = peer.first_packet;
  next.max_dest_rd_atomic = std::min(reads_of(domain_->context()), peer.reads);
  next.min_rnr_timer = 12;
  next.ah_attr.dlid = peer.local_id;
  next.ah_attr.port_num = static_cast<uint8_t>(options_.path.port);
  next.ah_attr.is_global = 1;
  std::memcpy(next.ah_attr.grh.dgid.raw, peer.gid.data(), peer.gid.size());
  next.ah_attr.grh.sgid_index = static_cast<uint8_t>(options_.path.gid.index);
  next.ah_attr.grh.hop_limit = kHopLimit;
  const int failed =
      domain_->context().verbs().modify_qp(pair_, &next,
                                           IBV_QP_STATE | IBV_QP_AV | IBV_QP_PATH_MTU | IBV_QP_DEST_QPN |
                                               IBV_QP_RQ_PSN | IBV_QP_MAX_DEST_RD_ATOMIC | IBV_QP_MIN_RNR_TIMER);
  return failed == 0 ? Status() : failure(Code::kUnavailable, "there is no way to the other end", failed);
}

Status QueuePair::to_ready_to_send(const RdmaEndpoint& peer) {
  ibv_qp_attr next{};
  next.qp_state = IBV_QPS_RTS;
  next.sq_psn = first_packet_;
  next.timeout = kTimeoutExponent;
  next.retry_cnt = kRetries;
  next.rnr_retry = kRetries;
  next.max_rd_atomic = std::min(reads_of(domain_->context()), peer.reads);
  const int failed = domain_->context().verbs().modify_qp(
      pair_, &next,
      IBV_QP_STATE | IBV_QP_TIMEOUT | IBV_QP_RETRY_CNT | IBV_QP_RNR_RETRY | IBV_QP_SQ_PSN | IBV_QP_MAX_QP_RD_ATOMIC);
  return failed == 0 ? Status() : failure(Code::kUnavailable, "a queue pair does not get ready to send", failed);
}

Status QueuePair::post(ibv_send_wr* first) {
  ibv_send_wr* refused = nullptr;
  const int failed = ibv_post_send(pair_, first, &refused);
  return failed == 0 ? Status() : failure(Code::kDevice, "it takes no work", failed);
}

Result<size_t> QueuePair::poll(std::span<ibv_wc> completions) {
  const int came = ibv_poll_cq(completions_, static_cast<int>(completions.size()), completions.data());
  if (came < 0) return failure(Code::kDevice, "completions cannot be looked for", errno);
  return static_cast<size_t>(came);
}

Result<size_t> QueuePair::wait(std::span<ibv_wc> completions, Deadline deadline) {
  const Deadline awake = Deadline::after(kAwake);
  bool told = false;
  while (true) {
    Result<size_t> came = poll(completions);
    if (!came.ok() || *came != 0) return came;
    if (deadline.expired()) {
      return Status::error(Code::kTimeout, text("RDMA device ", domain_->name(), ": the transfer did not end in time"));
    }
    if (!awake.expired()) continue;
    // What comes between the last look and the request is found by looking once more.
    if (!std::exchange(told, true)) {
      if (const int failed = ibv_req_notify_cq(completions_, 0); failed != 0) {
        return failure(Code::kDevice, "it cannot be waited for", failed);
      }
      continue;
    }
    if (Status woken = wait_for_event(deadline); !woken.ok()) return woken;
    told = false;
  }
}

Status QueuePair::wait_for_event(Deadline deadline) {
  pollfd ready{channel_->fd, POLLIN, 0};
  const int woken = ::poll(&ready, 1, std::min(deadline.remaining_ms(), kLongestSleepMs));
  if (woken < 0 && errno != EINTR) return failure(Code::kDevice, "it cannot be waited for", errno);
  ibv_cq* queue = nullptr;
  void* owner = nullptr;
  while (woken > 0 && domain_->context().verbs().get_cq_event(channel_, &queue, &owner) == 0) {
    domain_->context().verbs().ack_cq_events(queue, 1);
  }
  return Status();
}

}  // namespace windlass
