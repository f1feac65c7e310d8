package dev.windlass.bindings;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.windlass.support.ChildJvm;
import java.io.IOException;
import java.lang.foreign.GroupLayout;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.PaddingLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.jar.JarFile;
import org.junit.jupiter.api.Test;

/**
 * Goal: every struct of the ABI has one layout, in C and in Java.
 *
 * <p>Method: a C program, compiled from the headers, prints its sizes and offsets; the same lines
 * are made from the generated layouts, and neither side may have one that the other has not.
 */
class LayoutTest {
  @Test
  void everyStructIsLaidOutAsInC() throws Exception {
    Path program = Path.of(System.getProperty("windlass.layouts"));
    assumeTrue(Files.isExecutable(program), () -> "the native tests are not built: no " + program);
    Set<String> inJava = new TreeSet<>();
    for (GroupLayout struct : structs()) {
      inJava.addAll(describe(struct));
    }
    assertFalse(inJava.isEmpty());
    Set<String> inC = linesOf(program);
    assertTrue(
        inC.equals(inJava),
        () ->
            "run bindings/generate.sh, or add the struct to tests-native/capi/layouts.c."
                + only("C", inC, inJava)
                + only("Java", inJava, inC));
  }

  private static String only(String side, Set<String> lines, Set<String> others) {
    Set<String> only = new TreeSet<>(lines);
    only.removeAll(others);
    return "\nOnly in " + side + ":\n  " + String.join("\n  ", only);
  }

  private static Set<String> linesOf(Path program) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(program.toString()).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), output);
    return new TreeSet<>(output.lines().toList());
  }

  private static List<GroupLayout> structs() throws IOException, ReflectiveOperationException {
    List<GroupLayout> structs = new ArrayList<>();
    try (JarFile jar = new JarFile(ChildJvm.windlassJar().toFile())) {
      for (String name : jar.stream().map(entry -> entry.getName()).toList()) {
        if (name.matches("dev/windlass/bindings/wl_[a-z_]+\\.class")) {
          String type = name.replace('/', '.').replaceAll("\\.class$", "");
          structs.add((GroupLayout) Class.forName(type).getMethod("layout").invoke(null));
        }
      }
    }
    return structs;
  }

  private static List<String> describe(GroupLayout struct) {
    String name = struct.name().orElseThrow();
    List<String> lines = new ArrayList<>();
    lines.add(
        "struct %s size %d align %d".formatted(name, struct.byteSize(), struct.byteAlignment()));
    long offset = 0;
    for (MemoryLayout member : struct.memberLayouts()) {
      if (!(member instanceof PaddingLayout)) {
        String field = member.name().orElseThrow();
        lines.add(
            "field %s %s offset %d size %d".formatted(name, field, offset, member.byteSize()));
      }
      offset += member.byteSize();
    }
    return lines;
  }
}
