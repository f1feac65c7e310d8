package dev.windlass.tidy;

import static dev.windlass.tidy.Finding.assertFound;
import static dev.windlass.tidy.Finding.assertNone;

import org.junit.jupiter.api.Test;

class MirrorTidyTest {
  private static final String MAIN = "java/windlass/src/main/java/dev/windlass/";
  private static final String TEST = "tests-java/src/test/java/dev/windlass/";

  @Test
  void eachSourceHasATestOfItsOwn() {
    assertNone(MirrorRules.check(SourceTree.ofRepository()));
  }

  @Test
  void aNativeSourceWithoutATestIsFound() {
    String source = "native/src/device/cuda/cuda.cpp";
    assertFound(
        MirrorRules.check(SourceTree.of(source, "", "tests-native/device/cuda_test.cpp", "")),
        source,
        1,
        "Write tests-native/device/cuda/cuda_test.cpp");
    assertNone(
        MirrorRules.check(SourceTree.of(source, "", "tests-native/device/cuda/cuda_test.cpp", "")));
    assertNone(
        MirrorRules.check(
            SourceTree.of("native/src/capi/a.cpp", "", "tests-native/capi/a_test.c", "")));
  }

  @Test
  void variantsShareTheTestOfWhatTheyAreVariantsOf() {
    String test = "tests-native/memory/copy_test.cpp";
    String variant = "native/src/memory/copy_avx2.cpp";
    assertNone(
        MirrorRules.check(SourceTree.of(variant, "", "native/src/memory/copy.cpp", "", test, "")));
    assertFound(
        MirrorRules.check(SourceTree.of(variant, "", test, "")), variant, 1, "no test of its own");
  }

  @Test
  void aPublicJavaClassWithoutATestIsFound() {
    String source = MAIN + "memory/Region.java";
    String text = "package dev.windlass.memory;\n\npublic final class Region {}\n";
    assertFound(
        MirrorRules.check(SourceTree.of(source, text, TEST + "RegionTest.java", "")),
        source,
        1,
        "Write " + TEST + "memory/RegionTest.java");
    assertNone(MirrorRules.check(SourceTree.of(source, text, TEST + "memory/RegionTest.java", "")));
  }

  @Test
  void pureValuesAreExemptAndThoseThatCallTheLibraryAreNot() {
    String value = "package dev.windlass;\n\npublic record Size(long bytes) {}\n";
    String caller =
        "package dev.windlass;\nimport dev.windlass.bindings.Abi;\npublic record Size(int a) {}\n";
    String path = MAIN + "Size.java";
    assertNone(MirrorRules.check(SourceTree.of(path, value)));
    assertNone(MirrorRules.check(SourceTree.of(path, value.replace("record", "enum"))));
    assertFound(MirrorRules.check(SourceTree.of(path, caller)), path, 1, "no test of its own");
  }
}
