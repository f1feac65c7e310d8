#include "transport/rdma/rdma_context.hpp"

#include <fcntl.h>
#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <mutex>
#include <utility>

#include "base/bytes.hpp"
#include "base/log.hpp"
#include "base/text.hpp"

namespace windlass {

namespace {

// Some kernels refuse larger registrations than this, whatever the device's attributes say.
constexpr uint64_t kMostRegistrationBytes = kGiB;

struct OpenContexts {
  std::mutex mutex;  // guards what follows
  std::map<std::string, std::weak_ptr<RdmaContext>> by_name;
};

OpenContexts& open_contexts() {
  static OpenContexts all;
  return all;
}

// Closes what was opened and not kept.
struct OpenedDevice {
  const VerbsFunctions& verbs;
  ibv_context* context = nullptr;
  ~OpenedDevice() {
    if (context != nullptr) verbs.close_device(context);
  }
};

Status open_failure(const std::string& device, int cause) {
  if (cause == EACCES || cause == EPERM) {
    return Status::error(Code::kPermission,
                         text("RDMA device ", device, " may not be opened: ", errno_text(cause),
                              "; give this user its file in /dev/infiniband, or in a container pass that folder on"),
                         cause);
  }
  return Status::error(Code::kDevice,
                       text("RDMA device ", device, " cannot be opened: ", errno_text(cause),
                            "; see what the kernel's log says of it, and whether /dev/infiniband is there"),
                       cause);
}

Result<ibv_context*> open_by_name(const VerbsFunctions& verbs, const std::string& device) {
  int count = 0;
  ibv_device** const list = verbs.get_device_list(&count);
  if (list == nullptr) return open_failure(device, errno);
  ibv_context* opened = nullptr;
  int cause = 0;
  for (int at = 0; at < count; ++at) {
    if (device != verbs.get_device_name(list[at])) continue;
    opened = verbs.open_device(list[at]);
    cause = opened == nullptr ? errno : 0;
  }
  verbs.free_device_list(list);
  if (opened != nullptr) return opened;
  if (cause != 0) return open_failure(device, cause);
  return Status::error(Code::kNotFound,
                       text("the verbs library shows no device ", device,
                            "; install its driver (Debian: ibverbs-providers), load the module ib_uverbs, and in a "
                            "container pass /dev/infiniband on"));
}

class RdmaRegistration final : public Registration {
 public:
  RdmaRegistration(std::shared_ptr<RdmaDomain> domain, ibv_mr* region, bool remote) noexcept
      : domain_(std::move(domain)), region_(region), remote_(remote) {}
  ~RdmaRegistration() override {
    const int failed = domain_->context().verbs().dereg_mr(region_);
    if (failed != 0) {
      log(LogLevel::kError, "rdma", text(domain_->name(), ": memory cannot be deregistered: ", errno_text(failed)));
    }
  }
  uint32_t local_key() const noexcept override { return region_->lkey; }
  uint32_t remote_key() const noexcept override { return remote_ ? region_->rkey : 0; }

 private:
  const std::shared_ptr<RdmaDomain> domain_;
  ibv_mr* const region_;
  const bool remote_;
};

int verbs_access(uint32_t access) noexcept {
  int flags = IBV_ACCESS_LOCAL_WRITE;
  if ((access & access_bits(RegistrationAccess::kRemoteRead)) != 0) flags |= IBV_ACCESS_REMOTE_READ;
  if ((access & access_bits(RegistrationAccess::kRemoteWrite)) != 0) flags |= IBV_ACCESS_REMOTE_WRITE;
  return flags;
}

Status register_failure(std::string_view device, uint64_t bytes, int cause) {
  rlimit limit{};
  const bool known = getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
  const std::string what = text(bytes_text(bytes), " cannot be registered with RDMA device ", device, ": ");
  if (cause == ENOMEM && known) {
    return Status::error(Code::kNoMemory,
                         text(what, "this process may lock ", bytes_text(limit.rlim_cur),
                              " of memory altogether; ulimit -l unlimited, memlock in /etc/security/limits.conf, "
                              "LimitMEMLOCK=infinity in systemd, or in Docker --ulimit memlock=-1"),
                         cause);
  }
  if (cause == ENOMEM) {
    return Status::error(Code::kNoMemory, text(what, "the kernel has no memory for it, or the device no entry"), cause);
  }
  if (cause == EPERM || cause == EACCES) {
    return Status::error(Code::kPermission, text(what, "it may not be written to: ", errno_text(cause)), cause);
  }
  if (cause == EOPNOTSUPP) return Status::error(Code::kUnsupported, text(what, errno_text(cause)), cause);
  return Status::error(Code::kInvalidArgument, text(what, errno_text(cause), "; is all of it mapped?"), cause);
}

}  // namespace

Result<std::shared_ptr<RdmaContext>> RdmaContext::open(const std::string& device) {
  OpenContexts& all = open_contexts();
  const std::lock_guard lock(all.mutex);
  if (std::shared_ptr<RdmaContext> there = all.by_name[device].lock(); there != nullptr) return there;
  Result<std::shared_ptr<const VerbsFunctions>> verbs = load_verbs();
  if (!verbs.ok()) return verbs.status();
  Result<ibv_context*> opened = open_by_name(**verbs, device);
  if (!opened.ok()) return opened.status();
  OpenedDevice closing{**verbs, *opened};
  ibv_device_attr limits{};
  if (const int failed = (*verbs)->query_device(*opened, &limits); failed != 0) return open_failure(device, failed);
  const int flags = fcntl((*opened)->async_fd, F_GETFL);
  if (flags < 0 || fcntl((*opened)->async_fd, F_SETFL, flags | O_NONBLOCK) != 0) return open_failure(device, errno);
  auto context = std::make_shared<RdmaContext>(*verbs, *opened, device, limits);
  closing.context = nullptr;
  all.by_name[device] = context;
  return context;
}

RdmaContext::RdmaContext(std::shared_ptr<const VerbsFunctions> verbs, ibv_context* context, std::string name,
                         const ibv_device_attr& limits) noexcept
    : verbs_(std::move(verbs)), context_(context), name_(std::move(name)), limits_(limits) {}

RdmaContext::~RdmaContext() {
  if (verbs_->close_device(context_) != 0) log(LogLevel::kError, "rdma", text(name_, " cannot be closed"));
}

void RdmaContext::take_events() noexcept {
  ibv_async_event event{};
  while (verbs_->get_async_event(context_, &event) == 0) {
    const char* const name = verbs_->event_type_str(event.event_type);
    const bool fine = event.event_type == IBV_EVENT_PORT_ACTIVE || event.event_type == IBV_EVENT_COMM_EST ||
                      event.event_type == IBV_EVENT_GID_CHANGE;
    log(fine ? LogLevel::kInfo : LogLevel::kWarning, "rdma", text(name_, " says: ", name));
    verbs_->ack_async_event(&event);
  }
}

Result<std::shared_ptr<RdmaDomain>> RdmaDomain::open(std::shared_ptr<RdmaContext> context) {
  ibv_pd* const domain = context->verbs().alloc_pd(context->get());
  if (domain == nullptr) {
    const int cause = errno;
    return Status::error(cause == ENOMEM ? Code::kNoMemory : Code::kDevice,
                         text("RDMA device ", context->name(), " gives no protection domain: ", errno_text(cause)),
                         cause);
  }
  return std::make_shared<RdmaDomain>(std::move(context), domain);
}

Result<std::shared_ptr<RdmaDomain>> RdmaDomain::open(const std::string& device) {
  Result<std::shared_ptr<RdmaContext>> context = RdmaContext::open(device);
  return context.ok() ? open(*std::move(context)) : context.status();
}

RdmaDomain::~RdmaDomain() {
  if (context_->verbs().dealloc_pd(domain_) != 0) {
    log(LogLevel::kError, "rdma", text(name(), ": a protection domain is still in use, and stays"));
  }
}

uint64_t RdmaDomain::most_bytes() const noexcept {
  return std::min<uint64_t>(context_->limits().max_mr_size, kMostRegistrationBytes);
}

Status RdmaDomain::check(uint64_t bytes, uint32_t access) const {
  constexpr uint32_t kKnown =
      access_bits(RegistrationAccess::kRemoteRead) | access_bits(RegistrationAccess::kRemoteWrite);
  if (bytes != 0 && bytes <= most_bytes() && (access & ~kKnown) == 0) return Status();
  return Status::error(Code::kInvalidArgument, text("RDMA device ", name(), " registers 1 to ", most_bytes(),
                                                    " bytes at once, not ", bytes, ", with access ", access));
}

Result<std::unique_ptr<Registration>> RdmaDomain::register_memory(std::byte* data, uint64_t bytes, uint32_t access) {
  if (Status sound = check(bytes, access); !sound.ok()) return sound;
  // Memory that is only readable can be sent from.
  ibv_mr* region = context_->verbs().reg_mr(domain_, data, bytes, verbs_access(access));
  int cause = region == nullptr ? errno : 0;
  if (region == nullptr && access == access_bits(RegistrationAccess::kLocal) && cause != ENOMEM) {
    region = context_->verbs().reg_mr(domain_, data, bytes, 0);
    cause = region == nullptr ? errno : 0;
  }
  if (region == nullptr) return register_failure(name(), bytes, cause);
  return std::unique_ptr<Registration>(std::make_unique<RdmaRegistration>(shared_from_this(), region, access != 0));
}

Result<std::unique_ptr<Registration>> RdmaDomain::register_dmabuf(const DmabufRange& range, uint32_t access) {
  if (Status sound = check(range.bytes, access); !sound.ok()) return sound;
  if (context_->verbs().reg_dmabuf_mr == nullptr) return takes_dmabuf();
  ibv_mr* const region = context_->verbs().reg_dmabuf_mr(domain_, range.offset, range.bytes, range.address,
                                                         range.descriptor, verbs_access(access));
  if (region == nullptr) return register_failure(name(), range.bytes, errno);
  return std::unique_ptr<Registration>(std::make_unique<RdmaRegistration>(shared_from_this(), region, access != 0));
}

Status RdmaDomain::takes_dmabuf() const {
  const VerbsFunctions& verbs = context_->verbs();
  if (verbs.reg_dmabuf_mr == nullptr) {
    return Status::error(Code::kUnsupported,
                         "the verbs library has no ibv_reg_dmabuf_mr; install rdma-core 34 or newer");
  }
  // A device that can finds fault with the descriptor.
  constexpr size_t kSomeBytes = 4096;
  ibv_mr* const none = verbs.reg_dmabuf_mr(domain_, 0, kSomeBytes, 0, -1, verbs_access(0));
  const int cause = none == nullptr ? errno : 0;
  if (none != nullptr) verbs.dereg_mr(none);
  if (cause != EOPNOTSUPP && cause != EPROTONOSUPPORT) return Status();
  return Status::error(Code::kUnsupported,
                       text("RDMA device ", name(), ", or its driver, registers no dma-buf: ", errno_text(cause)),
                       cause);
}

}  // namespace windlass
