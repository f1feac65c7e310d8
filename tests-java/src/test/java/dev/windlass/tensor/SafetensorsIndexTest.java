package dev.windlass.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.windlass.Status;
import dev.windlass.WindlassException;
import dev.windlass.support.Bytes;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SafetensorsIndexTest {
  @TempDir private Path directory;

  private static Tensor bytes(int count, long seed) {
    return Tensor.copyOf(DType.U8, Shape.of(count), Bytes.of(count, seed));
  }

  private static Map<String, Tensor> tensors() {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    for (int i = 0; i < 10; i++) {
      tensors.put("layer." + i, bytes(i == 4 ? 1000 : 100, i));
    }
    return tensors;
  }

  private Path index() {
    return directory.resolve(Safetensors.INDEX_NAME);
  }

  private WindlassException refused(Path path) {
    try (Arena arena = Arena.ofConfined()) {
      return assertThrows(WindlassException.class, () -> Safetensors.open(path, arena));
    }
  }

  @Test
  void tensorsAreSpreadOverFilesAndComeBack() throws IOException {
    Safetensors.writeSharded(directory, tensors(), Map.of("format", "pt"), 250);
    try (Stream<Path> files = Files.list(directory)) {
      // Two of 100, two, one of 1000 alone, two, two, one; and the index.
      assertEquals(
          List.of(
              "model-00001-of-00006.safetensors",
              "model-00002-of-00006.safetensors",
              "model-00003-of-00006.safetensors",
              "model-00004-of-00006.safetensors",
              "model-00005-of-00006.safetensors",
              "model-00006-of-00006.safetensors",
              Safetensors.INDEX_NAME),
          files.map(file -> file.getFileName().toString()).sorted().toList());
    }
    assertTrue(Files.readString(index()).contains("\"total_size\": 1900"));
    try (Arena arena = Arena.ofConfined()) {
      for (Path path : List.of(directory, index())) {
        Safetensors opened = Safetensors.open(path, arena);
        assertEquals(6, opened.files().size());
        assertEquals(List.copyOf(tensors().keySet()), List.copyOf(opened.tensors().keySet()));
        tensors().forEach((name, tensor) -> assertTrue(tensor.hasSameContent(opened.tensor(name))));
        assertEquals(Map.of("format", "pt"), opened.metadata());
        assertEquals(1900, opened.sizeBytes());
      }
    }
  }

  @Test
  void nothingToSpreadIsAnIndexOfNothing() {
    Safetensors.writeSharded(directory, Map.of(), Map.of("a", "b"), 1);
    try (Arena arena = Arena.ofConfined()) {
      Safetensors opened = Safetensors.open(directory, arena);
      assertTrue(opened.tensors().isEmpty());
      assertTrue(opened.files().isEmpty());
      assertEquals(Map.of("a", "b"), opened.metadata());
    }
  }

  @Test
  void anIndexOfAnotherToolIsRead() {
    // As they are written: more metadata, a size in floating point, blanks, a file in a folder.
    write(
        """
        {
          "metadata": {"total_parameters": 3, "total_size": 1.2e1, "extra": {"a": [null]}},
          "weight_map": {"b": "part/one.safetensors", "a": "two.safetensors"},
          "future": [true]
        }
        """);
    assertTrue(directory.resolve("part").toFile().mkdir());
    Safetensors.write(
        directory.resolve("part/one.safetensors"), Map.of("b", bytes(3, 1), "c", bytes(3, 2)));
    Safetensors.write(directory.resolve("two.safetensors"), Map.of("a", bytes(4, 3)));
    try (Arena arena = Arena.ofConfined()) {
      Safetensors opened = Safetensors.open(directory, arena);
      assertEquals(List.of("b", "a"), List.copyOf(opened.tensors().keySet()));
      assertFalse(opened.tensors().containsKey("c"));
    }
  }

  private void write(String index) {
    SafetensorsBytes.write(index(), index.getBytes(StandardCharsets.UTF_8));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "[]",
        "{}",
        "{\"weight_map\":{}",
        "{\"weight_map\":[]}",
        "{\"weight_map\":{\"a\":1}}",
        "{\"weight_map\":{\"a\":\"f\",\"a\":\"f\"}}",
        "{\"weight_map\":{}} x",
        "{\"metadata\":{}}",
        "{\"weight_map\":{},\"metadata\":null}",
        "{\"weight_map\":{},\"metadata\":{\"total_size\":[]}}",
      })
  void anIndexThatIsNoneIsRefused(String text) {
    write(text);
    WindlassException refused = refused(directory);
    assertEquals(Status.CORRUPT, refused.status(), refused.getMessage());
    assertTrue(refused.getMessage().contains(Safetensors.INDEX_NAME));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../out.safetensors",
        "/out.safetensors",
        "",
        ".",
        "..",
        "a/../../out",
        "a//b",
        "./out",
        "out/",
        "a\\\\b",
        "a\\u0000b",
        "a/.."
      })
  void filesOutsideTheDirectoryAreRefused(String name) {
    write("{\"weight_map\":{\"w\":\"" + name + "\"}}");
    WindlassException refused = refused(directory);
    assertEquals(Status.CORRUPT, refused.status(), refused.getMessage());
    assertTrue(refused.getMessage().contains("not inside the directory"), refused.getMessage());
  }

  @Test
  void indexAndFilesThatDoNotFitAreRefused() {
    Safetensors.writeSharded(directory, tensors(), Map.of(), 250);
    Path first = directory.resolve("model-00001-of-00006.safetensors");
    Safetensors.write(first, Map.of("layer.0", bytes(100, 0)));
    WindlassException mismatch = refused(directory);
    assertEquals(Status.MISMATCH, mismatch.status());
    assertTrue(mismatch.getMessage().contains("layer.1"), mismatch.getMessage());
    SafetensorsBytes.write(first, new byte[20]);
    assertEquals(Status.CORRUPT, refused(directory).status());
    assertTrue(first.toFile().delete());
    WindlassException missing = refused(directory);
    assertEquals(Status.NOT_FOUND, missing.status());
    assertTrue(missing.getMessage().contains("model-00001"), missing.getMessage());
  }

  @Test
  void aTensorThatIsInAnotherFileThanTheIndexSaysIsNotThere() {
    write("{\"weight_map\":{\"a\":\"one\",\"b\":\"two\"}}");
    Safetensors.write(directory.resolve("one"), Map.of("b", bytes(1, 1)));
    Safetensors.write(directory.resolve("two"), Map.of("a", bytes(1, 1), "b", bytes(1, 1)));
    assertEquals(Status.MISMATCH, refused(directory).status());
  }

  @Test
  void aDirectoryThatHasAnIndexIsNotWrittenTo() {
    Safetensors.writeSharded(directory, tensors(), Map.of(), 1 << 20);
    WindlassException refused =
        assertThrows(
            WindlassException.class,
            () -> Safetensors.writeSharded(directory, tensors(), Map.of(), 1 << 20));
    assertEquals(Status.STATE, refused.status());
  }

  @Test
  void sizesAndMetadataThatCannotBeAreRefused() {
    assertThrows(
        IllegalArgumentException.class,
        () -> Safetensors.writeSharded(directory, tensors(), Map.of(), 0));
    assertThrows(
        IllegalArgumentException.class,
        () -> Safetensors.writeSharded(directory, tensors(), Map.of("total_size", "1"), 1));
    assertFalse(Files.exists(index()));
  }
}
