package dev.windlass.tidy;

import static dev.windlass.tidy.Finding.assertFound;
import static dev.windlass.tidy.Finding.assertNone;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SymbolTidyTest {
  @ParameterizedTest
  @ValueSource(strings = {SymbolRules.MAP, SymbolRules.PRELOAD_MAP})
  void aMapListsExactlyWhatTheHeadersDeclare(String map) {
    SourceTree tree = SourceTree.ofRepository();
    Set<String> listed = SymbolRules.inMap(tree, map);
    assertTrue(listed.size() > 10, map + " was not understood");
    Set<String> declared = SymbolRules.declaredFor(map, AbiRules.functions(tree));
    assertNone(SymbolRules.checkMap(map, declared, listed));
  }

  @ParameterizedTest
  @CsvSource({
    "native/libwindlass.so, " + SymbolRules.MAP,
    "native/preload/libwindlass_preload.so, " + SymbolRules.PRELOAD_MAP
  })
  void aBuiltLibraryExportsExactlyWhatItsMapLists(String name, String map) throws Exception {
    String given = System.getProperty("windlass.native.dir");
    Path build = given != null ? Path.of(given) : SourceTree.root().resolve("build/native");
    Path library = build.resolve(name);
    assertTrue(
        Files.exists(library),
        library + " is not built: run ./windlass, or set windlass.native.dir");
    check(library, map);
  }

  @Test
  void theLibraryInTheJarExportsExactlyWhatTheMapLists(@TempDir Path folder) throws Exception {
    String arch = System.getProperty("os.arch").toLowerCase(Locale.ROOT);
    String platform = "linux-" + (arch.equals("amd64") ? "x86_64" : arch);
    Path library = folder.resolve("libwindlass.so");
    String resource = "META-INF/native/" + platform + "/libwindlass.so";
    try (InputStream packed = SymbolTidyTest.class.getClassLoader().getResourceAsStream(resource)) {
      assertNotNull(packed, "no jar on the class path holds " + resource);
      Files.copy(packed, library);
    }
    check(library, SymbolRules.MAP);
  }

  private static void check(Path library, String map) throws IOException, InterruptedException {
    Set<String> listed = SymbolRules.inMap(SourceTree.ofRepository(), map);
    String name = library.toString();
    assertNone(
        SymbolRules.checkExports(name, SymbolRules.nm(library, "--defined-only"), map, listed));
    assertNone(SymbolRules.checkNeeds(name, SymbolRules.nm(library, "--undefined-only")));
  }

  @Test
  void aFunctionThatOnlyTheMapOrOnlyAHeaderKnowsIsFound() {
    List<Finding> findings =
        SymbolRules.checkMap(SymbolRules.MAP, Set.of("wl_a", "wl_b"), Set.of("wl_b", "wl_c"));
    assertFound(findings, SymbolRules.MAP, 1, "wl_a is declared, not listed");
    assertFound(findings, SymbolRules.MAP, 1, "wl_c is listed, not declared");
  }

  @Test
  void whatIsThePreloadedLibrarysIsInItsMapAndNotInTheOther() {
    Set<String> inHeaders = Set.of("wl_thing_open", "wl_preload_pause");
    assertEquals(Set.of("wl_thing_open"), SymbolRules.declaredFor(SymbolRules.MAP, inHeaders));
    Set<String> preloaded = SymbolRules.declaredFor(SymbolRules.PRELOAD_MAP, inHeaders);
    assertTrue(preloaded.containsAll(Set.of("wl_preload_pause", "cudaMalloc")));
    assertFalse(preloaded.contains("wl_thing_open"));
  }

  @Test
  void anExportBesidesTheListedOnesIsFound() {
    String nm =
        """
        0000000000000000 A WINDLASS_0.1
        0000000000001130 T wl_a@@WINDLASS_0.1
        0000000000001140 W _ZNSt6vectorIiE
        """;
    List<Finding> findings =
        SymbolRules.checkExports("a.so", nm, SymbolRules.MAP, Set.of("wl_a", "wl_b"));
    assertFound(findings, "a.so", 1, "_ZNSt6vectorIiE is exported");
    assertFound(findings, "a.so", 1, "wl_b is listed and not exported");
    assertTrue(findings.size() == 2, findings::toString);
  }

  @Test
  void aNeedForASharedLibstdcxxIsFound() {
    String nm =
        """
                         U _ZSt9terminatev@GLIBCXX_3.4
                         U malloc@GLIBC_2.2.5
                         w __cxa_finalize@GLIBC_2.2.5
                         U __cxa_begin_catch@CXXABI_1.3
        """;
    List<Finding> findings = SymbolRules.checkNeeds("a.so", nm);
    assertFound(findings, "a.so", 1, "_ZSt9terminatev");
    assertFound(findings, "a.so", 1, "__cxa_begin_catch");
    assertTrue(findings.size() == 2, findings::toString);
  }
}
