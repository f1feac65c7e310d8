package dev.windlass.tensor;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * A nested value without its tensors and byte strings: a tree that is never deeper than allowed.
 */
sealed interface Structure {
  /** Tells of each leaf that is kept under a key. */
  void eachEntry(String prefix, BiConsumer<String, Mapping.Kind> entry);

  /** What differs in structure, as a sentence's part; empty if nothing does. */
  Optional<String> differenceTo(Structure stored, String prefix);

  /** The nested value with these leaves. */
  @Nullable Object rebuild(String prefix, BiFunction<String, Mapping.Kind, ?> leaf);

  record OfMap(SequencedMap<String, Structure> members) implements Structure {
    @Override
    public void eachEntry(String prefix, BiConsumer<String, Mapping.Kind> entry) {
      members.forEach((key, member) -> member.eachEntry(Keys.below(prefix, key), entry));
    }

    @Override
    public Optional<String> differenceTo(Structure stored, String prefix) {
      if (!(stored instanceof OfMap(SequencedMap<String, Structure> others))) {
        return Optional.of(kindsDiffer(this, stored, prefix));
      }
      for (Map.Entry<String, Structure> member : members.entrySet()) {
        String path = Keys.below(prefix, member.getKey());
        Structure other = others.get(member.getKey());
        if (other == null) {
          return Optional.of("there is nothing under " + path + " in what is stored");
        }
        Optional<String> difference = member.getValue().differenceTo(other, path);
        if (difference.isPresent()) {
          return difference;
        }
      }
      return others.keySet().stream()
          .filter(key -> !members.containsKey(key))
          .findFirst()
          .map(key -> Keys.below(prefix, key) + " is stored, and has no place here");
    }

    @Override
    public Object rebuild(String prefix, BiFunction<String, Mapping.Kind, ?> leaf) {
      Map<String, @Nullable Object> map = LinkedHashMap.newLinkedHashMap(members.size());
      members.forEach((key, member) -> map.put(key, member.rebuild(Keys.below(prefix, key), leaf)));
      return map;
    }
  }

  record OfList(List<Structure> members) implements Structure {
    @Override
    public void eachEntry(String prefix, BiConsumer<String, Mapping.Kind> entry) {
      for (int i = 0; i < members.size(); i++) {
        members.get(i).eachEntry(Keys.below(prefix, i), entry);
      }
    }

    @Override
    public Optional<String> differenceTo(Structure stored, String prefix) {
      if (!(stored instanceof OfList(List<Structure> others))) {
        return Optional.of(kindsDiffer(this, stored, prefix));
      }
      if (members.size() != others.size()) {
        return Optional.of(
            "%s is stored with %d members, and has %d here"
                .formatted(name(prefix), others.size(), members.size()));
      }
      for (int i = 0; i < members.size(); i++) {
        Optional<String> difference =
            members.get(i).differenceTo(others.get(i), Keys.below(prefix, i));
        if (difference.isPresent()) {
          return difference;
        }
      }
      return Optional.empty();
    }

    @Override
    public Object rebuild(String prefix, BiFunction<String, Mapping.Kind, ?> leaf) {
      List<@Nullable Object> list = new ArrayList<>(members.size());
      for (int i = 0; i < members.size(); i++) {
        list.add(members.get(i).rebuild(Keys.below(prefix, i), leaf));
      }
      return list;
    }
  }

  /** A leaf that is kept under a key of its own. */
  record OfEntry(Mapping.Kind kind) implements Structure {
    @Override
    public void eachEntry(String prefix, BiConsumer<String, Mapping.Kind> entry) {
      entry.accept(prefix, kind);
    }

    @Override
    public Optional<String> differenceTo(Structure stored, String prefix) {
      return equals(stored) ? Optional.empty() : Optional.of(kindsDiffer(this, stored, prefix));
    }

    @Override
    public @Nullable Object rebuild(String prefix, BiFunction<String, Mapping.Kind, ?> leaf) {
      return leaf.apply(prefix, kind);
    }
  }

  /** A leaf that is the value itself. */
  record OfPlain(@Nullable Object value) implements Structure {
    @Override
    public void eachEntry(String prefix, BiConsumer<String, Mapping.Kind> entry) {
      // It has no key.
    }

    @Override
    public Optional<String> differenceTo(Structure stored, String prefix) {
      return stored instanceof OfPlain
          ? Optional.empty()
          : Optional.of(kindsDiffer(this, stored, prefix));
    }

    @Override
    public @Nullable Object rebuild(String prefix, BiFunction<String, Mapping.Kind, ?> leaf) {
      return value;
    }
  }

  private static String kindsDiffer(Structure here, Structure stored, String prefix) {
    return "%s is stored as %s, and is %s here"
        .formatted(name(prefix), described(stored), described(here));
  }

  private static String name(String prefix) {
    return prefix.isEmpty() ? "the whole" : prefix;
  }

  private static String described(Structure structure) {
    return switch (structure) {
      case OfMap _ -> "a map";
      case OfList _ -> "a list";
      case OfEntry(Mapping.Kind kind) -> kind == Mapping.Kind.TENSOR ? "a tensor" : "bytes";
      case OfPlain _ -> "a plain value";
    };
  }
}
