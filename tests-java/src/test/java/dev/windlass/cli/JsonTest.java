package dev.windlass.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class JsonTest {
  @Test
  void scalarsAreWrittenAsTheyAre() {
    assertEquals("null", Json.write(null));
    assertEquals("true", Json.write(true));
    assertEquals("-1", Json.write(-1));
    assertEquals("9223372036854775807", Json.write(Long.MAX_VALUE));
    assertEquals("0.25", Json.write(0.25));
  }

  @Test
  void whatWouldEndOrBreakAStringIsEscaped() {
    assertEquals("\"a\\\"b\\\\c\\n\\r\\t\\u0000\\u001f\"", Json.write("a\"b\\c\n\r\t\0\037"));
  }

  @Test
  void whatIsNotAsciiIsEscapedSoThatAnyEncodingCarriesIt() {
    assertEquals("\"\\u00e4\\ud83d\\ude00\\u007f\"", Json.write("ä😀\177"));
  }

  @Test
  void listsAndMapsAreIndentedAndEmptyOnesAreNot() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("first", List.of(1, "two"));
    map.put("second", Map.of());
    map.put("third", List.of());
    assertEquals(
        """
        {
          "first": [
            1,
            "two"
          ],
          "second": {},
          "third": []
        }""",
        Json.write(map));
  }

  @Test
  void whatHasNoJsonIsRefused() {
    assertThrows(IllegalArgumentException.class, () -> Json.write(new Object()));
    assertThrows(IllegalArgumentException.class, () -> Json.write(Double.NaN));
  }
}
