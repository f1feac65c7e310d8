package dev.windlass.store;

import dev.windlass.Status;
import dev.windlass.WindlassException;
import dev.windlass.bindings.NativeCall;
import dev.windlass.bindings.WindlassAbi;
import dev.windlass.bindings.wl_acquire_options;
import dev.windlass.bindings.wl_condition;
import dev.windlass.bindings.wl_entry;
import dev.windlass.bindings.wl_read;
import dev.windlass.bindings.wl_slice;
import dev.windlass.tensor.Shape;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/** The library's calls on leases. */
final class LeaseCalls {
  private LeaseCalls() {}

  /**
   * One value that is leased, or one shard of it.
   *
   * @param index in the lease
   * @param item which of the keys asked for
   * @param kind the library's number; -1 for a key that is missing
   */
  record Entry(
      int index,
      int item,
      int kind,
      int dtype,
      Shape shape,
      int shardCount,
      long bytes,
      long version) {}

  /** Where some of an entry's bytes go. */
  record Read(int entry, long bytes, MemorySegment target) {}

  static long acquire(
      long store,
      List<String> keys,
      boolean skipMissing,
      List<Condition> conditions,
      OptionalLong timeoutNs) {
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      Keys names = Keys.of(call, keys);
      MemorySegment options =
          call.allocate(wl_acquire_options.layout(), WindlassAbi::wl_acquire_options_init);
      wl_acquire_options.skip_missing(options, skipMissing ? 1 : 0);
      wl_acquire_options.conditions(options, conditions(call, conditions));
      wl_acquire_options.condition_count(options, conditions.size());
      timeoutNs.ifPresent(limit -> wl_acquire_options.timeout_ns(options, limit));
      MemorySegment lease = call.allocate(ValueLayout.JAVA_LONG);
      call.check(
          WindlassAbi.wl_store_acquire(
              store,
              names.pointers(),
              names.lengths(),
              names.count(),
              options,
              lease,
              call.error()));
      return lease.get(ValueLayout.JAVA_LONG, 0);
    }
  }

  static MemorySegment conditions(NativeCall call, List<Condition> conditions) {
    if (conditions.isEmpty()) {
      return MemorySegment.NULL;
    }
    Keys keys = Keys.of(call, conditions.stream().map(Condition::key).toList());
    MemorySegment structs = call.allocate(wl_condition.layout(), conditions.size());
    for (int i = 0; i < conditions.size(); i++) {
      MemorySegment struct = wl_condition.asSlice(structs, i);
      wl_condition.key(struct, keys.pointer(i));
      wl_condition.key_bytes(struct, keys.length(i));
      wl_condition.version(struct, conditions.get(i).version());
    }
    return structs;
  }

  /** What the lease has; likely as many as expected. */
  static List<Entry> entries(long lease, int expected) {
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      MemorySegment count = call.allocate(ValueLayout.JAVA_LONG);
      long capacity = expected;
      while (true) {
        MemorySegment structs = call.allocate(wl_entry.layout(), capacity);
        call.check(
            WindlassAbi.wl_lease_get_entries(
                lease,
                structs,
                Math.toIntExact(wl_entry.layout().byteSize()),
                capacity,
                count,
                call.error()));
        long there = count.get(ValueLayout.JAVA_LONG, 0);
        if (there <= capacity) {
          return entries(structs, Math.toIntExact(there));
        }
        capacity = there;
      }
    }
  }

  private static List<Entry> entries(MemorySegment structs, int count) {
    List<Entry> entries = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      MemorySegment struct = wl_entry.asSlice(structs, i);
      entries.add(
          new Entry(
              i,
              Math.toIntExact(wl_entry.item(struct)),
              wl_entry.kind(struct),
              wl_entry.dtype(struct),
              shape(wl_entry.shape(struct), wl_entry.rank(struct)),
              wl_entry.shard_count(struct),
              wl_entry.bytes(struct),
              wl_entry.version(struct)));
    }
    return entries;
  }

  static Shape shape(MemorySegment sizes, int rank) {
    long[] shape = new long[rank];
    MemorySegment.copy(sizes, ValueLayout.JAVA_LONG, 0, shape, 0, rank);
    return Shape.of(shape);
  }

  /** The shape of the whole tensor that an entry is a shard of. */
  static Shape wholeShape(long lease, int entry) {
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      MemorySegment slice = call.allocate(wl_slice.layout());
      call.check(WindlassAbi.wl_lease_get_slice(lease, entry, slice, call.error()));
      int rank = wl_slice.rank(slice);
      return shape(wl_slice.global_shape(slice), rank);
    }
  }

  /** Where an entry's bytes are mapped; empty where this transport does not map. */
  static OptionalLong map(long lease, int entry) {
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      MemorySegment address = call.allocate(ValueLayout.ADDRESS);
      int status = WindlassAbi.wl_lease_map(lease, entry, address, call.error());
      if (status == Status.UNSUPPORTED.code()) {
        return OptionalLong.empty();
      }
      call.check(status);
      return OptionalLong.of(address.get(ValueLayout.ADDRESS, 0).address());
    }
  }

  /** Fills the targets, which are native, each with the beginning of its entry's bytes. */
  static void read(long lease, List<Read> reads) {
    if (reads.isEmpty()) {
      return;
    }
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      MemorySegment structs = call.allocate(wl_read.layout(), reads.size());
      for (int i = 0; i < reads.size(); i++) {
        Read read = reads.get(i);
        MemorySegment struct = wl_read.asSlice(structs, i);
        wl_read.entry(struct, read.entry());
        wl_read.bytes(struct, read.bytes());
        wl_read.target(struct, read.target());
      }
      call.check(WindlassAbi.wl_lease_read(lease, structs, reads.size(), 0, call.error()));
    }
  }

  /** Fills the native target with a part of the tensor that the item-th key asked for. */
  static void readSlice(long lease, int item, long[] offsets, Shape shape, MemorySegment target) {
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      call.check(
          WindlassAbi.wl_lease_read_slice(
              lease,
              item,
              shape.rank(),
              call.allocate(atLeastOne(offsets)),
              call.allocate(atLeastOne(shape.toArray())),
              target,
              target.byteSize(),
              0,
              call.error()));
    }
  }

  /** Of a scalar there is nothing to pass, and NULL is no array. */
  static long[] atLeastOne(long[] values) {
    return values.length == 0 ? new long[1] : values;
  }

  static void close(long lease) {
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      call.check(WindlassAbi.wl_lease_close(lease, call.error()));
    }
  }
}
