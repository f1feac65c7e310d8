#include "transport/rdma/verbs.hpp"

#include <dlfcn.h>

#include "base/text.hpp"

namespace windlass {

namespace {

// Finds functions, and remembers the first one that is missing.
class VerbsFinder {
 public:
  explicit VerbsFinder(void* library) noexcept : library_(library) {}

  template <typename Function>
  void find(const char* name, Function*& function) noexcept {
    function = reinterpret_cast<Function*>(dlsym(library_, name));
    if (function == nullptr && missing_ == nullptr) missing_ = name;
  }
  // Null where it is missing.
  template <typename Function>
  void find_if_there(const char* name, Function*& function) noexcept {
    function = reinterpret_cast<Function*>(dlsym(library_, name));
  }
  const char* missing() const noexcept { return missing_; }

 private:
  void* library_;
  const char* missing_ = nullptr;
};

void find_all(VerbsFinder& library, VerbsFunctions& functions) noexcept {
  library.find("ibv_get_device_list", functions.get_device_list);
  library.find("ibv_free_device_list", functions.free_device_list);
  library.find("ibv_get_device_name", functions.get_device_name);
  library.find("ibv_open_device", functions.open_device);
  library.find("ibv_close_device", functions.close_device);
  library.find("ibv_query_device", functions.query_device);
  library.find("ibv_query_port", functions.query_port);
  library.find("ibv_get_async_event", functions.get_async_event);
  library.find("ibv_ack_async_event", functions.ack_async_event);
  library.find("ibv_event_type_str", functions.event_type_str);
  library.find("ibv_alloc_pd", functions.alloc_pd);
  library.find("ibv_dealloc_pd", functions.dealloc_pd);
  library.find("ibv_reg_mr", functions.reg_mr);
  library.find("ibv_dereg_mr", functions.dereg_mr);
  library.find_if_there("ibv_reg_dmabuf_mr", functions.reg_dmabuf_mr);
  library.find("ibv_create_comp_channel", functions.create_comp_channel);
  library.find("ibv_destroy_comp_channel", functions.destroy_comp_channel);
  library.find("ibv_create_cq", functions.create_cq);
  library.find("ibv_destroy_cq", functions.destroy_cq);
  library.find("ibv_get_cq_event", functions.get_cq_event);
  library.find("ibv_ack_cq_events", functions.ack_cq_events);
  library.find("ibv_create_qp", functions.create_qp);
  library.find("ibv_modify_qp", functions.modify_qp);
  library.find("ibv_destroy_qp", functions.destroy_qp);
  library.find("ibv_wc_status_str", functions.wc_status_str);
}

}  // namespace

Result<std::shared_ptr<const VerbsFunctions>> load_verbs(const std::string& path) {
  void* const library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char* const reason = dlerror();
    return Status::error(Code::kLibrary, text("the verbs library was not found: ", reason != nullptr ? reason : path,
                                              "; install rdma-core (Debian: libibverbs1 and ibverbs-providers)"));
  }
  auto functions = std::make_shared<VerbsFunctions>();
  VerbsFinder finder(library);
  find_all(finder, *functions);
  if (finder.missing() != nullptr) {
    const std::string missing = finder.missing();
    dlclose(library);
    return Status::error(Code::kUnsupported,
                         text("the verbs library ", path, " has no ", missing, "; install rdma-core 17 or newer"));
  }
  return std::shared_ptr<const VerbsFunctions>(std::move(functions));
}

}  // namespace windlass
