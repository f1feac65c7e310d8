package dev.windlass.store;

import dev.windlass.Status;
import dev.windlass.WindlassException;
import dev.windlass.bindings.WindlassAbi;
import dev.windlass.store.CacheEntries.Spec;
import dev.windlass.tensor.DType;
import dev.windlass.tensor.Shape;
import dev.windlass.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** Values that are leased, to be read or mapped; until it is closed. Not thread-safe. */
final class Fetch implements AutoCloseable {
  private final long lease;
  private final List<Found> found;
  private boolean closed;

  private Fetch(long lease, List<Found> found) {
    this.lease = lease;
    this.found = found;
  }

  /**
   * A value, as it is in the volume.
   *
   * @param entry the first of those that it consists of
   * @param dtype of a tensor; null of bytes
   * @param shape of the whole tensor; of bytes a scalar's
   * @param bytes of the whole
   */
  record Found(
      String key,
      int item,
      int entry,
      boolean sharded,
      @Nullable DType dtype,
      Shape shape,
      long bytes,
      long version) {
    boolean isTensor() {
      return dtype != null;
    }

    Spec spec() {
      return dtype == null ? Spec.BYTES : new Spec(dtype, shape);
    }

    /** The element type, where this has one. */
    DType tensorType() {
      if (dtype == null) {
        throw new WindlassException(
            Status.MISMATCH,
            0,
            "\"" + Keys.shown(key) + "\" is bytes, not a tensor: get it as bytes.");
      }
      return dtype;
    }

    void requireBytes() {
      if (dtype != null) {
        throw new WindlassException(
            Status.MISMATCH,
            0,
            "\"" + Keys.shown(key) + "\" is a tensor, " + spec() + ": get it as that.");
      }
    }
  }

  /** Where a value goes: native memory of its size. */
  record Target(Found from, MemorySegment memory) {}

  /** Leases the values of keys, which have been checked, all or none. */
  static Fetch of(TensorStore store, List<String> keys) {
    return of(store, keys, false, List.of(), OptionalLong.empty());
  }

  static Fetch of(
      TensorStore store,
      List<String> keys,
      boolean skipMissing,
      List<Condition> conditions,
      OptionalLong timeoutNs) {
    long lease = LeaseCalls.acquire(store.handle(), keys, skipMissing, conditions, timeoutNs);
    try {
      return new Fetch(lease, found(lease, keys));
    } catch (RuntimeException | Error e) {
      LeaseCalls.close(lease);
      throw e;
    }
  }

  /** The shards of a value follow one another; those after the first say nothing new but size. */
  private static List<Found> found(long lease, List<String> keys) {
    List<Found> found = new ArrayList<>(keys.size());
    int lastItem = -1;
    for (LeaseCalls.Entry entry : LeaseCalls.entries(lease, keys.size())) {
      if (entry.kind() < 0 || entry.item() == lastItem) {
        continue;
      }
      lastItem = entry.item();
      String key = keys.get(entry.item());
      boolean tensor = entry.kind() == WindlassAbi.WL_ENTRY_TENSOR();
      boolean sharded = entry.shardCount() > 0;
      DType dtype = tensor ? DType.of(entry.dtype()) : null;
      Shape shape = sharded ? LeaseCalls.wholeShape(lease, entry.index()) : entry.shape();
      long bytes = dtype == null ? entry.bytes() : dtype.bytesOf(shape.elements());
      found.add(
          new Found(
              key, entry.item(), entry.index(), sharded, dtype, shape, bytes, entry.version()));
    }
    return found;
  }

  /**
   * What was found, in the order of the keys; all of them, unless missing ones were passed over.
   */
  List<Found> found() {
    return found;
  }

  /** A tensor of the kind that was found, in memory that is freed some time after the last use. */
  static Tensor allocate(Found value) {
    return Tensor.allocate(value.tensorType(), value.shape());
  }

  /** Fills all targets. */
  void read(List<Target> targets) {
    List<LeaseCalls.Read> whole = new ArrayList<>(targets.size());
    for (Target target : targets) {
      Found from = target.from();
      PutCall.alive(target.memory());
      if (from.bytes() == 0) {
        continue;
      }
      if (from.sharded()) {
        readPart(from, new long[from.shape().rank()], from.shape(), target.memory());
      } else {
        whole.add(new LeaseCalls.Read(from.entry(), from.bytes(), target.memory()));
      }
    }
    LeaseCalls.read(lease, whole);
  }

  /** Fills the target with a part of a tensor. */
  void readPart(Found from, long[] offsets, Shape shape, MemorySegment target) {
    if (target.byteSize() == 0) {
      return;
    }
    PutCall.alive(target);
    LeaseCalls.readSlice(lease, from.item(), offsets, shape, target);
  }

  /**
   * Checks a part that is asked for.
   *
   * @throws IllegalArgumentException unless it lies within the tensor
   */
  static void requireWithin(Found from, long[] offsets, Shape part) {
    from.tensorType();
    Shape whole = from.shape();
    boolean within = offsets.length == whole.rank() && part.rank() == whole.rank();
    for (int i = 0; within && i < offsets.length; i++) {
      within = offsets[i] >= 0 && offsets[i] <= whole.size(i) - part.size(i);
    }
    if (!within) {
      throw new IllegalArgumentException(
          "The part %s at %s does not lie within \"%s\", which is %s."
              .formatted(part, Arrays.toString(offsets), Keys.shown(from.key()), whole));
    }
  }

  /** Where a value is mapped; empty where it has to be read. */
  OptionalLong map(Found value) {
    return value.sharded() || value.bytes() == 0
        ? OptionalLong.empty()
        : LeaseCalls.map(lease, value.entry());
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      LeaseCalls.close(lease);
    }
  }
}
