package dev.windlass.tidy;

import static dev.windlass.tidy.Finding.assertFound;
import static dev.windlass.tidy.Finding.assertNone;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BannedTidyTest {
  private static final String NATIVE = "native/src/region/a.cpp";
  private static final String JAVA = "java/windlass/src/main/java/dev/windlass/A.java";

  @Test
  void nobodyCallsWhatIsBanned() {
    assertNone(BannedRules.check(SourceTree.ofRepository()));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "exit(1);",
        "std::abort();",
        "_exit(1);",
        "::quick_exit(2);",
        "std::terminate();",
        "printf(\"x\");",
        "std::fprintf(stderr, \"x\");",
        "std::cout << 1;",
        "std::cerr << 1;",
        "int* a = new int;",
        "new (place) Thing();",
        "delete a;",
        "delete[] a;",
        "void* a = malloc(1);",
        "std::free(a);",
        "sleep(1);",
        "usleep(1);",
        "std::this_thread::sleep_for(second);",
        "char* a = getenv(\"HOME\");",
        "int a = std::rand();",
        "strcpy(a, b);",
        "sprintf(a, b);",
        "signal(SIGINT, handler);",
        "} catch (...) {",
        "throw Thing();",
        "using namespace std;",
      })
  void whatIsBannedInTheNativeTreeIsFound(String statement) {
    assertFound(check(NATIVE, "void f() {\n  " + statement + "\n}\n"), NATIVE, 2, "");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "#include <new>",
        "Thing(const Thing&) = delete;",
        "// exit(1), new, delete, throw",
        "log(\"throw new abort() getenv\");",
        "pool.free(a);",
        "thing->signal(a);",
        "condition.wait_for(lock, time);",
        "snprintf(a, sizeof(a), b);",
        "int renewed = catcher + exit_code;",
        "atexit_count(1);",
      })
  void whatOnlyLooksBannedIsFine(String statement) {
    assertNone(check(NATIVE, statement + "\n"));
  }

  @Test
  void whatIsAllowedInOnePlaceIsAllowedThere() {
    assertNone(check("native/src/base/contain.cpp", "try { throw; } catch (...) {}\n"));
    assertNone(check("native/src/base/environment.cpp", "auto a = std::getenv(\"A\");\n"));
    assertNone(
        check("java/windlass-cli/src/main/java/dev/windlass/cli/Main.java", "System.exit(1);"));
    assertNone(check("java/windlass-cli/src/main/java/dev/windlass/cli/A.java", "System.out.x();"));
  }

  @Test
  void aBenchmarkMayExitFromItsMainClassOnly() {
    String bench = "bench/java/src/main/java/dev/windlass/bench/Report.java";
    String main = "class Report {\n  static void main(String[] a) {\n    System.exit(1);\n  }\n}\n";
    assertNone(check(bench, main));
    assertFound(check(bench, main.replace("main(", "run(")), bench, 3, "System.exit");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "System.exit(1);",
        "Runtime.getRuntime().halt(1);",
        "System.out.println();",
        "System.err.println();",
        "Thread.sleep(1);",
        "TimeUnit.SECONDS.sleep(1);",
        "e.printStackTrace();",
        "import sun.misc.Unsafe;",
      })
  void whatIsBannedInTheJavaTreeIsFound(String statement) {
    assertFound(check(JAVA, "\n" + statement + "\n"), JAVA, 2, "");
  }

  @Test
  void aSleepingTestIsFound() {
    String nativeTest = "tests-native/region/a_test.cpp";
    String javaTest = "tests-java/src/test/java/dev/windlass/ATest.java";
    assertFound(check(nativeTest, "std::this_thread::sleep_for(a);"), nativeTest, 1, "sleeps");
    assertFound(check(nativeTest, "usleep(1);"), nativeTest, 1, "sleeps");
    assertFound(check(javaTest, "Thread.sleep(1);"), javaTest, 1, "sleeping is banned");
  }

  @ParameterizedTest
  @ValueSource(strings = {"TO" + "DO", "FIX" + "ME", "X" + "XX"})
  void aNoteOfUnfinishedWorkIsFound(String word) {
    assertFound(check(NATIVE, "// " + word + ": later\n"), NATIVE, 1, "unfinished");
    assertFound(check(JAVA, "/* " + word + " */\n"), JAVA, 1, "unfinished");
  }

  @Test
  void aSecondUserOfSharedArenasIsFound() {
    String other = "java/windlass/src/main/java/dev/windlass/B.java";
    List<Finding> findings =
        BannedRules.check(
            SourceTree.of(JAVA, "Arena.ofShared();\n", other, "\n\nArena.ofShared();\n"));
    assertEquals(1, findings.size());
    assertFound(findings, other, 3, "Arena.ofShared is used in a second file");
    assertNone(check(JAVA, "Arena.ofShared();\n"));
  }

  private static List<Finding> check(String path, String text) {
    return BannedRules.check(SourceTree.of(path, text));
  }
}
