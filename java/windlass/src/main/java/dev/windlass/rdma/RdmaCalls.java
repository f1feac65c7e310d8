package dev.windlass.rdma;

import dev.windlass.Status;
import dev.windlass.WindlassException;
import dev.windlass.bindings.NativeCall;
import dev.windlass.bindings.WindlassAbi;
import dev.windlass.bindings.wl_rdma_device;
import dev.windlass.bindings.wl_rdma_gid;
import dev.windlass.bindings.wl_rdma_info;
import dev.windlass.bindings.wl_rdma_port;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.function.Function;

/** The calls of rdma.h. */
final class RdmaCalls {
  private static final long LIKELY = 16;
  private static final long NO_LIMIT = -1; // UINT64_MAX

  private RdmaCalls() {}

  static RdmaSupport support() {
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      MemorySegment info = call.allocate(wl_rdma_info.layout(), WindlassAbi::wl_rdma_info_init);
      call.check(WindlassAbi.wl_rdma_get_info(info, call.error()));
      long bytes = wl_rdma_info.memory_lock_bytes(info);
      return new RdmaSupport(
          wl_rdma_info.devices(info),
          wl_rdma_info.reason(info).getString(0),
          bytes == NO_LIMIT ? OptionalLong.empty() : OptionalLong.of(bytes),
          wl_rdma_info.peer_memory(info) != 0);
    }
  }

  static List<RdmaDevice> devices() {
    List<RdmaDevice> devices = new ArrayList<>();
    for (RdmaDevice device :
        list(wl_rdma_device.layout(), RdmaCalls::listDevices, RdmaCalls::device)) {
      try {
        devices.add(withPorts(device));
      } catch (WindlassException gone) {
        if (gone.status() != Status.NOT_FOUND) {
          throw gone;
        }
      }
    }
    return List.copyOf(devices);
  }

  private static RdmaDevice withPorts(RdmaDevice device) {
    List<RdmaPort> ports = new ArrayList<>();
    for (RdmaPort port : ports(device.name())) {
      ports.add(
          new RdmaPort(
              port.number(),
              port.link(),
              port.active(),
              port.state(),
              port.rate(),
              addresses(device.name(), port.number())));
    }
    return new RdmaDevice(
        device.name(),
        device.firmware(),
        device.numaNode(),
        ports,
        device.limits(),
        device.reason(),
        device.dmabufReason());
  }

  private static List<RdmaPort> ports(String device) {
    return list(
        wl_rdma_port.layout(),
        (call, structs, size, capacity, count) ->
            WindlassAbi.wl_rdma_list_ports(
                call.allocate(device), structs, size, capacity, count, call.error()),
        RdmaCalls::port);
  }

  private static List<RdmaAddress> addresses(String device, int port) {
    return list(
        wl_rdma_gid.layout(),
        (call, structs, size, capacity, count) ->
            WindlassAbi.wl_rdma_list_gids(
                call.allocate(device), port, structs, size, capacity, count, call.error()),
        RdmaCalls::address);
  }

  /** A call that writes structs, at most as many as there is room for. */
  private interface Lister {
    int list(NativeCall call, MemorySegment structs, int size, long capacity, MemorySegment count);
  }

  private static int listDevices(
      NativeCall call, MemorySegment structs, int size, long capacity, MemorySegment count) {
    return WindlassAbi.wl_rdma_list_devices(structs, size, capacity, count, call.error());
  }

  private static <T> List<T> list(
      MemoryLayout layout, Lister lister, Function<MemorySegment, T> reader) {
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      MemorySegment count = call.allocate(ValueLayout.JAVA_LONG);
      long capacity = LIKELY;
      while (true) {
        MemorySegment structs = call.allocate(layout, capacity);
        int size = Math.toIntExact(layout.byteSize());
        call.check(lister.list(call, structs, size, capacity, count));
        long there = count.get(ValueLayout.JAVA_LONG, 0);
        if (there <= capacity) {
          return structs.elements(layout).limit(there).map(reader).toList();
        }
        capacity = there;
      }
    }
  }

  private static RdmaDevice device(MemorySegment device) {
    int node = wl_rdma_device.numa_node(device);
    long queuePairs = wl_rdma_device.queue_pairs(device);
    return new RdmaDevice(
        wl_rdma_device.name(device).getString(0),
        wl_rdma_device.firmware(device).getString(0),
        node < 0 ? OptionalInt.empty() : OptionalInt.of(node),
        List.of(),
        queuePairs == 0
            ? Optional.empty()
            : Optional.of(
                new RdmaLimits(
                    wl_rdma_device.most_registration_bytes(device),
                    wl_rdma_device.registrations(device),
                    queuePairs,
                    wl_rdma_device.queue_pair_depth(device))),
        wl_rdma_device.reason(device).getString(0),
        wl_rdma_device.dmabuf_reason(device).getString(0));
  }

  private static RdmaPort port(MemorySegment port) {
    boolean ethernet = wl_rdma_port.link(port) == WindlassAbi.WL_RDMA_LINK_ETHERNET();
    return new RdmaPort(
        wl_rdma_port.number(port),
        ethernet ? RdmaLink.ETHERNET : RdmaLink.INFINIBAND,
        wl_rdma_port.active(port) != 0,
        wl_rdma_port.state(port).getString(0),
        wl_rdma_port.rate(port).getString(0),
        List.of());
  }

  private static RdmaAddress address(MemorySegment gid) {
    return new RdmaAddress(
        wl_rdma_gid.index(gid),
        kind(wl_rdma_gid.kind(gid)),
        wl_rdma_gid.address(gid).getString(0),
        wl_rdma_gid.interface_name(gid).getString(0));
  }

  private static RdmaAddressKind kind(int kind) {
    if (kind == WindlassAbi.WL_RDMA_GID_ROCE_V2()) {
      return RdmaAddressKind.ROCE_V2;
    }
    return kind == WindlassAbi.WL_RDMA_GID_ROCE_V1()
        ? RdmaAddressKind.ROCE_V1
        : RdmaAddressKind.INFINIBAND;
  }
}
