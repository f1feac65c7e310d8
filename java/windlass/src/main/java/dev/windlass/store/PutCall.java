package dev.windlass.store;

import dev.windlass.WindlassException;
import dev.windlass.bindings.NativeCall;
import dev.windlass.bindings.WindlassAbi;
import dev.windlass.bindings.wl_put_item;
import dev.windlass.bindings.wl_put_options;
import dev.windlass.bindings.wl_put_report;
import dev.windlass.bindings.wl_slice;
import dev.windlass.tensor.Shape;
import dev.windlass.tensor.Tensor;
import dev.windlass.tensor.TensorSlice;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** The library's call that puts. */
final class PutCall {
  private PutCall() {}

  /**
   * The items, checked.
   *
   * @throws IllegalArgumentException if there is none, or two are for one key and place
   */
  static List<PutItem> require(List<? extends PutItem> items) {
    if (items.isEmpty()) {
      throw new IllegalArgumentException("There is nothing to put: pass at least one item.");
    }
    record Place(String key, int shard) {}
    Set<Place> seen = new HashSet<>();
    for (PutItem item : items) {
      int shard = item instanceof PutItem.OfSlice part ? part.slice().index() : -1;
      if (!seen.add(new Place(item.key(), shard))) {
        throw new IllegalArgumentException(
            "The key \"" + Keys.shown(item.key()) + "\" is put twice in one call.");
      }
    }
    return List.copyOf(items);
  }

  /**
   * Puts all or nothing.
   *
   * @param buffers for each item its buffer, or 0; empty for none at all
   */
  static PutReport put(
      long store, List<? extends PutItem> items, long[] buffers, PutOptions options) {
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      MemorySegment structs = structs(call, items, buffers);
      MemorySegment report = call.allocate(wl_put_report.layout(), WindlassAbi::wl_put_report_init);
      call.check(
          WindlassAbi.wl_store_put(
              store, structs, items.size(), struct(call, options), report, call.error()));
      return Structs.putReport(report);
    } finally {
      Reference.reachabilityFence(items);
    }
  }

  /** The items, as the library takes them. */
  static MemorySegment structs(NativeCall call, List<? extends PutItem> items, long[] buffers) {
    MemorySegment structs = call.allocate(wl_put_item.layout(), items.size());
    Keys keys = Keys.of(call, items.stream().map(PutItem::key).toList());
    MemorySegment shapes = shapes(call, items);
    long shape = 0;
    for (int i = 0; i < items.size(); i++) {
      MemorySegment struct = wl_put_item.asSlice(structs, i);
      wl_put_item.key(struct, keys.pointer(i));
      wl_put_item.key_bytes(struct, keys.length(i));
      wl_put_item.buffer(struct, buffers.length == 0 ? 0 : buffers[i]);
      wl_put_item.shape(struct, shapes.asSlice(shape * Long.BYTES));
      shape += rank(items.get(i));
      fill(call, struct, items.get(i));
    }
    return structs;
  }

  /** The shapes of all items, one behind the other; one more, so that the last has an address. */
  private static MemorySegment shapes(NativeCall call, List<? extends PutItem> items) {
    int count = 1;
    for (PutItem item : items) {
      count += rank(item);
    }
    long[] sizes = new long[count];
    int at = 0;
    for (PutItem item : items) {
      Shape shape = shape(item);
      for (int i = 0; i < shape.rank(); i++) {
        sizes[at++] = shape.size(i);
      }
    }
    return call.allocate(sizes);
  }

  private static int rank(PutItem item) {
    return shape(item).rank();
  }

  private static Shape shape(PutItem item) {
    return switch (item) {
      case PutItem.OfBytes _ -> Shape.scalar();
      case PutItem.OfTensor whole -> whole.tensor().shape();
      case PutItem.OfSlice part -> part.tensor().shape();
    };
  }

  private static void fill(NativeCall call, MemorySegment struct, PutItem item) {
    switch (item) {
      case PutItem.OfBytes bytes -> {
        wl_put_item.kind(struct, WindlassAbi.WL_ENTRY_BYTES());
        data(call, struct, bytes.bytes());
      }
      case PutItem.OfTensor whole -> fill(call, struct, whole.tensor());
      case PutItem.OfSlice part -> {
        fill(call, struct, part.tensor());
        wl_put_item.slice(struct, slice(call, part.slice()));
      }
    }
  }

  private static void fill(NativeCall call, MemorySegment struct, Tensor tensor) {
    wl_put_item.kind(struct, WindlassAbi.WL_ENTRY_TENSOR());
    wl_put_item.dtype(struct, tensor.dtype().code());
    wl_put_item.rank(struct, tensor.shape().rank());
    data(call, struct, tensor.data());
  }

  private static void data(NativeCall call, MemorySegment struct, MemorySegment bytes) {
    wl_put_item.bytes(struct, bytes.byteSize());
    if (bytes.byteSize() > 0) {
      wl_put_item.data(struct, alive(bytes.isNative() ? bytes : staged(call, bytes)));
    }
  }

  /** Only the address goes into the struct, so this is where memory that has ended is noticed. */
  static MemorySegment alive(MemorySegment memory) {
    if (!memory.scope().isAlive()) {
      throw new IllegalStateException("The memory of a value has ended: its arena is closed.");
    }
    return memory;
  }

  private static MemorySegment staged(NativeCall call, MemorySegment heap) {
    return call.allocate(heap.byteSize()).copyFrom(heap);
  }

  private static MemorySegment slice(NativeCall call, TensorSlice slice) {
    MemorySegment struct = call.allocate(wl_slice.layout());
    wl_slice.rank(struct, slice.globalShape().rank());
    wl_slice.mesh_rank(struct, slice.meshShape().rank());
    wl_slice.global_shape(struct, array(call, slice.globalShape().toArray()));
    wl_slice.offsets(struct, array(call, slice.offsets()));
    wl_slice.mesh_shape(struct, array(call, slice.meshShape().toArray()));
    wl_slice.coordinates(struct, array(call, slice.coordinates()));
    return struct;
  }

  private static MemorySegment array(NativeCall call, long[] values) {
    return call.allocate(LeaseCalls.atLeastOne(values));
  }

  static MemorySegment struct(NativeCall call, PutOptions options) {
    MemorySegment struct = call.allocate(wl_put_options.layout(), WindlassAbi::wl_put_options_init);
    wl_put_options.conditions(struct, LeaseCalls.conditions(call, options.conditions()));
    wl_put_options.condition_count(struct, options.conditions().size());
    if (!options.removals().isEmpty()) {
      Keys removals = Keys.of(call, options.removals());
      wl_put_options.removals(struct, removals.pointers());
      wl_put_options.removal_bytes(struct, removals.lengths());
      wl_put_options.removal_count(struct, removals.count());
    }
    options.timeout().ifPresent(limit -> wl_put_options.timeout_ns(struct, Durations.nanos(limit)));
    return struct;
  }
}
