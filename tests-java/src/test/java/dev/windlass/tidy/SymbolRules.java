package dev.windlass.tidy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** What a built library exports and what it needs, beside what the headers and its map say. */
final class SymbolRules {
  static final String MAP = "native/windlass.map";
  static final String PRELOAD_MAP = "native/preload/preload.map";

  /** What the preloaded library exports beside what a header of ours declares: others' names. */
  private static final Set<String> ENTRY_POINTS =
      Set.of("cudaFree", "cudaMalloc", "windlass_torch_free", "windlass_torch_malloc");

  private static final Pattern LISTED = Pattern.compile("\\b(\\w+)\\s*;");

  private SymbolRules() {}

  /** The functions that the library of a version script is to have. */
  static Set<String> declaredFor(String map, Set<String> inHeaders) {
    Set<String> declared = new TreeSet<>(inHeaders);
    if (map.equals(PRELOAD_MAP)) {
      declared.removeIf(name -> !ofPreload(name));
      declared.addAll(ENTRY_POINTS);
    } else {
      declared.removeIf(SymbolRules::ofPreload);
    }
    return declared;
  }

  private static boolean ofPreload(String name) {
    return name.startsWith("wl_preload_");
  }

  /** The functions that the version script exports. */
  static Set<String> inMap(SourceTree tree, String map) {
    String text = tree.file(map).map(SourceFile::code).orElse("");
    return LISTED
        .matcher(text)
        .results()
        .map(m -> m.group(1))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /** Compares what is declared with what is listed. */
  static List<Finding> checkMap(String map, Set<String> declared, Set<String> listed) {
    List<Finding> findings = new ArrayList<>();
    minus(declared, listed)
        .forEach(name -> report(findings, map, name + " is declared, not listed", "Add it here"));
    minus(listed, declared)
        .forEach(
            name ->
                report(
                    findings, map, name + " is listed, not declared", "Declare it or take it out"));
    return findings;
  }

  /** Compares what a library exports, in nm's words, with what is listed. */
  static List<Finding> checkExports(
      String library, String nmOutput, String map, Set<String> listed) {
    Set<String> exported = new TreeSet<>();
    for (String line : nmOutput.lines().toList()) {
      String[] words = line.strip().split("\\s+");
      // A version node shows up as an absolute symbol.
      if (words.length == 3 && !words[1].equals("A")) {
        exported.add(words[2].replaceFirst("@.*", ""));
      }
    }
    List<Finding> findings = new ArrayList<>();
    minus(exported, listed)
        .forEach(
            name ->
                report(
                    findings,
                    library,
                    name + " is exported, and " + map + " does not list it",
                    "List it, if it belongs to the ABI; else find out why it is visible"));
    minus(listed, exported)
        .forEach(
            name -> report(findings, library, name + " is listed and not exported", "Define it"));
    return findings;
  }

  /** Refuses what would have to come from a libstdc++ of the user's machine. */
  static List<Finding> checkNeeds(String library, String nmOutput) {
    List<Finding> findings = new ArrayList<>();
    for (String line : nmOutput.lines().toList()) {
      String[] words = line.strip().split("\\s+");
      String name = words[words.length - 1];
      if (name.startsWith("_Z") || name.contains("@GLIBCXX") || name.contains("@CXXABI")) {
        report(
            findings,
            library,
            name + " is wanted from a shared libstdc++",
            "Link it statically (-static-libstdc++), so that one binary runs everywhere");
      }
    }
    return findings;
  }

  /** Runs nm over the library's dynamic symbols. */
  static String nm(Path library, String which) throws IOException, InterruptedException {
    Path output = Files.createTempFile("windlass-nm", ".txt");
    try {
      Process nm =
          new ProcessBuilder("nm", "-D", which, library.toString())
              .redirectOutput(output.toFile())
              .redirectErrorStream(true)
              .start();
      if (!nm.waitFor(60, TimeUnit.SECONDS) || nm.exitValue() != 0) {
        nm.destroy();
        throw new IOException("nm " + which + " " + library + ": " + Files.readString(output));
      }
      return Files.readString(output, StandardCharsets.UTF_8);
    } finally {
      Files.delete(output);
    }
  }

  private static Set<String> minus(Set<String> from, Set<String> what) {
    Set<String> rest = new TreeSet<>(from);
    rest.removeAll(what);
    return rest;
  }

  private static void report(List<Finding> findings, String path, String rule, String wayOut) {
    findings.add(new Finding(path, 1, rule, wayOut));
  }
}
