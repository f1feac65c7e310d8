package dev.windlass.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonReaderTest {
  private static JsonReader reader(String json) {
    return new JsonReader(
        json.getBytes(StandardCharsets.UTF_8), what -> new IllegalStateException("it " + what));
  }

  private static void skipAll(String json) {
    JsonReader reader = reader(json);
    reader.skip();
    reader.end();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "[]",
        " [ ] ",
        "{\"a\":1}",
        "{\"a\" : [1 , -2.5e+3, 0, -0, 1E5, 0.1], \"b\":null}\n",
        "true",
        "false",
        "null",
        "\"\"",
        "0",
        "-0.0e-0",
        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e4\"",
        "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
        "\"\\ud83d\\ude00\"",
      })
  void whatIsJsonIsRead(String json) {
    skipAll(json);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "{",
        "}",
        "[",
        "]",
        "{]",
        "[}",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{,}",
        "{\"a\":1 \"b\":2}",
        "{a:1}",
        "{'a':1}",
        "{1:1}",
        "[1,]",
        "[,1]",
        "[1 2]",
        "[1]]",
        "{}{}",
        "01",
        "-",
        "+1",
        ".5",
        "1.",
        "1e",
        "1e+",
        "-01",
        "0x10",
        "NaN",
        "Infinity",
        "--1",
        "1.5.5",
        "tru",
        "truee",
        "nul",
        "True",
        "\"",
        "\"\\\"",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\u12g4\"",
        "\"a\nb\"",
        "\"\t\"",
        "\"\\ud83d\"",
        "\"\\ude00\"",
        "\"\\ud83d\\u0041\"",
        "\uFEFF{}",
        "/**/{}",
        "{}//",
        "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
        "{\"a\":1,\"a\":2}",
        "{\"a\":1,\"\\u0061\":2}",
        "{\"x\":{\"\":1,\"\":2}}",
        "\0",
        "11111111111111111111111111111111111111111111111111111111111111111",
      })
  void whatIsNotIsRefused(String json) {
    assertThrows(IllegalStateException.class, () -> skipAll(json));
  }

  @Test
  void deepNestingCostsNoStack() {
    assertThrows(IllegalStateException.class, () -> skipAll("[".repeat(10_000_000)));
    assertThrows(IllegalStateException.class, () -> skipAll("{\"\":".repeat(1_000_000)));
  }

  @Test
  void anObjectOfMoreMembersThanAnyFileHasIsRefused() {
    StringBuilder json = new StringBuilder("{\"\":0");
    for (int i = 1; i < 1 << 20; i++) {
      json.append(",\"").append(i).append("\":0");
    }
    skipAll(json + "}");
    json.append(",\"x\":0}");
    assertThrows(IllegalStateException.class, () -> skipAll(json.toString()));
  }

  @Test
  void bytesThatAreNoTextAreRefused() {
    for (byte[] bad :
        new byte[][] {
          {'"', (byte) 0xff, '"'},
          {'"', (byte) 0xc3, '"'},
          {'"', (byte) 0xed, (byte) 0xa0, (byte) 0x80, '"'},
          {'"', (byte) 0xc0, (byte) 0x80, '"'},
          {'"', (byte) 0xf4, (byte) 0x90, (byte) 0x80, (byte) 0x80, '"'},
          {(byte) 0xff},
        }) {
      JsonReader reader = new JsonReader(bad, IllegalStateException::new);
      assertThrows(IllegalStateException.class, reader::skip);
    }
  }

  @Test
  void stringsAreDecoded() {
    assertEquals("aä😀/\"\\\n😀", reader("\"aä😀\\/\\\"\\\\\\n\\uD83D\\uDE00\"").string());
    assertEquals("", reader("\"\"").string());
    assertThrows(IllegalStateException.class, () -> reader("1").string());
  }

  @Test
  void wholeNumbersAreNotNegativeAndFitALong() {
    assertEquals(0, reader("0").whole());
    assertEquals(Long.MAX_VALUE, reader(" 9223372036854775807").whole());
    for (String wrong :
        new String[] {
          "9223372036854775808",
          "18446744073709551615",
          "18446744073709551616",
          "-1",
          "-0",
          "1.0",
          "1e3",
          "99999999999999999999",
          "\"1\"",
          "null"
        }) {
      assertThrows(IllegalStateException.class, () -> reader(wrong).whole(), wrong);
    }
  }

  @Test
  void objectsAndArraysAreToldMemberByMember() {
    List<String> seen = new ArrayList<>();
    JsonReader reader = reader("{\"a\": [1, 2], \"b\": {\"c\": 3}}");
    reader.object(
        key -> {
          seen.add(key);
          if (key.equals("a")) {
            reader.array(() -> seen.add(reader.number()));
          } else {
            reader.object(inner -> seen.add(inner + reader.whole()));
          }
        });
    reader.end();
    assertEquals(List.of("a", "1", "2", "b", "c3"), seen);
  }

  @Test
  void whatIsWrittenIsReadBack() {
    String odd = "\"\\/\b\f\n\r\t\0\u001f\u007fä😀\u2028";
    StringBuilder json = new StringBuilder();
    JsonText.append(json, odd);
    assertEquals(odd, reader(json.toString()).string());
  }

  @Test
  void aRefusalSaysWhere() {
    IllegalStateException refused =
        assertThrows(IllegalStateException.class, () -> skipAll("{\"a\":1,}"));
    assertEquals("it lacks a string (byte 7)", refused.getMessage());
  }
}
