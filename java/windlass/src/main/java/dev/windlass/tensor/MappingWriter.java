package dev.windlass.tensor;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/** Writes a {@link MappingFormat}. */
final class MappingWriter {
  private final ByteArrayOutputStream tree = new ByteArrayOutputStream();

  private MappingWriter() {}

  static byte[] write(Structure root) {
    MappingWriter writer = new MappingWriter();
    writer.node(root);
    return writer.framed();
  }

  private byte[] framed() {
    if (tree.size() > MappingFormat.MAX_BYTES) {
      throw new IllegalArgumentException(
          "The keys and plain values of a state dict are %d bytes, and %d is the most: put long texts as bytes."
              .formatted(tree.size(), MappingFormat.MAX_BYTES));
    }
    byte[] bytes = new byte[MappingFormat.HEADER_BYTES + tree.size()];
    ByteBuffer header = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    header.putInt(MappingFormat.MAGIC);
    header.putShort((short) MappingFormat.VERSION);
    header.putShort((short) 0);
    header.putInt(tree.size());
    System.arraycopy(tree.toByteArray(), 0, bytes, MappingFormat.HEADER_BYTES, tree.size());
    header.putInt(checksum(bytes));
    return bytes;
  }

  static int checksum(byte[] bytes) {
    CRC32C checksum = new CRC32C();
    checksum.update(bytes, 0, MappingFormat.CHECKED_HEADER_BYTES);
    checksum.update(bytes, MappingFormat.HEADER_BYTES, bytes.length - MappingFormat.HEADER_BYTES);
    return (int) checksum.getValue();
  }

  private void node(Structure structure) {
    switch (structure) {
      case Structure.OfMap(Map<String, Structure> members) -> {
        tree.write(MappingFormat.MAP);
        number(members.size(), Integer.BYTES);
        members.forEach(
            (key, member) -> {
              text(key);
              node(member);
            });
      }
      case Structure.OfList(List<Structure> members) -> {
        tree.write(MappingFormat.LIST);
        number(members.size(), Integer.BYTES);
        members.forEach(this::node);
      }
      case Structure.OfEntry(Mapping.Kind kind) ->
          tree.write(kind == Mapping.Kind.TENSOR ? MappingFormat.TENSOR : MappingFormat.BYTES);
      case Structure.OfPlain(Object value) -> plain(value);
    }
  }

  private void plain(@Nullable Object value) {
    switch (value) {
      case null -> tree.write(MappingFormat.NULL);
      case Boolean truth -> tree.write(truth ? MappingFormat.TRUE : MappingFormat.FALSE);
      case Long number -> number(MappingFormat.LONG, number, Long.BYTES);
      case Integer number -> number(MappingFormat.INTEGER, number, Integer.BYTES);
      case Double number ->
          number(MappingFormat.DOUBLE, Double.doubleToRawLongBits(number), Long.BYTES);
      case Float number ->
          number(MappingFormat.FLOAT, Float.floatToRawIntBits(number), Integer.BYTES);
      case String text -> {
        tree.write(MappingFormat.STRING);
        text(text);
      }
      default -> throw new AssertionError(value.getClass());
    }
  }

  private void number(byte tag, long value, int bytes) {
    tree.write(tag);
    number(value, bytes);
  }

  private void number(long value, int bytes) {
    for (int i = 0; i < bytes; i++) {
      tree.write((int) (value >>> (8 * i)));
    }
  }

  private void text(String text) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    number(utf8.length, Integer.BYTES);
    tree.writeBytes(utf8);
  }
}
