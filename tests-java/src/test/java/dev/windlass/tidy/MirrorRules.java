package dev.windlass.tidy;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Each source has a test of its own, found without searching.
 *
 * <p>native/src/room/x.cpp is tested by tests-native/room/x_test.cpp (in C: x_test.c). Variants of
 * one thing, x_this.cpp and x_that.cpp beside x.cpp, are tested together by x_test.cpp. A public
 * class of java/windlass is tested by its name and Test, in the same package of tests-java; what
 * has nothing to test alone is exempt: enums, annotations, and records, interfaces and exceptions
 * that make no use of the bindings.
 */
final class MirrorRules {
  private static final Pattern PUBLIC_TYPE =
      Pattern.compile(
          "(?m)^public\\s+(?:(?:abstract|final|sealed|non-sealed|strictfp)\\s+)*"
              + "(class|record|enum|interface|@interface)\\s+(\\w+)");

  private MirrorRules() {}

  static List<Finding> check(SourceTree tree) {
    List<Finding> findings = new ArrayList<>();
    tree.under("native/src/")
        .filter(file -> file.extension().equals("cpp"))
        .forEach(file -> checkNative(tree, file, findings));
    tree.under("java/windlass/")
        .filter(file -> file.isJava() && file.path().contains("/src/main/java/"))
        .forEach(file -> checkJava(tree, file, findings));
    return findings;
  }

  private static void checkNative(SourceTree tree, SourceFile file, List<Finding> findings) {
    String folder = file.folder().replaceFirst("^native/src", "tests-native");
    boolean tested = hasTest(tree, folder + "/" + file.stem());
    int last = file.stem().lastIndexOf('_');
    if (!tested && last > 0) {
      String common = file.stem().substring(0, last);
      tested =
          tree.has(file.folder() + "/" + common + ".cpp") && hasTest(tree, folder + "/" + common);
    }
    if (!tested) {
      findings.add(
          new Finding(
              file.path(),
              1,
              "the source has no test of its own",
              "Write " + folder + "/" + file.stem() + "_test.cpp"));
    }
  }

  private static boolean hasTest(SourceTree tree, String stem) {
    return Stream.of("_test.cpp", "_test.c").anyMatch(end -> tree.has(stem + end));
  }

  private static void checkJava(SourceTree tree, SourceFile file, List<Finding> findings) {
    Optional<String> name = testedType(file);
    String test =
        "tests-java/src/test/java/"
            + ImportRules.packageOf(file).replace('.', '/')
            + "/"
            + name.orElse("")
            + "Test.java";
    if (name.isPresent() && !tree.has(test)) {
      findings.add(
          new Finding(
              file.path(),
              1,
              "the public class " + name.get() + " has no test of its own",
              "Write " + test));
    }
  }

  /** The name of the file's public type, if it is one that needs a test. */
  private static Optional<String> testedType(SourceFile file) {
    return PUBLIC_TYPE
        .matcher(file.code())
        .results()
        .findFirst()
        .filter(
            type ->
                switch (type.group(1)) {
                  case "enum", "@interface" -> false;
                  case "record", "interface" -> usesBindings(file);
                  default -> usesBindings(file) || !type.group(2).endsWith("Exception");
                })
        .map(type -> type.group(2));
  }

  private static boolean usesBindings(SourceFile file) {
    return file.code().contains("dev.windlass.bindings.");
  }
}
