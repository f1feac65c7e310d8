// What all clients of a volume server share: the control loop, the sessions, the thread for what takes long, the lanes,
// and the sessions of clients that are gone while their processes may not be.
//
// Threads: open, listen, close and counts from any; the rest belongs to the loop's thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/background_thread.hpp"
#include "base/owned_descriptor.hpp"
#include "base/status.hpp"
#include "transport/event_loop.hpp"
#include "transport/lanes.hpp"
#include "transport/stream.hpp"
#include "volume/request_answers.hpp"
#include "volume/session_table.hpp"
#include "volume/volume.hpp"
#include "volume/volume_server.hpp"

namespace windlass {

class ControlClient;
class Door;

class ControlHub {
 public:
  static Result<std::shared_ptr<ControlHub>> open(std::shared_ptr<Volume> volume, SocketCalls* calls);

  // For open().
  ControlHub(std::shared_ptr<Volume> volume, std::shared_ptr<EventLoop> loop, SocketCalls& calls);
  ~ControlHub();
  ControlHub(const ControlHub&) = delete;
  ControlHub& operator=(const ControlHub&) = delete;

  // As VolumeServer's.
  Result<std::string> listen(std::string_view uri, const ListenOptions& given);
  ServerCounts counts() const noexcept;
  void close() noexcept;

  // On the loop's thread:

  EventLoop& loop() noexcept { return *loop_; }
  Volume& volume() noexcept { return *volume_; }
  SessionTable& sessions() noexcept { return sessions_; }
  RequestScratch& scratch() noexcept { return scratch_; }
  // Where clients on this machine can come in; empty if nowhere.
  const std::string& unix_path() const noexcept { return unix_path_; }

  void add(const std::shared_ptr<ControlClient>& client);
  void remove(ControlClient& client) noexcept;

  // A connection whose handshake says that it is a lane.
  Status admit_lane(Stream stream, uint64_t session, std::span<const std::byte> unread);

  // The connection of a session has ended. may_touch: the client has, or may have, its memory mapped; it lives as long
  // as process, if that is valid, is not readable.
  void end_session(uint64_t number, bool may_touch, OwnedDescriptor process, const std::string& peer);

  // Does work on the second thread, after what was given before. Errors: kNoMemory (no thread); kState (it has ended).
  Status run_later(std::function<void()> work);

  void count_admitted() noexcept { ++admitted_; }
  void count_refused() noexcept { ++refused_; }
  void count_cut_off() noexcept { ++cut_off_; }

 private:
  class Orphan;

  Status on_loop(const std::function<Status()>& work);
  Result<Address> check_address(std::string_view uri, const ListenOptions& options) const;
  Status open_lanes();
  bool do_work();
  void set_sweep();
  void sweep();
  void adopt(std::shared_ptr<VolumeSession> session, uint64_t slots, OwnedDescriptor process, const std::string& peer);

  const std::shared_ptr<Volume> volume_;
  const std::shared_ptr<EventLoop> loop_;
  SocketCalls& calls_;
  SessionTable sessions_;
  std::atomic<uint64_t> clients_now_{0};
  std::atomic<uint64_t> admitted_{0};
  std::atomic<uint64_t> refused_{0};
  std::atomic<uint64_t> cut_off_{0};
  std::atomic<uint64_t> orphans_now_{0};

  // Of the loop's thread.
  RequestScratch scratch_;
  std::string unix_path_;
  std::map<ControlClient*, std::shared_ptr<ControlClient>> clients_;
  std::deque<std::shared_ptr<Door>> doors_;
  std::map<Orphan*, std::shared_ptr<Orphan>> orphans_;
  uint64_t sweep_ns_ = 0;  // how often
  bool sweeping_ = false;
  std::unique_ptr<LaneServer> lanes_;  // made before the first client that has some; ends with the loop
  uint64_t lane_timeout_ns_ = 0;

  std::mutex work_mutex_;  // guards work_
  std::deque<std::function<void()>> work_;
  BackgroundThread worker_;

  std::mutex open_mutex_;  // held by listen and close; guards closed_
  bool closed_ = false;
};

}  // namespace windlass
