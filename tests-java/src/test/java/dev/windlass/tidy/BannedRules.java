package dev.windlass.tidy;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Calls and words that do not belong into the project, or not there. */
final class BannedRules {
  private static final String NOT_A_MEMBER = "(?<![\\w.>~])(?<!\\w::)";
  private static final String STD = "(?:(?<![\\w:])(?:std)?::|(?<![\\w.>:~]))";

  /** One ban: what, where it holds, what is wrong with it and what to do instead. */
  private record Ban(
      Pattern pattern,
      Predicate<SourceFile> where,
      String what,
      String instead,
      boolean wholeText) {
    Ban(String pattern, Predicate<SourceFile> where, String what, String instead) {
      this(Pattern.compile(pattern), where, what, instead, false);
    }
  }

  private static final String UNFINISHED_WORDS = "\\b(TO" + "DO|FIX" + "ME|X" + "XX)\\b";

  private static final List<Ban> BANS = new ArrayList<>();

  static {
    addNative();
    addJava();
    addEverywhere();
  }

  private BannedRules() {}

  static List<Finding> check(SourceTree tree) {
    List<Finding> findings = new ArrayList<>();
    List<SourceFile> files =
        tree.files()
            .filter(file -> file.isJava() || file.isNative())
            .filter(file -> !file.isGenerated())
            .toList();
    for (SourceFile file : files) {
      for (Ban ban : BANS) {
        if (ban.where.test(file)) {
          apply(ban, file, findings);
        }
      }
    }
    findings.addAll(sharedArenas(files));
    return findings;
  }

  private static void apply(Ban ban, SourceFile file, List<Finding> findings) {
    String text =
        ban.wholeText ? file.text() : file.code().replaceAll("(?m)^[ \\t]*#[ \\t]*include.*$", "");
    ban.pattern
        .matcher(text)
        .results()
        .forEach(
            found ->
                findings.add(
                    new Finding(
                        file.path(),
                        lineIn(text, found.start()),
                        ban.what + " (" + found.group().strip() + ")",
                        ban.instead)));
  }

  private static int lineIn(String text, int offset) {
    return 1 + (int) text.substring(0, offset).chars().filter(c -> c == '\n').count();
  }

  private static void addNative() {
    Predicate<SourceFile> product = file -> file.path().matches("native/.*") && file.isNative();
    Predicate<SourceFile> tests = file -> file.path().startsWith("tests-native/");
    ban(
        STD + "(exit|abort|_exit|_Exit|quick_exit|terminate)\\s*\\(",
        product,
        "a library ends nobody's process",
        "Return a Status");
    ban(
        STD + "(v?f?printf|puts|fputs|putchar|perror)\\s*\\(|\\bstd::(cout|cerr|clog)\\b",
        product.and(file -> !room(file).equals("daemon")),
        "a library writes to no stream",
        "Use log() of base/log.hpp");
    ban("\\bnew\\b", product, "new is banned", "Use std::make_unique, make_shared or a container");
    ban("(?<!=\\s{0,4})\\bdelete\\b", product, "delete is banned", "Let an owner's type do it");
    ban(
        STD + "(malloc|calloc|realloc|free|aligned_alloc|posix_memalign)\\s*\\(",
        product,
        "the C heap is banned",
        "Use a container, std::unique_ptr or HostRange");
    ban(
        STD + "((u|nano)?sleep|this_thread::sleep_(for|until))\\s*\\(|\\bsleep_(for|until)\\s*\\(",
        product,
        "sleeping is banned",
        "Wait for what you wait for, on a condition variable with a time limit");
    ban(
        STD + "(secure_)?getenv\\s*\\(",
        product.and(file -> !room(file).equals("base")),
        "the environment is read outside base",
        "Take an option, or add a function to base");
    ban(STD + "s?rand\\s*\\(", product, "rand is banned", "Use a seeded std::mt19937_64");
    ban(
        STD + "(strcpy|strcat|v?sprintf|gets)\\s*\\(",
        product,
        "unbounded copying is banned",
        "Use snprintf, std::string or a copy with a length");
    ban(
        NOT_A_MEMBER + "(?:std::|::)?signal\\s*\\(",
        product,
        "signal handlers belong to the host program",
        "Block signals on your own threads instead");
    Predicate<SourceFile> contains = file -> file.path().startsWith("native/src/base/contain.");
    ban(
        "\\bcatch\\s*\\(",
        product.and(contains.negate()),
        "catch stands outside base/contain, the one place where exceptions end",
        "Return a Status; run what may run out of memory through contain()");
    ban("\\bthrow\\b", product.and(contains.negate()), "throw is banned", "Return a Status");
    ban("\\busing\\s+namespace\\b", product, "using namespace is banned", "Name what you use");
    ban(
        "\\b(sleep_for|sleep_until|usleep|nanosleep)\\s*\\(|" + STD + "sleep\\s*\\(",
        tests,
        "a test sleeps",
        "Wait for the event itself, with a latch or a condition variable");
  }

  private static void addJava() {
    Predicate<SourceFile> main =
        file -> file.isJava() && !file.path().startsWith("tests-java/") && !isBenchTest(file);
    Predicate<SourceFile> speaks =
        file -> file.path().startsWith("java/windlass-cli/") || file.path().startsWith("bench/");
    ban(
        "\\bSystem\\s*\\.\\s*exit\\b|\\bRuntime\\b[^;]*\\.(exit|halt)\\b",
        main.and(file -> !isProgram(file)),
        "System.exit outside a program's main class",
        "Throw, or return an exit code to the main class");
    ban(
        "\\bSystem\\s*\\.\\s*(out|err)\\b",
        main.and(speaks.negate()),
        "a library writes to no stream",
        "Log through slf4j");
    ban(
        "\\bThread\\s*\\.\\s*sleep\\b|\\bTimeUnit\\s*\\.\\s*\\w+\\s*\\.\\s*sleep\\b",
        SourceFile::isJava,
        "sleeping is banned",
        "Wait for what you wait for: a latch, a future, a condition with a time limit");
    ban("\\bprintStackTrace\\s*\\(", main, "printStackTrace is banned", "Log it or pass it on");
    ban("\\bsun\\.misc\\.Unsafe\\b", SourceFile::isJava, "Unsafe is banned", "Use MemorySegment");
  }

  private static void addEverywhere() {
    BANS.add(
        new Ban(
            Pattern.compile(UNFINISHED_WORDS),
            file -> true,
            "a note of unfinished work",
            "Do it, or write an issue and say here what is so and why",
            true));
  }

  private static void ban(
      String pattern, Predicate<SourceFile> where, String what, String instead) {
    BANS.add(new Ban(pattern, where, what, instead));
  }

  /** A shared arena costs tens of microseconds to close, so one class may own the reason for it. */
  private static List<Finding> sharedArenas(List<SourceFile> files) {
    Pattern shared = Pattern.compile("\\bArena\\s*\\.\\s*ofShared\\b");
    List<SourceFile> users =
        files.stream()
            .filter(file -> file.path().matches("(java|bindings)/.*"))
            .filter(file -> shared.matcher(file.code()).find())
            .toList();
    List<Finding> findings = new ArrayList<>();
    for (SourceFile file : users.stream().skip(1).toList()) {
      Matcher found = shared.matcher(file.code());
      int line = found.find() ? lineIn(file.code(), found.start()) : 1;
      findings.add(
          new Finding(
              file.path(),
              line,
              "Arena.ofShared is used in a second file, besides " + users.getFirst().path(),
              "Use a confined arena for arguments, or share the one place"));
    }
    return findings;
  }

  /** The command line's Main, and main classes of the benchmarks. */
  private static boolean isProgram(SourceFile file) {
    return file.path().matches("java/windlass-cli/.*/Main\\.java")
        || (file.path().startsWith("bench/") && file.code().contains("static void main("));
  }

  private static boolean isBenchTest(SourceFile file) {
    return file.path().contains("/src/test/");
  }

  private static String room(SourceFile file) {
    return IncludeRules.room(file.path());
  }
}
