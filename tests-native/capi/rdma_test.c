#include "windlass/rdma.h"

#include <string.h>

#include "check.h"
#include "fixture.h"

#define MOST 64

/* Goal: with RDMA or without it, what is told fits together. */
TEST(rdma, whetherItCanBeHadIsToldWithTheReasonWhyNot) {
  wl_rdma_info info;
  uint64_t count = 77;
  wl_rdma_info_init(&info, sizeof info);
  CHECK_EQ(info.struct_size, sizeof info);
  CHECK_OK(wl_rdma_get_info(&info, NULL));
  CHECK_EQ(info.struct_size, sizeof info);
  CHECK_EQ(info.usable, info.reason[0] == '\0');
  CHECK(info.memory_lock_bytes > 0);
  CHECK_OK(wl_rdma_list_devices(NULL, 0, 0, &count, NULL));
  CHECK_EQ(info.devices, count);
  if (count == 0) CHECK_CONTAINS(info.reason, "no RDMA device");
  if (count == 0) CHECK_EQ(info.usable, 0);
}

static void check_gids(const char* device, const wl_rdma_port* port) {
  static wl_rdma_gid gids[256];
  uint64_t count = 0;
  CHECK_OK(wl_rdma_list_gids(device, port->number, gids, sizeof gids[0], 256, &count, NULL));
  CHECK_EQ(port->gids, count);
  for (uint64_t i = 0; i < count && i < 256; ++i) {
    CHECK(gids[i].kind >= WL_RDMA_GID_INFINIBAND && gids[i].kind <= WL_RDMA_GID_ROCE_V2);
    CHECK(gids[i].address[0] != '\0');
  }
}

TEST(rdma, eachDeviceTellsItsPortsAndTheirAddresses) {
  static wl_rdma_device devices[MOST];
  uint64_t count = 0;
  CHECK_OK(wl_rdma_list_devices(devices, sizeof devices[0], MOST, &count, NULL));
  if (count == 0) SKIP("this machine has no RDMA device");
  for (uint64_t i = 0; i < count && i < MOST; ++i) {
    wl_rdma_port ports[MOST];
    uint64_t its = 0;
    CHECK(devices[i].name[0] != '\0');
    CHECK_EQ(devices[i].usable, devices[i].reason[0] == '\0');
    CHECK_EQ(devices[i].dmabuf, devices[i].dmabuf_reason[0] == '\0');
    CHECK_EQ(devices[i].usable != 0 && devices[i].queue_pairs == 0, 0);
    CHECK_OK(wl_rdma_list_ports(devices[i].name, ports, sizeof ports[0], MOST, &its, NULL));
    CHECK_EQ(devices[i].ports, its);
    for (uint64_t port = 0; port < its && port < MOST; ++port) check_gids(devices[i].name, &ports[port]);
  }
}

TEST(rdma, whatIsNotThereIsNotFound) {
  uint64_t count = 77;
  wl_error error;
  CHECK_STATUS(wl_rdma_list_ports("nobody0", NULL, 0, 0, &count, &error), WL_STATUS_NOT_FOUND);
  CHECK_CONTAINS(error.message, "nobody0");
  CHECK_STATUS(wl_rdma_list_gids("nobody0", 1, NULL, 0, 0, &count, NULL), WL_STATUS_NOT_FOUND);
  CHECK_EQ(count, 77);
}

TEST(rdma, wrongArgumentsAreRefused) {
  wl_rdma_info info;
  wl_rdma_device device;
  wl_rdma_port port;
  wl_rdma_gid gid;
  uint64_t count = 0;
  CHECK_STATUS(wl_rdma_get_info(NULL, NULL), WL_STATUS_INVALID_ARGUMENT);
  wl_rdma_info_init(&info, 8);
  CHECK_STATUS(wl_rdma_get_info(&info, NULL), WL_STATUS_INVALID_ARGUMENT);
  CHECK_STATUS(wl_rdma_list_devices(NULL, 0, 0, NULL, NULL), WL_STATUS_INVALID_ARGUMENT);
  CHECK_STATUS(wl_rdma_list_devices(NULL, sizeof device, 1, &count, NULL), WL_STATUS_INVALID_ARGUMENT);
  CHECK_STATUS(wl_rdma_list_devices(&device, sizeof device - 1, 1, &count, NULL), WL_STATUS_INVALID_ARGUMENT);
  CHECK_STATUS(wl_rdma_list_ports(NULL, NULL, 0, 0, &count, NULL), WL_STATUS_INVALID_ARGUMENT);
  CHECK_STATUS(wl_rdma_list_ports("nobody0", &port, 0, 1, &count, NULL), WL_STATUS_INVALID_ARGUMENT);
  CHECK_STATUS(wl_rdma_list_gids(NULL, 1, NULL, 0, 0, &count, NULL), WL_STATUS_INVALID_ARGUMENT);
  CHECK_STATUS(wl_rdma_list_gids("nobody0", 1, &gid, 0, 1, &count, NULL), WL_STATUS_INVALID_ARGUMENT);
}
