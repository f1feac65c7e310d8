package dev.windlass.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.windlass.Status;
import dev.windlass.WindlassException;
import java.lang.foreign.Arena;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Headers that lie, each in one point. */
class SafetensorsHeaderTest {
  private static final String SOUND =
      "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}";

  @TempDir private Path directory;

  private WindlassException refused(byte[] bytes) {
    Path file = SafetensorsBytes.write(directory.resolve("bad.safetensors"), bytes);
    try (Arena arena = Arena.ofConfined()) {
      WindlassException refused =
          assertThrows(WindlassException.class, () -> Safetensors.open(file, arena));
      assertTrue(refused.getMessage().contains("bad.safetensors"), refused.getMessage());
      return refused;
    }
  }

  private void assertCorrupt(byte[] bytes, String why) {
    WindlassException refused = refused(bytes);
    assertEquals(Status.CORRUPT, refused.status(), refused.getMessage());
    assertTrue(refused.getMessage().contains(why), refused.getMessage());
  }

  @Test
  void filesWithoutAWholeHeaderAreRefused() {
    byte[] header = SOUND.getBytes(StandardCharsets.UTF_8);
    assertCorrupt(new byte[0], "only 0 bytes");
    assertCorrupt(new byte[7], "only 7 bytes");
    assertCorrupt(new byte[8], "does not begin");
    assertCorrupt(SafetensorsBytes.of(header.length + 9, header, 8), "there are only");
    assertCorrupt(SafetensorsBytes.of(100_000_001, header, 8), "100000000 is the most");
    assertCorrupt(SafetensorsBytes.of(-1, header, 8), "18446744073709551615 bytes");
    assertCorrupt(SafetensorsBytes.of(Long.MIN_VALUE, header, 8), "is the most");
    assertCorrupt(SafetensorsBytes.of(header.length - 1, header, 8), "its header");
    assertCorrupt(SafetensorsBytes.of(" " + SOUND, 8), "does not begin");
    assertCorrupt(SafetensorsBytes.of(SOUND + "x", 8), "behind its end");
    assertCorrupt(SafetensorsBytes.of(SOUND + "\0", 8), "behind its end");
    assertCorrupt(SafetensorsBytes.of("[]", 0), "does not begin");
    header[2] = (byte) 0xff;
    assertCorrupt(SafetensorsBytes.of(header.length, header, 8), "not UTF-8");
  }

  @Test
  void everyTruncationIsNoticed() {
    byte[] sound = SafetensorsBytes.of(SOUND, 8);
    for (int length = 0; length < sound.length; length++) {
      assertCorrupt(Arrays.copyOf(sound, length), "");
    }
    assertCorrupt(Arrays.copyOf(sound, sound.length + 1), "9 bytes of data");
  }

  /** One tensor that is wrong; the data has 8 bytes. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          "dtype":"F32","shape":[2],"data_offsets":[0,12]         | is 8 bytes, and has 12
          "dtype":"F32","shape":[2],"data_offsets":[8,0]          | before it begins
          "dtype":"F32","shape":[2],"data_offsets":[4,12]         | is the file truncated?
          "dtype":"F32","shape":[1],"data_offsets":[4,8]          | a hole from offset 0 to 4
          "dtype":"F32","shape":[1],"data_offsets":[0,4]          | there are 8 bytes of data
          "dtype":"F32","shape":[3],"data_offsets":[0,8]          | is 12 bytes, and has 8
          "dtype":"F32","shape":[2],"data_offsets":[-8,0]         | whole number
          "dtype":"F32","shape":[2],"data_offsets":[0,8.0]        | whole number
          "dtype":"F32","shape":[2],"data_offsets":[0,8e0]        | whole number
          "dtype":"F32","shape":[2],"data_offsets":[0,08]         | begins with 0
          "dtype":"F32","shape":[2],"data_offsets":[0]            | lacks
          "dtype":"F32","shape":[2],"data_offsets":[]             | lacks
          "dtype":"F32","shape":[2],"data_offsets":[0,8,8]        | too many
          "dtype":"F32","shape":[2],"data_offsets":["0","8"]      | no number
          "dtype":"F32","shape":[2],"data_offsets":null           | an array
          "dtype":"F32","shape":[2]                               | lacks
          "dtype":"F32","data_offsets":[0,8]                      | lacks
          "shape":[2],"data_offsets":[0,8]                        | lacks
          "dtype":"F33","shape":[2],"data_offsets":[0,8]          | the unknown type F33
          "dtype":"f32","shape":[2],"data_offsets":[0,8]          | the unknown type f32
          "dtype":"","shape":[2],"data_offsets":[0,8]             | the unknown type
          "dtype":32,"shape":[2],"data_offsets":[0,8]             | a string
          "dtype":"F32","shape":2,"data_offsets":[0,8]            | an array
          "dtype":"F32","shape":[-2],"data_offsets":[0,8]         | whole number
          "dtype":"F32","shape":[[2]],"data_offsets":[0,8]        | no number
          "dtype":"F32","shape":[2,],"data_offsets":[0,8]         | no number
          "dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,8] | impossible shape
          "dtype":"F32","shape":[4611686018427387906],"data_offsets":[0,8]   | impossible shape
          "dtype":"F32","shape":[4294967296,4294967296,0],"data_offsets":[0,0] | impossible shape
          "dtype":"F32","shape":[2],"data_offsets":[0,9223372036854775808] | whole number
          "dtype":"F32","shape":[2],"data_offsets":[0,8],"x":1    | the unknown field x
          "dtype":"F32","shape":[2],"shape":[2],"data_offsets":[0,8] | the key shape twice
          "dtype":"F32","dtype":"F32","data_offsets":[0,8]        | the key dtype twice
          "dtype":"F32","shape":[2],"data_offsets":[0,8],         | a string
          """)
  void aTensorThatIsWrongIsNamed(String fields, String why) {
    byte[] bytes = SafetensorsBytes.of("{\"the.tensor\":{" + fields.strip() + "}}", 8);
    assertCorrupt(bytes, why.strip());
    if (!why.contains("bytes of data")) {
      assertCorrupt(bytes, "the tensor the.tensor");
    }
  }

  private static String tensor(String name, int begin, int end) {
    return "\"%s\":{\"dtype\":\"U8\",\"shape\":[%d],\"data_offsets\":[%d,%d]}"
        .formatted(name, end - begin, begin, end);
  }

  @Test
  void tensorsThatOverlapOrLeaveHolesAreNamed() {
    assertCorrupt(
        SafetensorsBytes.of("{" + tensor("a", 0, 5) + "," + tensor("b", 4, 8) + "}", 8),
        "the tensor b begins at offset 4, where a still is, until 5");
    assertCorrupt(
        SafetensorsBytes.of("{" + tensor("a", 0, 8) + "," + tensor("b", 0, 8) + "}", 8),
        "begins at offset 0");
    assertCorrupt(
        SafetensorsBytes.of("{" + tensor("a", 0, 8) + "," + tensor("b", 2, 4) + "}", 8),
        "begins at offset 2");
    assertCorrupt(
        SafetensorsBytes.of("{" + tensor("b", 5, 8) + "," + tensor("a", 0, 4) + "}", 8),
        "a hole from offset 4 to 5, before the tensor b");
    assertCorrupt(
        SafetensorsBytes.of("{" + tensor("a", 0, 4) + "," + tensor("b", 8, 8) + "}", 8), "a hole");
    assertCorrupt(
        SafetensorsBytes.of("{" + tensor("a", 0, 8) + "," + tensor("b", 9, 9) + "}", 8),
        "truncated");
    assertCorrupt(SafetensorsBytes.of("{}", 1), "the tensors end at offset 0");
    assertCorrupt(
        SafetensorsBytes.of("{" + tensor("a", 0, 4) + "," + tensor("a", 4, 8) + "}", 8),
        "the key a twice");
  }

  @Test
  void metadataIsTextsOnly() {
    assertCorrupt(SafetensorsBytes.of("{\"__metadata__\":{\"a\":1}}", 0), "a string");
    assertCorrupt(SafetensorsBytes.of("{\"__metadata__\":{\"a\":{}}}", 0), "a string");
    assertCorrupt(SafetensorsBytes.of("{\"__metadata__\":[]}", 0), "an object");
    assertCorrupt(SafetensorsBytes.of("{\"__metadata__\":null}", 0), "an object");
    assertCorrupt(SafetensorsBytes.of("{\"__metadata__\":{\"a\":\"1\",\"a\":\"2\"}}", 0), "twice");
    assertCorrupt(SafetensorsBytes.of("{\"__metadata__\":{},\"__metadata__\":{}}", 0), "twice");
  }

  @Test
  void whatOnlyThisLibraryLacksIsUnsupported() {
    String type = "{\"a\":{\"dtype\":\"F8_E8M0\",\"shape\":[8],\"data_offsets\":[0,8]}}";
    assertEquals(Status.UNSUPPORTED, refused(SafetensorsBytes.of(type, 8)).status());
    String rank =
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[8%s],\"data_offsets\":[0,8]}}"
            .formatted(",1".repeat(16));
    assertEquals(Status.UNSUPPORTED, refused(SafetensorsBytes.of(rank, 8)).status());
  }

  @Test
  void noiseIsRefusedOrReadWithinTheFile() {
    SplittableRandom random = new SplittableRandom(5);
    byte[] sound = SafetensorsBytes.of("{" + tensor("a", 0, 4) + "," + tensor("b", 4, 8) + "}", 8);
    Path file = directory.resolve("noise.safetensors");
    int read = 0;
    for (int round = 0; round < 1000; round++) {
      byte[] noisy = sound.clone();
      for (int change = random.nextInt(3); change >= 0; change--) {
        noisy[random.nextInt(noisy.length - 8)] = (byte) random.nextInt(' ', 127);
      }
      SafetensorsBytes.write(file, noisy);
      try (Arena arena = Arena.ofConfined()) {
        assertEquals(8, Safetensors.open(file, arena).sizeBytes());
        read++;
      } catch (WindlassException refused) {
        assertEquals(Status.CORRUPT, refused.status(), refused.getMessage());
      }
    }
    assertTrue(read > 0);
  }
}
