// Where clients come in: a listening socket on the control loop.
//
// Threads: the loop's.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/status.hpp"
#include "transport/event_loop.hpp"
#include "transport/listener.hpp"
#include "transport/rdma/rdma_ends.hpp"
#include "volume/volume_server.hpp"

namespace windlass {

class ControlHub;

class Door final : public EventLoop::Handler, public std::enable_shared_from_this<Door> {
 public:
  // hub outlives it.
  Door(ControlHub& hub, Listener listener, const ListenOptions& options);

  // Errors: kNoMemory.
  Status open();

  void ready(uint32_t events) override;
  void failed(const Status& cause) noexcept override;

  const Address& address() const noexcept { return listener_.address(); }
  bool is_unix() const noexcept { return address().kind == Address::Kind::kUnix; }
  // Empty at a Unix address, where the user is checked instead.
  const std::string& secret() const noexcept { return options_.secret; }
  uint64_t slow_timeout_ns() const noexcept { return options_.slow_timeout_ns; }

  // Over what clients may reach the volume's memory on their own; null: over nothing.
  const std::shared_ptr<RdmaHost>& rdma() const noexcept { return rdma_; }

  // Whether one more client may have a session here; counts it if so. Errors: kUnavailable (there are too many).
  Status take_place();
  void give_place() noexcept { --places_taken_; }

  // A connection that came in here has ended, or is a lane's now.
  void connection_ended() noexcept;

 private:
  void accept_one(Stream stream);
  void pause(uint64_t again_ns);
  void resume() noexcept;

  ControlHub& hub_;
  Listener listener_;
  ListenOptions options_;
  std::shared_ptr<RdmaHost> rdma_;
  uint64_t connections_ = 0;
  uint64_t places_taken_ = 0;
  bool paused_ = false;
};

}  // namespace windlass
