package dev.windlass.cli;

import dev.windlass.memory.Device;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Supplier;

/** Shows what Windlass is for, on whatever machine this is. */
final class DemoCommand implements Command {
  /** What a checkpoint of the store's demo has at most: its volume holds several. */
  private static final long STORE_BYTES = 64 * ByteSize.MIB;

  @Override
  public String name() {
    return "demo";
  }

  @Override
  public String summary() {
    return "gives a region's memory back to the machine, has it again, and checks every byte; then"
        + " the same with each backup, side by side; then checkpoints through the tensor store";
  }

  @Override
  public String synopsis() {
    return "[--size 256M] [--backup pooled|pageable|none] [--device emulated|cuda|cuda:1]"
        + " [--directory /var/tmp]";
  }

  @Override
  public int run(List<String> arguments, Terminal terminal) {
    Arguments parsed =
        Arguments.parse(
            arguments, Set.of(), Set.of("--size", "--backup", "--device", "--directory"));
    OptionalLong size = parsed.value("--size").stream().mapToLong(ByteSize::parse).findFirst();
    Optional<BackupChoice> backup = parsed.value("--backup").map(BackupChoice::parse);
    String word = parsed.value("--device").orElse("emulated");
    Supplier<Device> device = DeviceChoice.parse(word);
    Path folder = Path.of(parsed.value("--directory").orElse("/var/tmp"));
    boolean onHost = word.equals("emulated");
    if (!onHost && backup.isPresent()) {
      throw new UsageException("--backup is for the emulated device; others show all of them");
    }
    boolean kept = true;
    if (onHost) {
      kept = new Demo(terminal, backup.orElse(BackupChoice.POOLED)).run(size);
    }
    if (kept && backup.isEmpty()) {
      terminal.out().println();
      kept = new SideBySide(terminal, device, folder).run(size.orElseGet(() -> usualSize(device)));
    }
    if (kept && onHost && backup.isEmpty()) {
      terminal.out().println();
      kept = new StoreDemo(terminal).run(Math.min(STORE_BYTES, size.orElse(STORE_BYTES)));
    }
    return kept ? OK : FAILED;
  }

  private static long usualSize(Supplier<Device> opener) {
    try (Device device = opener.get()) {
      return Demo.suitableSize(device.info().freeBytes());
    }
  }
}
