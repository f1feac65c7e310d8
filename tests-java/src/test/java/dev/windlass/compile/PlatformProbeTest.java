package dev.windlass.compile;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class PlatformProbeTest {
  @Test
  void namesAreThoseOfPython() {
    assertEquals("x86_64", PlatformProbe.architecture("amd64", "Linux"));
    assertEquals("aarch64", PlatformProbe.architecture("aarch64", "Linux"));
    assertEquals("arm64", PlatformProbe.architecture("aarch64", "Darwin"));
    assertEquals("AMD64", PlatformProbe.architecture("amd64", "Windows"));
    assertEquals("riscv64", PlatformProbe.architecture("riscv64", "Linux"));
    assertEquals("Linux", PlatformProbe.platform("Linux"));
    assertEquals("Darwin", PlatformProbe.platform("Mac OS X"));
    assertEquals("Windows", PlatformProbe.platform("Windows 11"));
  }

  @Test
  void thisMachineIsALinux() {
    assertEquals("Linux", PlatformProbe.platform());
  }
}
