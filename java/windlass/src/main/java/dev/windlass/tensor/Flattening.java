package dev.windlass.tensor;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/** One walk through a nested value, which takes it apart. */
final class Flattening {
  private final Map<String, Tensor> tensors;
  private final Map<String, MemorySegment> bytes;
  private final StateDictBudget budget =
      new StateDictBudget(
          what -> new IllegalArgumentException("The state dict " + what + ": split it."));

  private Flattening(Map<String, Tensor> tensors, Map<String, MemorySegment> bytes) {
    this.tensors = tensors;
    this.bytes = bytes;
  }

  /** The structure of the value; its leaves are added to the maps. */
  static Structure run(
      Object value, Map<String, Tensor> tensors, Map<String, MemorySegment> bytes) {
    return new Flattening(tensors, bytes).walk(value, "", 0);
  }

  private Structure walk(@Nullable Object value, String path, int depth) {
    budget.spend(path);
    return switch (value) {
      case null -> new Structure.OfPlain(null);
      case Map<?, ?> map -> walkMap(map, path, depth);
      case List<?> list -> walkList(list, path, depth);
      case Tensor tensor -> {
        tensors.put(path, tensor);
        yield new Structure.OfEntry(Mapping.Kind.TENSOR);
      }
      case MemorySegment segment -> {
        bytes.put(path, segment);
        yield new Structure.OfEntry(Mapping.Kind.BYTES);
      }
      case byte[] array -> {
        bytes.put(path, MemorySegment.ofArray(array));
        yield new Structure.OfEntry(Mapping.Kind.BYTES);
      }
      case String text -> new Structure.OfPlain(encodable(text, path));
      case Long _, Integer _, Double _, Float _, Boolean _ -> new Structure.OfPlain(value);
      default ->
          throw new IllegalArgumentException(
              "A state dict cannot have a %s (under %s): make it a tensor, bytes or a plain value."
                  .formatted(value.getClass().getName(), path));
    };
  }

  private Structure walkMap(Map<?, ?> map, String path, int depth) {
    budget.checkDepth(depth, path);
    SequencedMap<String, Structure> members = LinkedHashMap.newLinkedHashMap(map.size());
    for (Map.Entry<?, ?> member : map.entrySet()) {
      if (!(member.getKey() instanceof String key)) {
        throw new IllegalArgumentException(
            "A map under '%s' has the key %s, which is no string."
                .formatted(path, member.getKey()));
      }
      String below = Keys.below(path, encodable(key, path));
      members.put(key, walk(member.getValue(), below, depth + 1));
    }
    return new Structure.OfMap(members);
  }

  private Structure walkList(List<?> list, String path, int depth) {
    budget.checkDepth(depth, path);
    List<Structure> members = new ArrayList<>(list.size());
    for (Object member : list) {
      members.add(walk(member, Keys.below(path, members.size()), depth + 1));
    }
    return new Structure.OfList(members);
  }

  private static String encodable(String text, String path) {
    if (!StandardCharsets.UTF_8.newEncoder().canEncode(text)) {
      throw new IllegalArgumentException(
          "A text under '%s' has half of a surrogate pair, which UTF-8 cannot encode."
              .formatted(path));
    }
    return text;
  }
}
