package dev.windlass.store;

import dev.windlass.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;

/** A value, or a part of a tensor, and the native memory that a {@link PullPlan} fills with it. */
public sealed interface PullItem {
  String key();

  /** A whole tensor, of the target's type and shape. */
  static PullItem of(String key, Tensor target) {
    return of(key, new long[target.shape().rank()], target);
  }

  /** The part of a tensor that begins at the offsets and is of the target's shape. */
  static PullItem of(String key, long[] offsets, Tensor target) {
    return new OfTensor(key, Arrays.stream(offsets).boxed().toList(), target);
  }

  /** Bytes, exactly as many. */
  static PullItem of(String key, MemorySegment target) {
    return new OfBytes(key, target);
  }

  /** Of a tensor. */
  record OfTensor(String key, List<Long> offsets, Tensor target) implements PullItem {
    public OfTensor {
      Keys.require(key);
      Gets.requireWritable(target.data());
      offsets = List.copyOf(offsets);
      if (offsets.size() != target.shape().rank()) {
        throw new IllegalArgumentException(
            "The part of \"%s\" has %d offsets, and its target is %s."
                .formatted(Keys.shown(key), offsets.size(), target.shape()));
      }
    }
  }

  /** Of bytes. */
  record OfBytes(String key, MemorySegment target) implements PullItem {
    public OfBytes {
      Keys.require(key);
      Gets.requireWritable(target);
    }
  }
}
