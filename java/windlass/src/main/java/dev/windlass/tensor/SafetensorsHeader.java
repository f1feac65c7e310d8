package dev.windlass.tensor;

import dev.windlass.Status;
import dev.windlass.WindlassException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What the head of a safetensors file says: which tensors there are, and where in the data behind
 * the head each lies. Once read, it is known that they fill the data, without overlap or hole.
 */
final class SafetensorsHeader {
  /** The longest header that the format allows. */
  static final long MAX_BYTES = 100_000_000;

  static final String METADATA = "__metadata__";

  /** Where the data begins is a multiple of this, in what is written. */
  private static final int ALIGNMENT = 8;

  /** Types that the format has and {@link DType} has not. */
  private static final Set<String> OTHER_DTYPES = Set.of("F4", "F6_E2M3", "F6_E3M2", "F8_E8M0");

  private static final Comparator<Entry> BY_PLACE =
      Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end);

  /** A tensor's place in the data. */
  record Entry(String name, DType dtype, Shape shape, long begin, long end) {}

  private final Path file;
  private final JsonReader json;
  private final List<Entry> entries = new ArrayList<>();
  private final Map<String, String> metadata = new LinkedHashMap<>();

  /** In which tensor's description the reader is, as the end of a sentence. */
  private String around = "";

  private SafetensorsHeader(Path file, byte[] text) {
    this.file = file;
    this.json = new JsonReader(text, what -> corrupt(file, "its header " + what + around));
  }

  /**
   * Reads the text of a header.
   *
   * @param dataBytes how much there is behind it
   */
  static SafetensorsHeader read(Path file, byte[] text, long dataBytes) {
    SafetensorsHeader header = new SafetensorsHeader(file, text);
    if (text.length == 0 || text[0] != '{') {
      throw corrupt(file, "its header does not begin with '{'");
    }
    header.json.object(header::member);
    header.json.end();
    header.entries.sort(BY_PLACE);
    header.checkPlaces(dataBytes);
    return header;
  }

  /** In the order in which they lie. */
  List<Entry> entries() {
    return entries;
  }

  Map<String, String> metadata() {
    return metadata;
  }

  private void member(String name) {
    if (name.equals(METADATA)) {
      json.object(key -> metadata.put(key, json.string()));
    } else {
      around = " in the tensor " + name;
      entries.add(new Fields(name).read());
      around = "";
    }
  }

  /** The description of one tensor, field by field. */
  private final class Fields {
    private final String name;
    private String dtype = "";
    private final List<Long> sizes = new ArrayList<>();
    private final List<Long> offsets = new ArrayList<>();
    private int seen;

    Fields(String name) {
      this.name = name;
    }

    Entry read() {
      json.object(this::field);
      if (seen != 3 || offsets.size() != 2) {
        throw corrupt(tensor() + " lacks its dtype, its shape, or one of its two data_offsets");
      }
      DType type = type();
      Shape shape = shape();
      long begin = offsets.get(0);
      long end = offsets.get(1);
      if (begin > end) {
        throw corrupt(tensor() + " ends at offset " + end + ", before it begins at " + begin);
      }
      if (end - begin != bytes(type, shape)) {
        throw corrupt(
            "%s is %s %s, which is %d bytes, and has %d, from offset %d to %d"
                .formatted(tensor(), type, shape, bytes(type, shape), end - begin, begin, end));
      }
      return new Entry(name, type, shape, begin, end);
    }

    private void field(String field) {
      seen++;
      switch (field) {
        case "dtype" -> dtype = json.string();
        case "shape" -> json.array(() -> add(sizes, Shape.MAX_RANK + 1));
        case "data_offsets" -> json.array(() -> add(offsets, 2));
        default -> throw json.refuse("has the unknown field " + field);
      }
    }

    private void add(List<Long> numbers, int most) {
      if (numbers.size() == most) {
        throw json.refuse("has too many numbers in a list");
      }
      numbers.add(json.whole());
    }

    private DType type() {
      if (OTHER_DTYPES.contains(dtype)) {
        throw new WindlassException(
            Status.UNSUPPORTED,
            0,
            "%s: %s is of type %s, which this library does not have: convert it before."
                .formatted(file, tensor(), dtype));
      }
      return DType.ofSafetensors(dtype)
          .orElseThrow(() -> corrupt(tensor() + " is of the unknown type " + dtype));
    }

    private Shape shape() {
      if (sizes.size() > Shape.MAX_RANK) {
        throw new WindlassException(
            Status.UNSUPPORTED,
            0,
            "%s: %s has more than %d dimensions: reshape it before."
                .formatted(file, tensor(), Shape.MAX_RANK));
      }
      try {
        return Shape.of(sizes.stream().mapToLong(Long::longValue).toArray());
      } catch (IllegalArgumentException e) {
        throw corrupt(tensor() + " has an impossible shape. " + e.getMessage());
      }
    }

    private long bytes(DType type, Shape shape) {
      try {
        return type.bytesOf(shape.elements());
      } catch (IllegalArgumentException e) {
        throw corrupt(tensor() + " has an impossible shape. " + e.getMessage());
      }
    }

    private String tensor() {
      return "the tensor " + name;
    }
  }

  private void checkPlaces(long dataBytes) {
    long at = 0;
    for (int i = 0; i < entries.size(); i++) {
      Entry entry = entries.get(i);
      if (entry.end > dataBytes) {
        throw corrupt(
            "the tensor %s ends at offset %d, and there are %d bytes of data: is the file truncated?"
                .formatted(entry.name, entry.end, dataBytes));
      }
      if (entry.begin < at) {
        throw corrupt(
            "the tensor %s begins at offset %d, where %s still is, until %d"
                .formatted(entry.name, entry.begin, entries.get(i - 1).name, at));
      }
      if (entry.begin > at) {
        throw corrupt(
            "there is a hole from offset %d to %d, before the tensor %s"
                .formatted(at, entry.begin, entry.name));
      }
      at = entry.end;
    }
    if (at != dataBytes) {
      throw corrupt(
          "the tensors end at offset %d, and there are %d bytes of data".formatted(at, dataBytes));
    }
  }

  /** The text of a header, without its length; padded so that the data behind it is aligned. */
  static byte[] write(List<Entry> entries, Map<String, String> metadata) {
    StringBuilder json = new StringBuilder("{");
    if (!metadata.isEmpty()) {
      JsonText.append(json, METADATA);
      json.append(":{");
      metadata.forEach(
          (key, value) -> {
            separate(json);
            JsonText.append(json, key);
            json.append(':');
            JsonText.append(json, value);
          });
      json.append('}');
    }
    for (Entry entry : entries) {
      separate(json);
      JsonText.append(json, entry.name);
      json.append(":{\"dtype\":\"").append(entry.dtype.safetensorsName().orElseThrow());
      json.append("\",\"shape\":").append(entry.shape.toString().replace(" ", ""));
      json.append(",\"data_offsets\":[").append(entry.begin).append(',').append(entry.end);
      json.append("]}");
    }
    byte[] text = json.append('}').toString().getBytes(StandardCharsets.UTF_8);
    int padding = (ALIGNMENT - text.length % ALIGNMENT) % ALIGNMENT;
    byte[] padded = Arrays.copyOf(text, text.length + padding);
    Arrays.fill(padded, text.length, padded.length, (byte) ' ');
    return padded;
  }

  private static void separate(StringBuilder json) {
    if (json.charAt(json.length() - 1) != '{') {
      json.append(',');
    }
  }

  private WindlassException corrupt(String what) {
    return corrupt(file, what);
  }

  static WindlassException corrupt(Path file, String what) {
    return new WindlassException(
        Status.CORRUPT, 0, file + " is not a sound safetensors file: " + what + ".");
  }
}
