package dev.windlass.tensor;

import dev.windlass.Status;
import dev.windlass.WindlassException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;

/** Reads a {@link MappingFormat}, trusting nothing of it. */
final class MappingReader {
  /** Of a member: in a map the length of its key, and always the byte that says what it is. */
  private static final int LEAST_OF_MAP = Integer.BYTES + 1;

  private static final int LEAST_OF_LIST = 1;

  private final ByteBuffer bytes;
  private final String name;
  private final StateDictBudget budget = new StateDictBudget(this::corrupt);

  private MappingReader(byte[] bytes, String name) {
    this.bytes = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    this.name = name;
  }

  static Structure read(byte[] bytes, String name) {
    MappingReader reader = new MappingReader(bytes, name);
    reader.header(bytes);
    Structure root = reader.node("", 0);
    if (!(root instanceof Structure.OfMap || root instanceof Structure.OfList)) {
      throw reader.corrupt("has neither a map nor a list at the top");
    }
    if (reader.bytes.hasRemaining()) {
      throw reader.corrupt("goes on behind its end");
    }
    return root;
  }

  private void header(byte[] all) {
    if (all.length < MappingFormat.HEADER_BYTES) {
      throw corrupt("has only " + all.length + " bytes");
    }
    if (bytes.getInt() != MappingFormat.MAGIC) {
      throw corrupt("does not begin as one");
    }
    int version = Short.toUnsignedInt(bytes.getShort());
    if (version != MappingFormat.VERSION) {
      throw new WindlassException(
          Status.VERSION,
          0,
          "The mapping %s is of version %d, and this library reads version %d: install a newer one."
              .formatted(name, version, MappingFormat.VERSION));
    }
    int reserved = bytes.getShort();
    long length = Integer.toUnsignedLong(bytes.getInt());
    if (reserved != 0
        || length > MappingFormat.MAX_BYTES
        || length != all.length - MappingFormat.HEADER_BYTES) {
      throw corrupt("says that it has " + length + " bytes, and has another number");
    }
    if (bytes.getInt() != MappingWriter.checksum(all)) {
      throw corrupt("has another checksum than it was written with");
    }
  }

  private Structure node(String key, int depth) {
    budget.spend(key);
    byte tag = need(1).get();
    return switch (tag) {
      case MappingFormat.MAP -> map(key, depth);
      case MappingFormat.LIST -> list(key, depth);
      case MappingFormat.TENSOR -> new Structure.OfEntry(Mapping.Kind.TENSOR);
      case MappingFormat.BYTES -> new Structure.OfEntry(Mapping.Kind.BYTES);
      case MappingFormat.NULL -> new Structure.OfPlain(null);
      case MappingFormat.FALSE -> new Structure.OfPlain(false);
      case MappingFormat.TRUE -> new Structure.OfPlain(true);
      case MappingFormat.LONG -> new Structure.OfPlain(need(Long.BYTES).getLong());
      case MappingFormat.INTEGER -> new Structure.OfPlain(need(Integer.BYTES).getInt());
      case MappingFormat.DOUBLE -> new Structure.OfPlain(need(Double.BYTES).getDouble());
      case MappingFormat.FLOAT -> new Structure.OfPlain(need(Float.BYTES).getFloat());
      case MappingFormat.STRING -> new Structure.OfPlain(text());
      default -> throw corrupt("has a node of the unknown kind " + tag);
    };
  }

  private Structure map(String prefix, int depth) {
    budget.checkDepth(depth, prefix);
    int count = count(LEAST_OF_MAP);
    SequencedMap<String, Structure> members = LinkedHashMap.newLinkedHashMap(count);
    for (int i = 0; i < count; i++) {
      String key = key();
      if (members.put(key, node(Keys.below(prefix, key), depth + 1)) != null) {
        throw corrupt("has a map with the key " + key + " twice");
      }
    }
    return new Structure.OfMap(members);
  }

  private Structure list(String prefix, int depth) {
    budget.checkDepth(depth, prefix);
    int count = count(LEAST_OF_LIST);
    List<Structure> members = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      members.add(node(Keys.below(prefix, i), depth + 1));
    }
    return new Structure.OfList(members);
  }

  /** A number of members, each of which has some bytes at least. */
  private int count(int leastBytes) {
    long count = Integer.toUnsignedLong(need(Integer.BYTES).getInt());
    if (count * leastBytes > bytes.remaining()) {
      throw corrupt("has " + count + " members where there is no room for them");
    }
    return (int) count;
  }

  private String key() {
    long length = Integer.toUnsignedLong(need(Integer.BYTES).getInt(bytes.position()));
    if (length > StateDictBudget.MAX_KEY_BYTES) {
      throw corrupt("has a key of " + length + " bytes");
    }
    return text();
  }

  private String text() {
    long length = Integer.toUnsignedLong(need(Integer.BYTES).getInt());
    ByteBuffer utf8 = need(length).slice(bytes.position(), (int) length);
    bytes.position(bytes.position() + (int) length);
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(utf8).toString();
    } catch (CharacterCodingException e) {
      throw corrupt("has a text that is not UTF-8");
    }
  }

  private ByteBuffer need(long count) {
    if (count > bytes.remaining()) {
      throw corrupt("ends in the middle");
    }
    return bytes;
  }

  private WindlassException corrupt(String what) {
    return new WindlassException(
        Status.CORRUPT,
        0,
        "The mapping %s %s (byte %d): put the state dict again."
            .formatted(name, what, bytes.position()));
  }
}
