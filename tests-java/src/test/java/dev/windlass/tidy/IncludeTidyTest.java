package dev.windlass.tidy;

import static dev.windlass.tidy.Finding.assertFound;
import static dev.windlass.tidy.Finding.assertNone;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class IncludeTidyTest {
  @Test
  void everyIncludeOfTheNativeTreePointsDownwards() {
    SourceTree tree = SourceTree.ofRepository();
    assertTrue(tree.under("native/src/").count() > 10, "native/src was not found");
    assertNone(IncludeRules.check(tree));
  }

  @Test
  void anIncludeOfALowerRoomOrTheOwnRoomIsFine() {
    assertNone(
        IncludeRules.check(
            SourceTree.of(
                "native/src/base/status.hpp", "#include \"windlass/status.h\"\n#include <memory>\n",
                "native/src/region/region.hpp", "#include \"base/status.hpp\"\n",
                "native/src/region/region.cpp", "#include \"region/region.hpp\"\n",
                "native/src/device/device.hpp", "",
                "native/src/device/cuda/cuda.cpp",
                    "#include <cuda.h>\n#include \"device/device.hpp\"\n",
                "native/src/device/cuda/cuda.hpp", "",
                "native/src/capi/device.cpp",
                    "#include \"device/cuda/cuda.hpp\"\n#include \"windlass/device.h\"\n",
                "native/include/windlass/device.h",
                    "#include <stdint.h>\n#include \"windlass/status.h\"\n")));
  }

  @Test
  void anIncludeOfAHigherRoomIsFound() {
    List<Finding> findings =
        check("native/src/base/a.cpp", "\n#include \"region/region.hpp\"\n", "region/region.hpp");
    assertFound(findings, "native/src/base/a.cpp", 2, "base (level 0) includes region (level 4)");
  }

  @Test
  void anIncludeOfARoomOfTheSameLevelIsFound() {
    List<Finding> findings =
        check("native/src/memory/a.cpp", "#include \"io/file.hpp\"\n", "io/file.hpp");
    assertFound(findings, "native/src/memory/a.cpp", 1, "memory (level 1) includes io (level 1)");
  }

  @Test
  void anIncludeThatIsCommentedOutIsNone() {
    assertNone(check("native/src/memory/a.cpp", "// #include \"io/file.hpp\"\n", "io/file.hpp"));
  }

  @Test
  void anIncludeOfCapiIsFound() {
    List<Finding> findings =
        check("native/src/region/a.cpp", "#include \"capi/guard.hpp\"\n", "capi/guard.hpp");
    assertFound(findings, "native/src/region/a.cpp", 1, "region includes capi");
  }

  @Test
  void backendsAreKnownToThemselvesAndToThoseWhoChooseOne() {
    assertFound(
        check("native/src/device/a.hpp", "#include \"device/cuda/b.hpp\"\n", "device/cuda/b.hpp"),
        "native/src/device/a.hpp",
        1,
        "the room's top includes the backend cuda");
    assertFound(
        check(
            "native/src/device/emu/a.hpp", "#include \"device/cuda/b.hpp\"\n", "device/cuda/b.hpp"),
        "native/src/device/emu/a.hpp",
        1,
        "the backend emu includes the backend cuda");
    assertFound(
        check("native/src/region/a.hpp", "#include \"device/cuda/b.hpp\"\n", "device/cuda/b.hpp"),
        "native/src/region/a.hpp",
        1,
        "region names the backend device/cuda");
  }

  @Test
  void anAbiHeaderOutsideCapiIsFound() {
    List<Finding> findings =
        check("native/src/base/log.hpp", "#include \"windlass/log.h\"\n", "base/other.hpp");
    assertFound(findings, "native/src/base/log.hpp", 1, "windlass/log.h is included outside capi");
  }

  @Test
  void anIncludeThatIsNotWrittenFromTheTopIsFound() {
    assertFound(
        check("native/src/base/a.cpp", "#include \"a.hpp\"\n", "base/a.hpp"),
        "native/src/base/a.cpp",
        1,
        "is not a file written from native/src");
    assertFound(
        check("native/src/base/a.cpp", "#include \"../base/a.hpp\"\n", "base/a.hpp"),
        "native/src/base/a.cpp",
        1,
        "is not a file written from native/src");
    assertFound(
        check("native/src/base/a.cpp", "#include <base/a.hpp>\n", "base/a.hpp"),
        "native/src/base/a.cpp",
        1,
        "Write it in quotes");
  }

  @Test
  void aRoomWithoutALevelIsFound() {
    List<Finding> findings = check("native/src/attic/a.cpp", "#include <new>\n", "base/a.hpp");
    assertFound(findings, "native/src/attic/a.cpp", 1, "the room attic has no level");
  }

  @Test
  void foreignHeadersOutsideTheirRoomAreFound() {
    String text = "#include <cuda.h>\n#include <infiniband/verbs.h>\n#include \"store_c.h\"\n";
    List<Finding> findings = check("native/src/region/a.cpp", text, "base/a.hpp");
    assertFound(findings, "native/src/region/a.cpp", 1, "cuda.h is included outside");
    assertFound(findings, "native/src/region/a.cpp", 2, "infiniband/verbs.h is included outside");
    assertFound(findings, "native/src/region/a.cpp", 3, "store_c.h is included outside");
  }

  @Test
  void anAbiHeaderThatIncludesMoreIsFound() {
    List<Finding> findings =
        check("native/include/windlass/a.h", "#include <stdbool.h>\n", "base/a.hpp");
    assertFound(findings, "native/include/windlass/a.h", 1, "an ABI header includes stdbool.h");
  }

  private static List<Finding> check(String path, String text, String other) {
    return IncludeRules.check(SourceTree.of(path, text, "native/src/" + other, ""));
  }
}
