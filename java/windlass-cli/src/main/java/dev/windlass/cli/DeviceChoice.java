package dev.windlass.cli;

import dev.windlass.memory.Device;
import java.util.function.Supplier;

/** What {@code --device} can be. */
final class DeviceChoice {
  private DeviceChoice() {}

  /**
   * Reads the choice; the device is opened when it is asked for.
   *
   * @throws UsageException where it is none
   */
  static Supplier<Device> parse(String text) {
    if (text.equals("emulated")) {
      return Device::emulated;
    }
    if (text.equals("cuda")) {
      return () -> Device.cuda(0);
    }
    if (text.matches("cuda:[0-9]{1,4}")) {
      int ordinal = Integer.parseInt(text.substring("cuda:".length()));
      return () -> Device.cuda(ordinal);
    }
    throw new UsageException(
        "\"" + text + "\" is no device: it is emulated, cuda, or cuda: and a number");
  }
}
