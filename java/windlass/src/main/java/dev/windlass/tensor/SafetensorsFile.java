package dev.windlass.tensor;

import dev.windlass.Status;
import dev.windlass.WindlassException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** One file: eight bytes with the length of the header, the header, the data. */
final class SafetensorsFile {
  private static final ValueLayout.OfLong LENGTH =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** The widest elements first: so all are aligned, since the data as a whole is. */
  private static final Comparator<Map.Entry<String, Tensor>> BY_ALIGNMENT =
      Comparator.<Map.Entry<String, Tensor>>comparingInt(entry -> -entry.getValue().dtype().bits())
          .thenComparing(Map.Entry::getKey);

  private SafetensorsFile() {}

  static Safetensors open(Path file, Arena arena) {
    MemorySegment mapped = map(file, arena).asReadOnly();
    if (mapped.byteSize() < LENGTH.byteSize()) {
      throw SafetensorsHeader.corrupt(file, "it has only " + mapped.byteSize() + " bytes");
    }
    long length = mapped.get(LENGTH, 0);
    long behind = mapped.byteSize() - LENGTH.byteSize();
    if (length < 0 || length > SafetensorsHeader.MAX_BYTES) {
      throw SafetensorsHeader.corrupt(
          file,
          "its header would be %s bytes, and %d is the most"
              .formatted(Long.toUnsignedString(length), SafetensorsHeader.MAX_BYTES));
    }
    if (length > behind) {
      throw SafetensorsHeader.corrupt(
          file, "its header would be " + length + " bytes, and there are only " + behind);
    }
    byte[] text = mapped.asSlice(LENGTH.byteSize(), length).toArray(ValueLayout.JAVA_BYTE);
    MemorySegment data = mapped.asSlice(LENGTH.byteSize() + length);
    SafetensorsHeader header = SafetensorsHeader.read(file, text, data.byteSize());
    Map<String, Tensor> tensors = LinkedHashMap.newLinkedHashMap(header.entries().size());
    for (SafetensorsHeader.Entry entry : header.entries()) {
      MemorySegment bytes = data.asSlice(entry.begin(), entry.end() - entry.begin());
      tensors.put(entry.name(), Tensor.of(entry.dtype(), entry.shape(), bytes));
    }
    return new Safetensors(file, List.of(file), tensors, header.metadata());
  }

  private static MemorySegment map(Path file, Arena arena) {
    // Opening anything else than a file could wait for ever.
    if (Files.exists(file) && !Files.isRegularFile(file)) {
      throw new WindlassException(
          Status.INVALID_ARGUMENT, 0, file + " is not a regular file: name one.");
    }
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      return channel.map(MapMode.READ_ONLY, 0, channel.size(), arena);
    } catch (IOException e) {
      throw FileFailure.reading(file, e);
    }
  }

  static void write(Path file, Map<String, Tensor> tensors, Map<String, String> metadata) {
    List<SafetensorsHeader.Entry> entries = new ArrayList<>();
    List<Tensor> order = new ArrayList<>();
    long at = 0;
    for (Map.Entry<String, Tensor> named :
        tensors.entrySet().stream().sorted(BY_ALIGNMENT).toList()) {
      Tensor tensor = named.getValue();
      checkWritable(named.getKey(), tensor);
      long end = Math.addExact(at, tensor.sizeBytes());
      entries.add(
          new SafetensorsHeader.Entry(named.getKey(), tensor.dtype(), tensor.shape(), at, end));
      order.add(tensor);
      at = end;
    }
    metadata.forEach(
        (key, value) -> {
          checkText(key);
          checkText(value);
        });
    byte[] header = SafetensorsHeader.write(entries, new TreeMap<>(metadata));
    if (header.length > SafetensorsHeader.MAX_BYTES) {
      throw new IllegalArgumentException(
          "The header of %s would be %d bytes, and %d is the most: write several files."
              .formatted(file, header.length, SafetensorsHeader.MAX_BYTES));
    }
    byte[] length = new byte[Long.BYTES];
    MemorySegment.ofArray(length).set(LENGTH, 0, header.length);
    try (AtomicFile output = AtomicFile.create(file)) {
      output.append(MemorySegment.ofArray(length));
      output.append(MemorySegment.ofArray(header));
      for (Tensor tensor : order) {
        output.append(tensor.data());
      }
      output.commit();
    } catch (IOException e) {
      throw FileFailure.writing(file, e);
    }
  }

  private static void checkWritable(String name, Tensor tensor) {
    checkText(name);
    if (name.equals(SafetensorsHeader.METADATA)) {
      throw new IllegalArgumentException(
          "The safetensors format reserves the name " + name + ": give the tensor another.");
    }
    if (tensor.dtype().safetensorsName().isEmpty()) {
      throw new IllegalArgumentException(
          "The safetensors format has no %s, of which the tensor %s is: write its bytes as U8."
              .formatted(tensor.dtype(), name));
    }
  }

  private static void checkText(String text) {
    if (!StandardCharsets.UTF_8.newEncoder().canEncode(text)) {
      throw new IllegalArgumentException(
          "A name or text has half of a surrogate pair, which UTF-8 cannot encode.");
    }
  }
}
