package dev.windlass.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.windlass.rdma.RdmaAddress;
import dev.windlass.rdma.RdmaAddressKind;
import dev.windlass.rdma.RdmaDevice;
import dev.windlass.rdma.RdmaLimits;
import dev.windlass.rdma.RdmaLink;
import dev.windlass.rdma.RdmaPort;
import dev.windlass.rdma.RdmaSupport;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class RdmaFindingsTest {
  private static final RdmaPort PORT =
      new RdmaPort(
          1,
          RdmaLink.ETHERNET,
          true,
          "ACTIVE",
          "2.5 Gb/sec (1X SDR)",
          List.of(new RdmaAddress(1, RdmaAddressKind.ROCE_V2, "10.77.0.1", "rd0")));

  private static RdmaDevice device(String reason, String dmabufReason) {
    return new RdmaDevice(
        "rxe0",
        "1.2",
        OptionalInt.of(0),
        List.of(PORT),
        Optional.of(new RdmaLimits(1L << 30, 100, 200, 300)),
        reason,
        dmabufReason);
  }

  @Test
  void whereThereIsNoDeviceThereIsNoRow() {
    assertEquals(
        List.of(),
        RdmaFindings.of(new RdmaSupport(0, "no device", OptionalLong.empty(), false), List.of()));
  }

  @Test
  void aDeviceHasARowWithItsPortsAndLimits() {
    List<Finding> findings =
        RdmaFindings.of(
            new RdmaSupport(1, "", OptionalLong.empty(), false), List.of(device("", "")));
    assertEquals("RDMA rxe0", findings.getFirst().name());
    assertEquals(
        "port 1 is ACTIVE, Ethernet, 2.5 Gb/sec (1X SDR), GIDs: 1 10.77.0.1 (RoCE v2);"
            + " 200 queue pairs of 300, 100 registrations of 1 GiB; NUMA node 0; firmware 1.2",
        findings.getFirst().detail());
    assertTrue(
        findings.stream().allMatch(each -> each.presence() == Finding.Presence.PRESENT),
        findings.toString());
  }

  @Test
  void whatIsMissingIsSaidWithWhatToDo() {
    List<Finding> findings =
        RdmaFindings.of(
            new RdmaSupport(1, "", OptionalLong.of(8 << 20), false),
            List.of(device("port 1 is DOWN; bring its link up", "the library is old; renew it")));
    assertTrue(findings.get(0).detail().endsWith("; port 1 is DOWN"), findings.toString());
    assertEquals("bring its link up", findings.get(0).remedy());
    assertEquals("this process may lock 8 MiB", findings.get(1).detail());
    assertTrue(findings.get(1).remedy().contains("ulimit -l"), findings.toString());
    assertEquals(
        "no dma-buf (the library is old), and no nvidia_peermem", findings.get(2).detail());
  }

  @Test
  void gpuMemoryIsReachedByAddressWhereAModuleIsLoaded() {
    List<Finding> findings =
        RdmaFindings.of(
            new RdmaSupport(1, "", OptionalLong.empty(), true), List.of(device("", "no")));
    assertEquals(Finding.Presence.PRESENT, findings.getLast().presence());
  }
}
