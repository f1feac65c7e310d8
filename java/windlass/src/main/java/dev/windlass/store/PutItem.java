package dev.windlass.store;

import dev.windlass.tensor.Tensor;
import dev.windlass.tensor.TensorSlice;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/** What is put under a key. Its memory is read during the put, and must last as long. */
public sealed interface PutItem {
  String key();

  /** How many bytes are put. */
  long sizeBytes();

  static PutItem of(String key, Tensor tensor) {
    return new OfTensor(key, tensor);
  }

  /** Bytes in any memory. */
  static PutItem of(String key, MemorySegment bytes) {
    return new OfBytes(key, bytes);
  }

  static PutItem of(String key, byte[] bytes) {
    return new OfBytes(key, MemorySegment.ofArray(bytes));
  }

  /**
   * One writer's part of a tensor; the key can be read once all writers have put theirs.
   *
   * @throws IllegalArgumentException unless the tensor is of the slice's local shape
   */
  static PutItem of(String key, Tensor part, TensorSlice slice) {
    return new OfSlice(key, part, slice);
  }

  /** A whole tensor. */
  record OfTensor(String key, Tensor tensor) implements PutItem {
    public OfTensor {
      Keys.require(key);
      Objects.requireNonNull(tensor, "tensor");
    }

    @Override
    public long sizeBytes() {
      return tensor.sizeBytes();
    }
  }

  /** Bytes that are no tensor. */
  record OfBytes(String key, MemorySegment bytes) implements PutItem {
    public OfBytes {
      Keys.require(key);
      Objects.requireNonNull(bytes, "bytes");
    }

    @Override
    public long sizeBytes() {
      return bytes.byteSize();
    }
  }

  /** A part of a tensor. */
  record OfSlice(String key, Tensor tensor, TensorSlice slice) implements PutItem {
    public OfSlice {
      Keys.require(key);
      if (!tensor.shape().equals(slice.localShape())) {
        throw new IllegalArgumentException(
            "The slice of \"%s\" is of shape %s, and the tensor of %s."
                .formatted(Keys.shown(key), slice.localShape(), tensor.shape()));
      }
    }

    @Override
    public long sizeBytes() {
      return tensor.sizeBytes();
    }
  }
}
