package dev.windlass.rdma;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class RdmaDeviceTest {
  @Test
  void thereAreAsManyDevicesAsTheMachineSays() {
    assertEquals(RdmaSupport.ofThisMachine().devices(), RdmaDevice.all().size());
  }

  @Test
  void eachDeviceTellsItsPortsAndAddresses() {
    List<RdmaDevice> devices = RdmaDevice.all();
    assumeFalse(devices.isEmpty(), "this machine has no RDMA device");
    for (RdmaDevice device : devices) {
      assertFalse(device.name().isEmpty());
      assertFalse(device.ports().isEmpty());
      assertEquals(device.usable(), device.reason().isEmpty());
      assertTrue(!device.usable() || device.limits().isPresent());
      for (RdmaPort port : device.ports()) {
        assertEquals(port.active(), port.state().equals("ACTIVE"));
        assertTrue(port.addresses().stream().noneMatch(each -> each.address().isEmpty()));
      }
    }
  }

  @Test
  void aDeviceThatCannotBeUsedSaysWhy() {
    RdmaDevice device =
        new RdmaDevice(
            "rxe0",
            "",
            OptionalInt.empty(),
            List.of(),
            Optional.empty(),
            "no port of it is active",
            "it is old");
    assertFalse(device.usable());
    assertFalse(device.registersDmabuf());
  }
}
