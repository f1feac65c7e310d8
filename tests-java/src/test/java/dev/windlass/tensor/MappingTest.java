package dev.windlass.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.windlass.Status;
import dev.windlass.WindlassException;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MappingTest {
  private static final Tensor TENSOR = Tensor.of(Shape.of(1), 1f);

  private static Mapping sample() {
    Map<String, Object> value = new LinkedHashMap<>();
    value.put("w", TENSOR);
    value.put("l", Arrays.asList(new byte[1], 1L, 2, 3.0, 4f, true, false, null, "text"));
    return StateDict.of(value).mapping();
  }

  /** A header that is right, before a tree, in hexadecimal, that may be wrong. */
  private static byte[] framed(String tree) {
    return framed(HexFormat.of().parseHex(tree.replace(" ", "")));
  }

  private static byte[] framed(byte[] body) {
    ByteBuffer bytes = ByteBuffer.allocate(16 + body.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.put("WLMP".getBytes(StandardCharsets.US_ASCII));
    bytes.putShort((short) 1).putShort((short) 0).putInt(body.length);
    CRC32C checksum = new CRC32C();
    checksum.update(bytes.array(), 0, 12);
    checksum.update(body);
    return bytes.putInt((int) checksum.getValue()).put(body).array();
  }

  private static WindlassException refused(byte[] bytes) {
    WindlassException refused =
        assertThrows(WindlassException.class, () -> Mapping.decode(bytes, "checkpoint/MAPPING"));
    assertTrue(refused.getMessage().contains("checkpoint/MAPPING"), refused.getMessage());
    return refused;
  }

  @Test
  void theBytesAreTheSameForEver() {
    Map<String, Object> value = new LinkedHashMap<>();
    value.put("w", TENSOR);
    value.put("l", Arrays.asList(new byte[0], 5L, 6, 1.5, 2.5f, true, false, null, "ä"));
    String tree =
        "01 02000000 01000000 77 03"
            + "01000000 6c 02 09000000 04 08 0500000000000000 09 06000000 0a 000000000000f83f"
            + "0b 00002040 07 06 05 0c 02000000 c3a4";
    byte[] golden = framed(tree);
    assertArrayEquals(golden, StateDict.of(value).mapping().encode());
    assertEquals(StateDict.of(value).mapping(), Mapping.decode(golden, "golden"));
  }

  @Test
  void whatIsEncodedIsDecoded() {
    Mapping mapping = sample();
    Mapping decoded = Mapping.decode(mapping.encode(), "m");
    assertEquals(mapping, decoded);
    assertEquals(mapping.hashCode(), decoded.hashCode());
    assertEquals(mapping.entries(), decoded.entries());
    assertArrayEquals(mapping.encode(), decoded.encode());
    assertEquals(
        Map.of(
            "w",
            "w:TENSOR",
            "l",
            Arrays.asList("l/0:BYTES", 1L, 2, 3.0, 4f, true, false, null, "text")),
        decoded.rebuildMap((key, kind) -> key + ":" + kind));
  }

  @Test
  void aListIsNoMap() {
    Mapping list = StateDict.of(List.of(1)).mapping();
    assertFalse(list.isMap());
    WindlassException refused =
        assertThrows(WindlassException.class, () -> list.rebuildMap((key, kind) -> key));
    assertEquals(Status.MISMATCH, refused.status());
  }

  @Test
  void structureAndPlainValuesMakeOneEqual() {
    Mapping one = StateDict.of(Map.of("a", TENSOR, "step", 1)).mapping();
    Mapping later = StateDict.of(Map.of("step", 2, "a", TENSOR)).mapping();
    Mapping bytes = StateDict.of(Map.of("a", new byte[0], "step", 1)).mapping();
    assertEquals(one, StateDict.of(Map.of("step", 1, "a", TENSOR)).mapping());
    assertNotEquals(one, later);
    assertTrue(one.hasSameStructure(later));
    assertNotEquals(one, bytes);
    assertFalse(one.hasSameStructure(bytes));
    assertEquals("a mapping of 1 entries", one.toString());
  }

  @Test
  void anyBitThatIsWrongIsNoticed() {
    byte[] good = sample().encode();
    for (int bit = 0; bit < good.length * 8; bit++) {
      byte[] bad = good.clone();
      bad[bit / 8] ^= (byte) (1 << (bit % 8));
      Status status = refused(bad).status();
      boolean versionChanged = bit / 8 == 4 || bit / 8 == 5;
      assertEquals(versionChanged ? Status.VERSION : Status.CORRUPT, status, "bit " + bit);
    }
  }

  @Test
  void anyTruncationOrAdditionIsNoticed() {
    byte[] good = sample().encode();
    for (int length = 0; length < good.length; length++) {
      assertEquals(Status.CORRUPT, refused(Arrays.copyOf(good, length)).status());
    }
    assertEquals(Status.CORRUPT, refused(Arrays.copyOf(good, good.length + 1)).status());
  }

  /** Trees that a right checksum does not make right. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "", // Nothing.
        "03", // A leaf at the top.
        "05",
        "01", // No count.
        "01 010000", // Half a count.
        "01 01000000", // A member that is not there.
        "01 ffffffff",
        "02 ffffff7f",
        "02 01000000",
        "02 01000000 00", // Kinds that are none.
        "02 01000000 0d",
        "02 01000000 ff",
        "02 01000000 08 00000000", // Half a number.
        "02 01000000 0c 05000000 61", // A text longer than what is left.
        "02 01000000 0c ffffffff",
        "02 01000000 0c 01000000 ff", // Not UTF-8.
        "02 01000000 0c 03000000 eda080",
        "01 01000000 01000000 ff 03",
        "01 02000000 01000000 61 03 01000000 61 03", // A key twice.
        "02 00000000 00", // More behind the end.
      })
  void treesThatAreNoneAreRefused(String tree) {
    assertEquals(Status.CORRUPT, refused(framed(tree)).status());
  }

  @Test
  void treesThatAreTooDeepOrTooLargeAreRefused() {
    String deep = "02 01000000 ".repeat(StateDict.MAX_DEPTH - 1) + "02 00000000";
    assertEquals(0, Mapping.decode(framed(deep), "m").entries().size());
    assertEquals(Status.CORRUPT, refused(framed("02 01000000 " + deep)).status());
    assertEquals(Status.CORRUPT, refused(framed("0201000000".repeat(100_000))).status());
    assertEquals(
        Status.CORRUPT,
        refused(framed("01 01000000 01100000" + "61".repeat(4097) + "03")).status());
    // A list of many tensors under a long key would be much more in memory than it is in bytes.
    ByteArrayOutputStream many = new ByteArrayOutputStream();
    many.writeBytes(HexFormat.of().parseHex("0101000000" + "e80f0000" + "61".repeat(4072)));
    many.writeBytes(HexFormat.of().parseHex("02f0ff0f00"));
    many.writeBytes("\3".repeat(0xffff0).getBytes(StandardCharsets.US_ASCII));
    assertEquals(Status.CORRUPT, refused(framed(many.toByteArray())).status());
  }

  @Test
  void noiseIsRefusedOrReadButNeverHarms() {
    SplittableRandom random = new SplittableRandom(4);
    byte[] good = sample().encode();
    byte[] tree = Arrays.copyOfRange(good, 16, good.length);
    int read = 0;
    for (int round = 0; round < 20_000; round++) {
      byte[] noisy = tree.clone();
      for (int change = random.nextInt(3); change >= 0; change--) {
        noisy[random.nextInt(noisy.length)] = (byte) random.nextInt(16);
      }
      byte[] bytes = framed(noisy);
      try {
        Mapping mapping = Mapping.decode(bytes, "noise");
        assertArrayEquals(bytes, mapping.encode());
        read++;
      } catch (WindlassException refused) {
        assertEquals(Status.CORRUPT, refused.status());
      }
    }
    assertTrue(read > 0);
  }
}
