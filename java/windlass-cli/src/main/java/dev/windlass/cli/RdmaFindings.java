package dev.windlass.cli;

import dev.windlass.rdma.RdmaAddress;
import dev.windlass.rdma.RdmaDevice;
import dev.windlass.rdma.RdmaLimits;
import dev.windlass.rdma.RdmaLink;
import dev.windlass.rdma.RdmaPort;
import dev.windlass.rdma.RdmaSupport;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** What doctor says of RDMA, beside whether there is any: each device, and its way to memory. */
final class RdmaFindings {
  private static final int SHOWN_ADDRESSES = 4;
  private static final String HOST_ONLY = "; stores take host memory all the same (Region.read)";

  private RdmaFindings() {}

  static List<Finding> ofThisMachine() {
    return of(RdmaSupport.ofThisMachine(), RdmaDevice.all());
  }

  /** None where there is no device: then the row of the feature says it all. */
  static List<Finding> of(RdmaSupport support, List<RdmaDevice> devices) {
    List<Finding> findings = new ArrayList<>();
    for (RdmaDevice device : devices) {
      findings.add(device(device));
    }
    if (!devices.isEmpty()) {
      findings.add(memory(support));
      findings.add(gpuMemory(support, devices));
    }
    return findings;
  }

  private static Finding device(RdmaDevice device) {
    List<String> facts = new ArrayList<>();
    device.ports().forEach(port -> facts.add(port(port)));
    device.limits().ifPresent(limits -> facts.add(limits(limits)));
    device.numaNode().ifPresent(node -> facts.add("NUMA node " + node));
    if (!device.firmware().isEmpty()) {
      facts.add("firmware " + device.firmware());
    }
    String name = "RDMA " + device.name();
    String detail = String.join("; ", facts);
    return device.usable()
        ? Finding.present(name, detail)
        : Finding.absent(name, detail + "; " + what(device.reason()), toDo(device.reason()));
  }

  private static String port(RdmaPort port) {
    String link = port.link() == RdmaLink.ETHERNET ? "Ethernet" : "InfiniBand";
    String rate = port.rate().isEmpty() ? "" : ", " + port.rate();
    int more = port.addresses().size() - SHOWN_ADDRESSES;
    String addresses =
        port.addresses().stream()
            .limit(SHOWN_ADDRESSES)
            .map(RdmaFindings::address)
            .collect(Collectors.joining(", "));
    return "port "
        + port.number()
        + " is "
        + port.state()
        + ", "
        + link
        + rate
        + (addresses.isEmpty() ? ", without an address" : ", GIDs: " + addresses)
        + (more > 0 ? " and " + more + " more" : "");
  }

  private static String address(RdmaAddress address) {
    String kind =
        switch (address.kind()) {
          case INFINIBAND -> "";
          case ROCE_V1 -> " (RoCE v1)";
          case ROCE_V2 -> " (RoCE v2)";
        };
    return address.index() + " " + address.address() + kind;
  }

  private static String limits(RdmaLimits limits) {
    return limits.queuePairs()
        + " queue pairs of "
        + limits.queuePairDepth()
        + ", "
        + limits.registrations()
        + " registrations of "
        + (limits.mostRegistrationBytes() < 0
            ? "any size"
            : ByteSize.format(limits.mostRegistrationBytes()));
  }

  private static Finding memory(RdmaSupport support) {
    String name = "memory for RDMA";
    if (support.memoryLockBytes().isEmpty()) {
      return Finding.present(name, "this process may lock as much as it wants");
    }
    return Finding.absent(
        name,
        "this process may lock " + ByteSize.format(support.memoryLockBytes().getAsLong()),
        "ulimit -l unlimited; memlock in /etc/security/limits.conf; LimitMEMLOCK=infinity in"
            + " systemd; or in Docker --ulimit memlock=-1");
  }

  /** Of the devices: a store takes host memory, into which a region on a GPU is read. */
  private static Finding gpuMemory(RdmaSupport support, List<RdmaDevice> devices) {
    String name = "GPU memory for RDMA";
    List<String> direct =
        devices.stream().filter(RdmaDevice::registersDmabuf).map(RdmaDevice::name).toList();
    if (!direct.isEmpty()) {
      return Finding.present(name, "by dma-buf: " + String.join(", ", direct) + HOST_ONLY);
    }
    if (support.peerMemory()) {
      return Finding.present(name, "by address: nvidia_peermem is loaded" + HOST_ONLY);
    }
    return Finding.absent(
        name,
        "no dma-buf (" + what(devices.getFirst().dmabufReason()) + "), and no nvidia_peermem",
        "none needed: stores take host memory, into which a region is read (Region.read)");
  }

  /** Messages say what happened, and behind a semicolon what to do. */
  private static String what(String message) {
    int end = message.indexOf("; ");
    return end < 0 ? message : message.substring(0, end);
  }

  private static String toDo(String message) {
    int end = message.indexOf("; ");
    return end < 0 ? "see the kernel's log" : message.substring(end + 2);
  }
}
