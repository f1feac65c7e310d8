// A client's control connection, as the control loop sees it.
//
//   greeting ──▶ serving ⇄ working ──▶ closed
//        └──────────┴──▶ ending (its last words are being sent) ──▶ closed
//
// While it is working, a request of it is carried out on the second thread, and nothing is read. It is also not read
// from while much of what was said to it has not been taken.
//
// Threads: the loop's.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/owned_descriptor.hpp"
#include "base/status.hpp"
#include "transport/event_loop.hpp"
#include "transport/frame.hpp"
#include "transport/handshake.hpp"
#include "transport/stream.hpp"
#include "volume/request_answers.hpp"
#include "volume/volume.hpp"
#include "volume/volume_session.hpp"

namespace windlass {

class ControlHub;
class Door;

class ControlClient final : public EventLoop::Handler, public std::enable_shared_from_this<ControlClient> {
 public:
  // hub outlives it.
  ControlClient(ControlHub& hub, std::shared_ptr<Door> door, Stream stream, bool is_unix);
  ~ControlClient() override;

  // Errors: kNoMemory.
  Status start();

  void ready(uint32_t events) override;
  void failed(const Status& cause) noexcept override;

  // Cuts it off if it is in the middle of something and has got no further for too long.
  void check_progress(uint64_t now);

 private:
  enum class State { kGreeting, kServing, kWorking, kEnding, kClosed };

  // What the handshake needs until it is over.
  struct Greeting {
    HandshakeHost host;
    ServerHandshake handshake{host};
  };
  // A request on the second thread.
  struct Work;

  std::unique_ptr<Greeting> make_greeting();
  Result<SessionGrant> open_session();
  SessionOptions session_options() const;

  void receive();
  void take_greeting(size_t bytes);
  void admit();
  void hand_over_lane();
  void pump();
  bool serve();
  Status take_request(const Frame& frame);
  Status start_work(const Frame& frame);
  void finish_work(Work& work);
  // Sends what can be sent. False: the peer is gone.
  bool flush();
  size_t backlog() const noexcept { return output_.size() - sent_; }
  bool may_read() const noexcept;
  void update_watch();
  void note_progress(size_t bytes, bool step_ended) noexcept;

  void cut_off(const Status& cause);
  void peer_ended();
  void close(bool said_goodbye) noexcept;

  ControlHub& hub_;
  const std::shared_ptr<Door> door_;
  Stream stream_;
  const bool is_unix_;
  State state_ = State::kGreeting;
  std::unique_ptr<Greeting> greeting_;
  uint64_t session_number_ = 0;  // 0: none yet
  std::shared_ptr<VolumeSession> session_;
  OwnedDescriptor process_;  // the peer's, if it can map memory
  bool process_ended_ = false;

  FrameReader reader_;
  std::vector<std::byte> output_;
  size_t sent_ = 0;  // of output_
  struct Passenger {
    size_t position = 0;  // in output_, of the byte with which it goes
    OwnedDescriptor descriptor;
  };
  std::deque<Passenger> passengers_;
  uint32_t watched_ = 0;
  bool will_go_on_ = false;  // posted work that pumps
  bool goodbye_ = false;

  uint64_t mark_ns_ = 0;  // when it last got on
  uint64_t unmarked_bytes_ = 0;
  bool was_in_middle_ = false;
};

}  // namespace windlass
