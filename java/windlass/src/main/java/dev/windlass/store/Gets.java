package dev.windlass.store;

import dev.windlass.Status;
import dev.windlass.WindlassException;
import dev.windlass.store.Fetch.Found;
import dev.windlass.store.Fetch.Target;
import dev.windlass.tensor.Shape;
import dev.windlass.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/** Gets into memory that is no cache's. Keys have been checked. */
final class Gets {
  private Gets() {}

  static SequencedMap<String, Tensor> tensors(TensorStore store, List<String> keys) {
    try (Fetch fetch = Fetch.of(store, keys)) {
      SequencedMap<String, Tensor> tensors = new LinkedHashMap<>();
      List<Target> targets = new ArrayList<>();
      for (Found found : fetch.found()) {
        Tensor tensor = Fetch.allocate(found);
        targets.add(new Target(found, tensor.data()));
        tensors.put(found.key(), tensor);
      }
      fetch.read(targets);
      return tensors;
    }
  }

  static byte[] bytes(TensorStore store, String key) {
    try (Fetch fetch = Fetch.of(store, List.of(key));
        Arena arena = Arena.ofConfined()) {
      Found found = fetch.found().getFirst();
      found.requireBytes();
      MemorySegment bytes = arena.allocate(found.bytes());
      fetch.read(List.of(new Target(found, bytes)));
      return bytes.toArray(ValueLayout.JAVA_BYTE);
    }
  }

  static void into(TensorStore store, List<String> keys, Map<String, Tensor> targets) {
    try (Fetch fetch = Fetch.of(store, keys)) {
      List<Target> memory = new ArrayList<>();
      for (Found found : fetch.found()) {
        Tensor target = targets.get(found.key());
        requireReceives(found, target);
        memory.add(new Target(found, target.data()));
      }
      fetch.read(memory);
    }
  }

  static Tensor slice(TensorStore store, String key, long[] offsets, Shape shape) {
    try (Fetch fetch = Fetch.of(store, List.of(key))) {
      Found found = fetch.found().getFirst();
      Fetch.requireWithin(found, offsets, shape);
      Tensor part = Tensor.allocate(found.tensorType(), shape);
      fetch.readPart(found, offsets, shape, part.data());
      return part;
    }
  }

  static void sliceInto(TensorStore store, String key, long[] offsets, Tensor target) {
    requireWritable(target.data());
    try (Fetch fetch = Fetch.of(store, List.of(key))) {
      Found found = fetch.found().getFirst();
      if (found.tensorType() != target.dtype()) {
        throw new WindlassException(
            Status.MISMATCH,
            0,
            "\"%s\" is %s, and the target of its part is %s."
                .formatted(Keys.shown(key), found.spec(), target));
      }
      Fetch.requireWithin(found, offsets, target.shape());
      fetch.readPart(found, offsets, target.shape(), target.data());
    }
  }

  /** The target has the type and shape of what was found. */
  static void requireReceives(Found found, Tensor target) {
    requireWritable(target.data());
    if (found.tensorType() != target.dtype() || !found.shape().equals(target.shape())) {
      throw new WindlassException(
          Status.MISMATCH,
          0,
          "\"%s\" is %s, and its target is %s: pass one that is the same."
              .formatted(Keys.shown(found.key()), found.spec(), target));
    }
  }

  static void requireWritable(MemorySegment target) {
    if (target.isReadOnly()) {
      throw new IllegalArgumentException("The target of a get cannot be read-only.");
    }
  }
}
