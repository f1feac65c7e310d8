#include "windlass/page_pool.h"

#include <memory>

#include "capi/guard.hpp"
#include "capi/limits.hpp"
#include "device/device.hpp"
#include "device/host_pinner.hpp"
#include "memory/page_pool.hpp"

namespace {

using windlass::Device;
using windlass::HostPinner;
using windlass::Kind;
using windlass::PagePool;
using windlass::PagePoolInfo;
using windlass::Result;
using windlass::Status;

wl_page_pool_options default_page_pool_options() noexcept {
  wl_page_pool_options options{};
  options.struct_size = sizeof options;
  return options;
}

}  // namespace

void wl_page_pool_options_init(wl_page_pool_options* options, uint32_t struct_size) {
  windlass::capi::init_struct(options, struct_size, default_page_pool_options());
}

void wl_page_pool_info_init(wl_page_pool_info* info, uint32_t struct_size) {
  windlass::capi::init_struct(info, struct_size, wl_page_pool_info{});
}

wl_status wl_page_pool_open(const wl_page_pool_options* options, wl_page_pool* pool, wl_error* error) {
  return windlass::capi::guard(error, [&] {
    if (Status given = windlass::capi::check_pointer("pool", pool); !given.ok()) return given;
    wl_page_pool_options taken{};
    if (Status given = windlass::capi::take_options("page pool options", options, default_page_pool_options(), &taken);
        !given.ok()) {
      return given;
    }
    if (Status valid = windlass::capi::check_thread_count("page pool", taken.worker_threads); !valid.ok()) return valid;
    Result<std::shared_ptr<PagePool>> opened = PagePool::open({taken.limit_bytes, taken.worker_threads});
    if (!opened.ok()) return opened.status();
    return windlass::capi::publish(Kind::kPagePool, *std::move(opened), pool);
  });
}

wl_status wl_page_pool_prepare(wl_page_pool pool, uint64_t bytes, wl_error* error) {
  return windlass::capi::guard(error, [&] {
    Result<std::shared_ptr<PagePool>> found = windlass::capi::acquire<PagePool>(pool, Kind::kPagePool);
    return found.ok() ? (*found)->prepare(bytes) : found.status();
  });
}

wl_status wl_page_pool_pin(wl_page_pool pool, wl_device device, wl_error* error) {
  return windlass::capi::guard(error, [&] {
    Result<std::shared_ptr<PagePool>> found = windlass::capi::acquire<PagePool>(pool, Kind::kPagePool);
    if (!found.ok()) return found.status();
    Result<std::shared_ptr<Device>> named = windlass::capi::acquire<Device>(device, Kind::kDevice);
    if (!named.ok()) return named.status();
    return (*found)->pin_with(std::make_shared<HostPinner>(*std::move(named)));
  });
}

wl_status wl_page_pool_wait_pinned(wl_page_pool pool, wl_error* error) {
  return windlass::capi::guard(error, [&] {
    Result<std::shared_ptr<PagePool>> found = windlass::capi::acquire<PagePool>(pool, Kind::kPagePool);
    return found.ok() ? (*found)->wait_pinned() : found.status();
  });
}

wl_status wl_page_pool_trim(wl_page_pool pool, wl_error* error) {
  return windlass::capi::guard(error, [&] {
    Result<std::shared_ptr<PagePool>> found = windlass::capi::acquire<PagePool>(pool, Kind::kPagePool);
    if (found.ok()) (*found)->trim();
    return found.status();
  });
}

wl_status wl_page_pool_get_info(wl_page_pool pool, wl_page_pool_info* info, wl_error* error) {
  return windlass::capi::guard(error, [&] {
    if (Status given = windlass::capi::check_output("page pool info", info); !given.ok()) return given;
    Result<std::shared_ptr<PagePool>> found = windlass::capi::acquire<PagePool>(pool, Kind::kPagePool);
    if (!found.ok()) return found.status();
    const PagePoolInfo now = (*found)->info();
    wl_page_pool_info values{};
    values.limit_bytes = now.limit_bytes;
    values.held_bytes = now.held_bytes;
    values.lent_bytes = now.lent_bytes;
    values.grown_on_lend = now.grown_on_lend;
    values.prepared_bytes = now.prepared_bytes;
    values.pinned_bytes = now.pinned_bytes;
    values.lent_unpinned_bytes = now.lent_unpinned_bytes;
    values.quarantined_bytes = now.quarantined_bytes;
    windlass::capi::put_output(info, values);
    return Status();
  });
}

wl_status wl_page_pool_close(wl_page_pool pool, wl_error* error) {
  return windlass::capi::guard(error, [&] { return windlass::capi::remove<PagePool>(pool, Kind::kPagePool).status(); });
}
