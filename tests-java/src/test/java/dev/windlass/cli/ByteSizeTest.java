package dev.windlass.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ByteSizeTest {
  @ParameterizedTest
  @CsvSource({
    "1, 1",
    "4096, 4096",
    "512B, 512",
    "1k, 1024",
    "256M, 268435456",
    "256MB, 268435456",
    "256MiB, 268435456",
    "256 MiB, 268435456",
    "2G, 2147483648",
    "1T, 1099511627776",
    "8388607T, 9223370937343148032"
  })
  void aSizeIsReadInPowersOf1024(String text, long bytes) {
    assertEquals(bytes, ByteSize.parse(text));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "M",
        "-1",
        "1.5G",
        "256X",
        "0x10",
        "1 2",
        "0",
        "0G",
        "8388608T",
        "9999999999999999999"
      })
  void whatIsNoUsefulSizeIsRefused(String text) {
    String message =
        String.valueOf(assertThrows(UsageException.class, () -> ByteSize.parse(text)).getMessage());
    assertTrue(message.contains("size") || message.contains("addressed"), message);
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0 B",
    "1023, 1023 B",
    "1024, 1 KiB",
    "1536, 1.5 KiB",
    "402653184, 384 MiB",
    "1099511627776, 1 TiB",
    "9223372036854775807, 8388608.0 TiB"
  })
  void aSizeIsWrittenInTheLargestUnitThatFits(long bytes, String text) {
    assertEquals(text, ByteSize.format(bytes));
  }

  @Test
  void figuresOfAColumnAreAllInMebibytes() {
    assertEquals("0 MiB", ByteSize.formatMib(1000));
    assertEquals("2048 MiB", ByteSize.formatMib(1L << 31));
    assertEquals("-3 MiB", ByteSize.formatMib(-3 * ByteSize.MIB));
  }
}
