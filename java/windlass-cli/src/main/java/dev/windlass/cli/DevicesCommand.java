package dev.windlass.cli;

import dev.windlass.Status;
import dev.windlass.WindlassException;
import dev.windlass.memory.Device;
import dev.windlass.memory.DeviceInfo;
import java.util.List;
import java.util.Set;

/** Lists the devices that regions can be on. */
final class DevicesCommand implements Command {
  @Override
  public String name() {
    return "devices";
  }

  @Override
  public String summary() {
    return "lists the devices that regions can be on; with --cuda only GPUs, and fails without one";
  }

  @Override
  public String synopsis() {
    return "[--cuda]";
  }

  @Override
  public int run(List<String> arguments, Terminal terminal) {
    boolean onlyCuda = Arguments.parse(arguments, Set.of("--cuda"), Set.of()).has("--cuda");
    if (onlyCuda) {
      // Opening one says why there is none, where counting only says that there is none.
      try (Device first = Device.cuda(0)) {
        first.info();
      } catch (WindlassException none) {
        if (none.status() == Status.LIBRARY || none.status() == Status.NOT_FOUND) {
          terminal.err().println("windlass devices: " + none.getMessage());
          return FAILED;
        }
        throw none;
      }
    }
    TextTable table =
        new TextTable("Device", "Memory", "Free", "Granularity", "Name").alignRight(1, 2, 3);
    List<Device> devices = Device.all();
    try {
      int gpus = Device.cudaCount();
      for (int index = 0; index < devices.size(); index++) {
        boolean gpu = index < gpus;
        if (gpu || !onlyCuda) {
          DeviceInfo info = devices.get(index).info();
          table.row(
              gpu ? "cuda:" + index : "emulated",
              ByteSize.format(info.totalBytes()),
              ByteSize.format(info.freeBytes()),
              ByteSize.format(info.granularityBytes()),
              info.name());
        }
      }
    } finally {
      devices.forEach(Device::close);
    }
    terminal.out().print(table.render(terminal.columns()));
    return OK;
  }
}
