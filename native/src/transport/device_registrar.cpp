#include "transport/device_registrar.hpp"

#include <unistd.h>

#include "base/bytes.hpp"
#include "base/text.hpp"

namespace windlass {

namespace {

// Open for as long as it exists.
class OpenDmabuf {
 public:
  explicit OpenDmabuf(int descriptor) noexcept : descriptor_(descriptor) {}
  ~OpenDmabuf() { close(descriptor_); }
  OpenDmabuf(const OpenDmabuf&) = delete;
  OpenDmabuf& operator=(const OpenDmabuf&) = delete;

  int get() const noexcept { return descriptor_; }

 private:
  const int descriptor_;
};

}  // namespace

Result<std::shared_ptr<DeviceRegistrar>> DeviceRegistrar::open(std::shared_ptr<Registrar> registrar,
                                                               std::shared_ptr<Device> device) {
  if (Status gives = device->gives_dmabuf(); !gives.ok()) return gives;
  if (Status takes = registrar->takes_dmabuf(); !takes.ok()) return takes;
  return std::make_shared<DeviceRegistrar>(std::move(registrar), std::move(device));
}

Result<std::unique_ptr<Registration>> DeviceRegistrar::register_memory(std::byte* data, uint64_t bytes,
                                                                       uint32_t access) {
  if (bytes == 0 || bytes > most_bytes()) {
    return Status::error(Code::kInvalidArgument,
                         text(name(), " registers 1 to ", most_bytes(), " bytes at once, not ", bytes));
  }
  const auto page_bytes = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  const auto address = reinterpret_cast<uint64_t>(data);
  const uint64_t start = address / page_bytes * page_bytes;
  Result<int> exported = device_->export_dmabuf(start, round_up(address + bytes - start, page_bytes));
  if (!exported.ok()) return exported.status();
  const OpenDmabuf dmabuf(*exported);  // the registration keeps the memory itself
  return registrar_->register_dmabuf(
      {.descriptor = dmabuf.get(), .offset = address - start, .bytes = bytes, .address = address}, access);
}

DeviceMemoryPath choose_device_memory_path(const std::shared_ptr<Registrar>& registrar,
                                           const std::shared_ptr<Device>& device) {
  if (device->host_accessible()) return {registrar, "registered where it lies, as memory of the host"};
  Result<std::shared_ptr<DeviceRegistrar>> direct = DeviceRegistrar::open(registrar, device);
  if (direct.ok()) return {*std::move(direct), "registered where it lies, by dma-buf"};
  return {nullptr, text("staged through pinned buffers: ", direct.status().message())};
}

}  // namespace windlass
