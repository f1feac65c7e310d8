package dev.windlass.store;

import dev.windlass.WindlassException;
import dev.windlass.bindings.NativeCall;
import dev.windlass.bindings.WindlassAbi;
import dev.windlass.bindings.wl_pull_item;
import dev.windlass.bindings.wl_pull_report;
import dev.windlass.tensor.StateDict;
import dev.windlass.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.ref.Reference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Fills the same memory with the same values again and again, as a reader of {@linkplain Offer
 * offered} weights does after each step. What has to be read from where is worked out once for each
 * value, and anew only where its shards, its shape or its offer are other ones.
 *
 * <p>The targets must stay until it is closed. Any thread may call; of two pulls at once one waits.
 */
public final class PullPlan implements AutoCloseable {
  private final long handle;
  private final List<PullItem> items;
  private final AtomicBoolean closed = new AtomicBoolean();

  private PullPlan(long handle, List<PullItem> items) {
    this.handle = handle;
    this.items = items;
  }

  static PullPlan open(long store, Collection<? extends PullItem> given) {
    List<PullItem> items = List.copyOf(given);
    List<String> names = Keys.require(items.stream().map(PullItem::key).toList());
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      Keys keys = Keys.of(call, names);
      MemorySegment structs = call.allocate(wl_pull_item.layout(), items.size());
      for (int i = 0; i < items.size(); i++) {
        MemorySegment struct = wl_pull_item.asSlice(structs, i);
        wl_pull_item.key(struct, keys.pointer(i));
        wl_pull_item.key_bytes(struct, keys.length(i));
        fill(call, struct, items.get(i));
      }
      MemorySegment plan = call.allocate(ValueLayout.JAVA_LONG);
      call.check(WindlassAbi.wl_store_plan(store, structs, items.size(), plan, call.error()));
      return new PullPlan(plan.get(ValueLayout.JAVA_LONG, 0), items);
    }
  }

  /** All values of a state dict. */
  static List<PullItem> items(String key, StateDict target) {
    List<PullItem> items = new ArrayList<>();
    target.tensors().forEach((way, tensor) -> items.add(PullItem.of(key + "/" + way, tensor)));
    target.bytes().forEach((way, bytes) -> items.add(PullItem.of(key + "/" + way, bytes)));
    return items;
  }

  private static void fill(NativeCall call, MemorySegment struct, PullItem item) {
    switch (item) {
      case PullItem.OfBytes bytes -> {
        wl_pull_item.kind(struct, WindlassAbi.WL_ENTRY_BYTES());
        target(struct, item, bytes.target());
      }
      case PullItem.OfTensor part -> {
        Tensor tensor = part.target();
        wl_pull_item.kind(struct, WindlassAbi.WL_ENTRY_TENSOR());
        wl_pull_item.dtype(struct, tensor.dtype().code());
        wl_pull_item.rank(struct, tensor.shape().rank());
        wl_pull_item.offsets(struct, call.allocate(offsets(part)));
        wl_pull_item.shape(struct, call.allocate(LeaseCalls.atLeastOne(tensor.shape().toArray())));
        target(struct, item, tensor.data());
      }
    }
  }

  private static long[] offsets(PullItem.OfTensor part) {
    return LeaseCalls.atLeastOne(part.offsets().stream().mapToLong(Long::longValue).toArray());
  }

  private static void target(MemorySegment struct, PullItem item, MemorySegment memory) {
    if (!memory.isNative()) {
      throw new IllegalArgumentException(
          "The target of \""
              + Keys.shown(item.key())
              + "\" lies in the Java heap, where it does not stay in one place: give native"
              + " memory.");
    }
    wl_pull_item.bytes(struct, memory.byteSize());
    wl_pull_item.target(struct, PutCall.alive(memory));
  }

  /** Within the store's time limit. */
  public PullReport pull() {
    return pull(0);
  }

  /**
   * Fills all targets with what was there in one instant; where it throws, they have anything.
   *
   * @throws WindlassException NOT_FOUND, INCOMPLETE, MISMATCH where a value is not there, or not
   *     what its target is; STATE where whoever offers it took it back meanwhile; TIMEOUT;
   *     UNAVAILABLE
   */
  public PullReport pull(Duration limit) {
    Durations.requirePositive(limit, "limit");
    return pull(Durations.nanos(limit));
  }

  private PullReport pull(long timeoutNs) {
    for (PullItem item : items) {
      PutCall.alive(
          item instanceof PullItem.OfTensor part
              ? part.target().data()
              : ((PullItem.OfBytes) item).target());
    }
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      MemorySegment report =
          call.allocate(wl_pull_report.layout(), WindlassAbi::wl_pull_report_init);
      call.check(WindlassAbi.wl_plan_pull(handle, timeoutNs, report, call.error()));
      long bytes = wl_pull_report.bytes(report);
      Phases phases = new Phases();
      phases.add("lease", wl_pull_report.lease_ns(report), 0);
      phases.add("plan", wl_pull_report.plan_ns(report), 0);
      phases.add("move", wl_pull_report.move_ns(report), bytes);
      return new PullReport(
          Transport.of(wl_pull_report.transport(report)),
          wl_pull_report.version(report),
          bytes,
          wl_pull_report.planned(report),
          wl_pull_report.reused(report),
          phases.all());
    } finally {
      Reference.reachabilityFence(items);
    }
  }

  /** Waits for a pull under way. */
  @Override
  public void close() {
    if (closed.getAndSet(true)) {
      return;
    }
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      call.check(WindlassAbi.wl_plan_close(handle, call.error()));
    }
  }
}
