package dev.windlass.rdma;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class RdmaSupportTest {
  @Test
  void whereRdmaCannotBeHadTheReasonIsToldWithWhatToDo() {
    RdmaSupport support = RdmaSupport.ofThisMachine();
    assertEquals(support.usable(), support.reason().isEmpty());
    if (support.devices() == 0) {
      assertFalse(support.usable());
      assertTrue(support.reason().contains("no RDMA device"), support.reason());
    }
    assertTrue(support.memoryLockBytes().orElse(1) > 0);
  }
}
