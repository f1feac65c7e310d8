// A reliable connection between two devices: a queue of work, and a queue of what became of it.
//
//   made ──connect()──▶ ready ──a completion that failed──▶ broken, for good
//
// Work is done in its order. Of a row of work only the last need ask to be told: what was before it is done too.
//
// Threads: one at a time.
#pragma once

#include <infiniband/verbs.h>

#include <cstdint>
#include <memory>
#include <span>

#include "base/deadline.hpp"
#include "base/status.hpp"
#include "transport/rdma/rdma_context.hpp"
#include "transport/rdma/rdma_ends.hpp"

namespace windlass {

struct QueuePairOptions {
  RdmaPath path;
  uint32_t depth = 1;    // work at once
  bool answers = false;  // the other end may write to, and read from, what is registered in the domain
};

class QueuePair {
 public:
  // Errors: kNoMemory; kNoSpace (the device has no more); kDevice.
  static Result<std::unique_ptr<QueuePair>> open(std::shared_ptr<RdmaDomain> domain, const QueuePairOptions& options);

  // For open().
  QueuePair(std::shared_ptr<RdmaDomain> domain, const QueuePairOptions& options) noexcept;
  ~QueuePair();  // when it returns, nothing of it touches memory any more
  QueuePair(const QueuePair&) = delete;
  QueuePair& operator=(const QueuePair&) = delete;

  // What the other end must know.
  RdmaEndpoint endpoint() const noexcept;

  // Ready to receive, and to send. Errors: kInvalidArgument (that is no endpoint); kUnavailable (there is no way).
  Status connect(const RdmaEndpoint& peer);

  // Errors: kDevice. What has been posted before is done all the same.
  Status post(ibv_send_wr* first);

  // Looks for completions; waits until there is one, briefly awake and then asleep. Errors: kTimeout; kDevice.
  Result<size_t> wait(std::span<ibv_wc> completions, Deadline deadline);

  // What the library calls a completion's status.
  const char* status_name(ibv_wc_status status) const noexcept {
    return domain_->context().verbs().wc_status_str(status);
  }

 private:
  Status make();
  Status to_ready_to_receive(const RdmaEndpoint& peer);
  Status to_ready_to_send(const RdmaEndpoint& peer);
  Status failure(Code code, const char* what, int cause) const;
  Result<size_t> poll(std::span<ibv_wc> completions);
  Status wait_for_event(Deadline deadline);

  const std::shared_ptr<RdmaDomain> domain_;
  const QueuePairOptions options_;
  ibv_comp_channel* channel_ = nullptr;
  ibv_cq* completions_ = nullptr;
  ibv_qp* pair_ = nullptr;
  uint32_t first_packet_ = 0;
  uint8_t mtu_ = 0;
  uint16_t local_id_ = 0;
};

}  // namespace windlass
