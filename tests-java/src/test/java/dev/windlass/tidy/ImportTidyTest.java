package dev.windlass.tidy;

import static dev.windlass.tidy.Finding.assertFound;
import static dev.windlass.tidy.Finding.assertNone;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ImportTidyTest {
  private static final String ROOT = "java/windlass/src/main/java/dev/windlass/";

  @Test
  void everyImportOfTheJavaTreePointsDownwards() {
    SourceTree tree = SourceTree.ofRepository();
    assertTrue(tree.under("java/windlass/").count() > 5, "java/windlass was not found");
    assertNone(ImportRules.check(tree));
  }

  @Test
  void noPublicSignatureNamesTheBindings() {
    List<Class<?>> types = ApiSurface.publicClasses();
    assertFalse(types.isEmpty(), "no class of dev.windlass is on the class path or module path");
    assertNone(ApiSurface.check(types, "dev.windlass.bindings"));
  }

  @Test
  void aUseOfALowerPackageIsFine() {
    assertNone(
        ImportRules.check(
            SourceTree.of(
                ROOT + "memory/Region.java",
                """
                package dev.windlass.memory;

                import dev.windlass.Status;
                import dev.windlass.bindings.WindlassAbi;
                """,
                "bindings/src/main/java/dev/windlass/bindings/Loader.java",
                "package dev.windlass.bindings;\nimport java.util.List;\n")));
  }

  @Test
  void aUseOfAHigherPackageIsFound() {
    String path = ROOT + "memory/Region.java";
    String text =
        """
        package dev.windlass.memory;

        import static dev.windlass.cache.LayerCache.open;

        class Region {
          dev.windlass.store.TensorStore store;
        }
        """;
    List<Finding> findings = check(path, text);
    assertFound(
        findings, path, 3, "dev.windlass.memory (level 2) uses dev.windlass.cache (level 4)");
    assertFound(
        findings, path, 6, "dev.windlass.memory (level 2) uses dev.windlass.store (level 4)");
  }

  @Test
  void aUseOfAPackageOfTheSameLevelIsFound() {
    String path = ROOT + "cache/LayerCache.java";
    String text = "package dev.windlass.cache;\n\nimport dev.windlass.store.TensorStore;\n";
    assertFound(check(path, text), path, 3, "uses dev.windlass.store (level 4)");
  }

  @Test
  void bindingsThatLookUpwardsAreFound() {
    String path = "bindings/src/main/java/dev/windlass/bindings/Loader.java";
    String text = "package dev.windlass.bindings;\nimport dev.windlass.Status;\n";
    assertFound(check(path, text), path, 2, "dev.windlass.bindings (level 0) uses dev.windlass");
  }

  @Test
  void bindingsInTheCommandLineAreFound() {
    String path = "java/windlass-cli/src/main/java/dev/windlass/cli/Main.java";
    String text = "package dev.windlass.cli;\nimport dev.windlass.bindings.WindlassAbi;\n";
    assertFound(check(path, text), path, 2, "the bindings are used outside java/windlass");
  }

  @Test
  void aPackageWithoutALevelIsFound() {
    String path = ROOT + "attic/Thing.java";
    assertFound(check(path, "package dev.windlass.attic;\n"), path, 1, "has no level");
  }

  @Test
  void aSignatureThatNamesAForbiddenPackageIsFound() {
    List<Finding> findings = ApiSurface.check(List.of(TimeUnit.class), "java.time");
    assertTrue(findings.stream().anyMatch(f -> f.rule().contains("java.time.Duration")));
    assertNone(ApiSurface.check(List.of(TimeUnit.class), "java.sql"));
  }

  private static List<Finding> check(String path, String text) {
    return ImportRules.check(SourceTree.of(path, text));
  }
}
