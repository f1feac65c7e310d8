package dev.windlass.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.windlass.Status;
import dev.windlass.WindlassException;
import dev.windlass.support.Bytes;
import dev.windlass.support.ForeignCheckpoint;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsTest {
  @TempDir private Path directory;

  private static Map<String, Tensor> contentFromAnotherTool() {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    tensors.put("embed.weight", Tensor.of(Shape.of(2, 3), 1f, 2f, 3f, 4f, 5f, 6f));
    tensors.put("norm", Tensor.copyOf(DType.F16, Shape.of(1), new byte[] {0, 0x3e}));
    tensors.put("ids", Tensor.of(Shape.of(3), 1L, -2L, 3L));
    tensors.put("flags", Tensor.copyOf(DType.BOOL, Shape.of(3), new byte[] {1, 0, 1}));
    tensors.put("scalar", Tensor.of(Shape.scalar(), 2.5));
    tensors.put("empty", Tensor.allocate(DType.I32, Shape.of(0, 4)));
    return tensors;
  }

  private static void assertSame(Map<String, Tensor> expected, Map<String, Tensor> tensors) {
    assertEquals(expected.keySet(), tensors.keySet());
    expected.forEach((name, tensor) -> assertTrue(tensor.hasSameContent(tensors.get(name)), name));
  }

  private List<String> filesIn(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void aFileOfAnotherToolIsReadAndWrittenAlike() throws IOException {
    byte[] bytes = ForeignCheckpoint.bytes();
    Path file = SafetensorsBytes.write(directory.resolve("model.safetensors"), bytes);
    try (Arena arena = Arena.ofConfined()) {
      Safetensors opened = Safetensors.open(file, arena);
      assertSame(contentFromAnotherTool(), opened.tensors());
      assertEquals(Map.of("note", "ä \"quoted\""), opened.metadata());
      assertEquals(1.5, opened.tensor("norm").getDouble(0));
      Path copy = directory.resolve("copy.safetensors");
      Safetensors.write(copy, opened.tensors(), opened.metadata());
      assertArrayEquals(bytes, Files.readAllBytes(copy));
    }
  }

  @Test
  void aFileWrittenByHandIsRead() {
    // Blanks where JSON has them, the tensors in another order than their bytes, an escaped name.
    String header =
        "{ \"z\\u0041/\" : {\"shape\":[2, 2],\n\"data_offsets\":[4,8],\"dtype\":\"U8\"},"
            + "\"__metadata__\":{},"
            + "\"bf\":{\"dtype\":\"BF16\",\"shape\":[1,1,2],\"data_offsets\":[0,4]}}  ";
    Path file = SafetensorsBytes.write(directory.resolve("hand"), SafetensorsBytes.of(header, 8));
    try (Arena arena = Arena.ofConfined()) {
      Safetensors opened = Safetensors.open(file, arena);
      assertEquals(List.of("bf", "zA/"), List.copyOf(opened.tensors().keySet()));
      assertArrayEquals(new long[] {4, 5, 6, 7}, opened.tensor("zA/").toLongs());
      assertEquals(DType.BF16, opened.tensor("bf").dtype());
      assertEquals(List.of(file), opened.files());
      assertEquals(8, opened.sizeBytes());
      assertEquals(file + ": 2 tensors, 8 bytes", opened.toString());
      assertTrue(opened.metadata().isEmpty());
    }
  }

  @Test
  void aFileWithoutTensorsIsSound() {
    Path file = directory.resolve("empty.safetensors");
    SafetensorsBytes.write(file, SafetensorsBytes.of("{}", 0));
    try (Arena arena = Arena.ofConfined()) {
      assertTrue(Safetensors.open(file, arena).tensors().isEmpty());
    }
    Safetensors.write(file, Map.of());
    try (Arena arena = Arena.ofConfined()) {
      assertTrue(Safetensors.open(file, arena).tensors().isEmpty());
    }
  }

  /** The file has a hole for its data, which takes no room on the disk. */
  @Test
  void offsetsBeyondAnIntAreRead() throws IOException {
    long rows = 5 << 10;
    String header =
        "{\"big\":{\"dtype\":\"F16\",\"shape\":[%d,524288],\"data_offsets\":[0,%d]}}   "
            .formatted(rows, rows << 20);
    byte[] head = SafetensorsBytes.of(header, 0);
    Path file = SafetensorsBytes.write(directory.resolve("big"), head);
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.wrap(new byte[] {0, 0x3c}), head.length + (rows << 20) - 2);
    }
    try (Arena arena = Arena.ofConfined()) {
      Tensor big = Safetensors.open(file, arena).tensor("big");
      assertEquals(1, big.getDouble(rows - 1, 524287));
      assertEquals(1, big.rows(rows - 1, 1).toFloats()[524287]);
      Tensor corner = big.copyOfPart(arena, new long[] {rows - 1, 524286}, Shape.of(1, 2));
      assertArrayEquals(new double[] {0, 1}, corner.toDoubles());
    }
  }

  @Test
  void whatIsReadCannotBeWrittenToAndEndsWithItsArena() {
    Path file = directory.resolve("model.safetensors");
    Safetensors.write(file, contentFromAnotherTool());
    Tensor tensor;
    try (Arena arena = Arena.ofConfined()) {
      tensor = Safetensors.open(file, arena).tensor("ids");
      assertThrows(IllegalArgumentException.class, () -> tensor.setLong(1, 0));
      assertEquals(-2, tensor.getLong(1));
    }
    assertThrows(IllegalStateException.class, () -> tensor.getLong(1));
  }

  @Test
  void everyTypeOfTheFormatComesBack() {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    for (DType dtype : DType.values()) {
      if (dtype.safetensorsName().isPresent()) {
        // Large enough for one to be written by itself, and small ones to be gathered.
        int elements = dtype == DType.F64 ? 100_000 : 1000 + dtype.code();
        byte[] bytes = Bytes.of((int) dtype.bytesOf(elements), dtype.code());
        tensors.put("t/" + dtype, Tensor.copyOf(dtype, Shape.of(elements), bytes));
      }
    }
    for (int i = 0; i < 3000; i++) {
      tensors.put("small." + i, Tensor.copyOf(DType.U8, Shape.of(500), Bytes.of(500, i)));
    }
    Path file = directory.resolve("all");
    Safetensors.write(file, tensors);
    try (Arena arena = Arena.ofConfined()) {
      Safetensors opened = Safetensors.open(file, arena);
      assertSame(tensors, opened.tensors());
      opened
          .tensors()
          .values()
          .forEach(
              tensor ->
                  assertEquals(
                      0, tensor.data().address() % Math.max(1, tensor.dtype().bits() / 8)));
    }
  }

  @Test
  void whatTheFormatDoesNotHaveIsRefused() throws IOException {
    Path file = directory.resolve("model.safetensors");
    Tensor half = Tensor.allocate(DType.I4, Shape.of(2));
    Tensor sound = Tensor.of(Shape.of(1), 1f);
    for (Map<String, Tensor> wrong :
        List.of(Map.of("a", half), Map.of("__metadata__", sound), Map.of("\uD800", sound))) {
      assertThrows(IllegalArgumentException.class, () -> Safetensors.write(file, wrong));
    }
    assertThrows(
        IllegalArgumentException.class,
        () -> Safetensors.write(file, Map.of("a", sound), Map.of("k", "\uDC00")));
    assertEquals(List.of(), filesIn(directory));
  }

  @Test
  void aWriteThatFailsLeavesWhatWasThere() throws IOException {
    Path file = directory.resolve("model.safetensors");
    Safetensors.write(file, contentFromAnotherTool());
    byte[] before = Files.readAllBytes(file);
    Map<String, Tensor> tensors = new LinkedHashMap<>(contentFromAnotherTool());
    try (Arena arena = Arena.ofConfined()) {
      tensors.put("gone", Tensor.allocate(arena, DType.U8, Shape.of(10)));
    }
    assertThrows(IllegalStateException.class, () -> Safetensors.write(file, tensors));
    assertArrayEquals(before, Files.readAllBytes(file));
    assertEquals(List.of("model.safetensors"), filesIn(directory));
  }

  @Test
  void aFileIsReplacedWhileItIsBeingRead() {
    Path file = directory.resolve("model.safetensors");
    Safetensors.write(file, Map.of("a", Tensor.of(Shape.of(1), 1)));
    try (Arena arena = Arena.ofConfined()) {
      Safetensors opened = Safetensors.open(file, arena);
      Safetensors.write(file, Map.of("a", Tensor.of(Shape.of(1), 2)));
      assertEquals(1, opened.tensor("a").getLong(0));
      assertEquals(2, Safetensors.open(file, arena).tensor("a").getLong(0));
    }
  }

  private static Status refusal(Runnable call, String why) {
    WindlassException refused = assertThrows(WindlassException.class, call::run);
    assertTrue(refused.getMessage().contains(why), refused.getMessage());
    return refused.status();
  }

  @Test
  void whatIsNotThereOrNoFileIsSaid() {
    try (Arena arena = Arena.ofConfined()) {
      Path missing = directory.resolve("missing");
      assertEquals(Status.NOT_FOUND, refusal(() -> Safetensors.open(missing, arena), "missing"));
      assertEquals(
          Status.NOT_FOUND, refusal(() -> Safetensors.open(directory, arena), "model.safetensors"));
      assertEquals(
          Status.INVALID_ARGUMENT,
          refusal(() -> Safetensors.open(Path.of("/dev/null"), arena), "/dev/null"));
      Path below = missing.resolve("model.safetensors");
      assertEquals(Status.NOT_FOUND, refusal(() -> Safetensors.write(below, Map.of()), "missing"));
      Path file = directory.resolve("model.safetensors");
      Safetensors.write(file, Map.of());
      Safetensors opened = Safetensors.open(directory, arena);
      assertEquals(Status.NOT_FOUND, refusal(() -> opened.tensor("w"), "no tensor w"));
      assertFalse(Files.exists(missing));
    }
  }

  @Test
  void theDirectoryOfTheRightNameIsEnough() {
    Safetensors.write(directory.resolve(Safetensors.FILE_NAME), contentFromAnotherTool());
    try (Arena arena = Arena.ofConfined()) {
      assertEquals(6, Safetensors.open(directory, arena).tensors().size());
      assertEquals(
          Arrays.asList(Safetensors.open(directory, arena).path()),
          Safetensors.open(directory, arena).files());
    }
  }
}
