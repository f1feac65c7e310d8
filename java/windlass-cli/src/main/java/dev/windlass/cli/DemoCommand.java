package dev.windlass.cli;

import java.util.List;
import java.util.OptionalLong;
import java.util.Set;

/** Shows what Windlass is for, on whatever machine this is. */
final class DemoCommand implements Command {
  @Override
  public String name() {
    return "demo";
  }

  @Override
  public String summary() {
    return "gives a region's memory back to the machine, has it again, and checks every byte";
  }

  @Override
  public String synopsis() {
    return "[--size 256M] [--backup pooled|pageable|none]";
  }

  @Override
  public int run(List<String> arguments, Terminal terminal) {
    Arguments parsed = Arguments.parse(arguments, Set.of(), Set.of("--size", "--backup"));
    OptionalLong size = parsed.value("--size").stream().mapToLong(ByteSize::parse).findFirst();
    BackupChoice backup =
        parsed.value("--backup").map(BackupChoice::parse).orElse(BackupChoice.POOLED);
    return new Demo(terminal, backup).run(size) ? OK : FAILED;
  }
}
