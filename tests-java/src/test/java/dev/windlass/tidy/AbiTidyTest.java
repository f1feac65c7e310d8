package dev.windlass.tidy;

import static dev.windlass.tidy.Finding.assertFound;
import static dev.windlass.tidy.Finding.assertNone;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class AbiTidyTest {
  private static final String HEADER = "native/include/windlass/thing.h";

  @Test
  void theAbiHeadersKeepTheirManners() {
    SourceTree tree = SourceTree.ofRepository();
    assertTrue(AbiRules.functions(tree).size() > 30, "the ABI's functions were not found");
    assertNone(AbiRules.check(tree));
  }

  @Test
  void aWellManneredHeaderIsFine() {
    String text =
        """
        #ifdef __cplusplus
        extern "C" {
        #endif
        typedef uint64_t wl_thing;
        enum { WL_THING_SMALL = 1 }; /* no union, no inline */
        typedef struct wl_thing_options {
          uint32_t struct_size;
          char name[64];
        } wl_thing_options;
        WL_API void wl_thing_options_init(wl_thing_options* options);
        WL_API const char* wl_thing_name(wl_thing thing);
        WL_API wl_status wl_thing_open(const wl_thing_options* options,
                                       wl_error* error);
        #ifdef __cplusplus
        }
        #endif
        """;
    SourceTree tree = SourceTree.of(HEADER, text);
    assertNone(AbiRules.check(tree));
    assertEquals(
        Set.of("wl_thing_options_init", "wl_thing_name", "wl_thing_open"),
        AbiRules.functions(tree));
  }

  @Test
  void whatBindingsCannotCallIsFound() {
    String text =
        """
        static inline int f(void) { return 1; }
        #define WL_TWICE(x) ((x) * 2)
        union wl_any { int a; };
        enum wl_named { WL_A };
        WL_API void wl_thing_call(void (*callback)(void));
        """;
    List<Finding> findings = check(text);
    assertFound(findings, HEADER, 1, "inline");
    assertFound(findings, HEADER, 2, "a function-like macro");
    assertFound(findings, HEADER, 3, "a union");
    assertFound(findings, HEADER, 4, "a named enum");
    assertFound(findings, HEADER, 5, "a callback");
  }

  @Test
  void fieldsOfUncertainWidthAreFound() {
    String text =
        """
        typedef struct wl_thing_info {
          uint32_t struct_size;
          bool on;
          long number;
          size_t length;
          uint32_t flag : 1;
        } wl_thing_info;
        """;
    List<Finding> findings = check(text);
    assertFound(findings, HEADER, 3, "bool");
    assertFound(findings, HEADER, 4, "long");
    assertFound(findings, HEADER, 5, "size_t");
    assertFound(findings, HEADER, 6, "bit-field");
    assertFound(findings, HEADER, 1, "has no wl_thing_info_init");
  }

  @Test
  void aStructWithoutItsSizeIsFound() {
    String text =
        "typedef struct wl_thing_options {\n  int32_t kind;\n} wl_thing_options;\n"
            + "WL_API void wl_thing_options_init(wl_thing_options* options);\n";
    assertFound(check(text), HEADER, 1, "does not begin with uint32_t struct_size");
  }

  @Test
  void aFunctionThatIsNotExportedOrIsNamedOtherwiseIsFound() {
    String text =
        """
        wl_status wl_thing_open(wl_error* error);
        WL_API wl_status openThing(wl_error* error);
        WL_API wl_status wl_thing_close(uint64_t thing);
        typedef struct wl_thing { uint32_t struct_size; } wl_thing;
        WL_API void wl_thing_init(wl_thing* thing);
        WL_API void wl_thing_take(int32_t number, wl_thing thing);
        """;
    List<Finding> findings = check(text);
    assertFound(findings, HEADER, 1, "is not declared with WL_API");
    assertFound(findings, HEADER, 2, "is not named wl_<noun>_<verb>");
    assertFound(findings, HEADER, 3, "has no wl_error* error at its end");
    assertFound(findings, HEADER, 6, "passes wl_thing by value");
  }

  private static List<Finding> check(String text) {
    return AbiRules.check(SourceTree.of(HEADER, text));
  }
}
