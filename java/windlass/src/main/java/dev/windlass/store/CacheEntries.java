package dev.windlass.store;

import dev.windlass.Status;
import dev.windlass.WindlassException;
import dev.windlass.tensor.DType;
import dev.windlass.tensor.Shape;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The entries of a cache in the order of their last use, what they take, and whose first use is
 * under way. Its owner's lock guards it.
 */
final class CacheEntries {
  /** What a buffer was made for: a tensor of a type and shape, or bytes if both are null. */
  record Spec(@Nullable DType dtype, @Nullable Shape shape) {
    static final Spec BYTES = new Spec(null, null);

    private static final long BYTES_GRAIN = 4096;

    /** Byte strings such as mappings grow and shrink a little; tensors do not. */
    long capacity(long bytes) {
      return dtype == null ? Math.ceilDiv(bytes, BYTES_GRAIN) * BYTES_GRAIN : bytes;
    }

    @Override
    public String toString() {
      return dtype == null ? "bytes" : dtype + " " + shape;
    }
  }

  /** A buffer is known by its name, and is of one store. */
  record EntryId(TensorStore store, String name) {}

  /** One buffer in the cache. */
  static final class Entry {
    final TransportBuffer buffer;
    final @Nullable String key;
    @Nullable Spec spec;
    private long countedBytes;

    Entry(TransportBuffer buffer, @Nullable String key, @Nullable Spec spec) {
      this.buffer = buffer;
      this.key = key;
      this.spec = spec;
    }

    /** Whether a value of this kind can use it; one whose kind is not known yet takes it on. */
    boolean fits(Spec wanted, long bytes) {
      if (buffer.isClosed() || bytes > buffer.sizeBytes()) {
        return false;
      }
      if (spec == null) {
        spec = wanted;
      }
      return spec.equals(wanted);
    }
  }

  /** What strict caches throw where an entry does not fit. */
  static WindlassException mismatch(EntryId id, Entry entry, Spec spec) {
    return new WindlassException(
        Status.MISMATCH,
        0,
        "The cache is strict, and its buffer for \"%s\" is for %s, not %s: "
                .formatted(Keys.shown(id.name()), entry.spec, spec)
            + "remove it first, or use a cache that is not.");
  }

  private final Map<EntryId, Entry> entries = new LinkedHashMap<>(16, 0.75f, true);

  /** First puts under way, and the keys on whose deletion they are forgotten. */
  private final Map<EntryId, TransportBuffers.Name> beginnings = new LinkedHashMap<>();

  private long bytes;

  @Nullable Entry use(EntryId id) {
    return entries.get(id);
  }

  int size() {
    return entries.size();
  }

  long bytes() {
    return bytes;
  }

  /** The buffer of this name that was used last, of whichever store. */
  @Nullable TransportBuffer newest(String name) {
    TransportBuffer newest = null;
    for (Map.Entry<EntryId, Entry> each : entries.entrySet()) {
      if (each.getKey().name().equals(name)) {
        newest = each.getValue().buffer;
      }
    }
    return newest;
  }

  /** Puts one in; returns what was there before. */
  @Nullable TransportBuffer put(EntryId id, Entry entry) {
    Entry before = entries.put(id, entry);
    if (before != null) {
      bytes -= before.countedBytes;
    }
    count(entry);
    return before == null || before.buffer == entry.buffer ? null : before.buffer;
  }

  /** Has what the buffer takes now in the sum. */
  void count(Entry entry) {
    long now = entry.buffer.heldBytes();
    bytes += now - entry.countedBytes;
    entry.countedBytes = now;
  }

  /** Counts it anew, if it is still there. */
  void recount(EntryId id, TransportBuffer buffer) {
    Entry entry = entries.get(id);
    if (entry != null && entry.buffer == buffer) {
      count(entry);
    }
  }

  /** Takes one out, if it is this buffer. */
  void remove(EntryId id, TransportBuffer buffer) {
    Entry entry = entries.get(id);
    if (entry != null && entry.buffer == buffer) {
      entries.remove(id);
      bytes -= entry.countedBytes;
    }
  }

  boolean begin(EntryId id, TransportBuffers.Name name) {
    return beginnings.putIfAbsent(id, name) == null;
  }

  boolean isBeginning(EntryId id) {
    return beginnings.containsKey(id);
  }

  /** Whether it is still wanted. */
  boolean end(EntryId id) {
    return beginnings.remove(id) != null;
  }

  /** Takes out what the test says, and forgets such beginnings; returns the buffers to close. */
  List<TransportBuffer> removeIf(Predicate<EntryId> byId, Predicate<@Nullable String> byKey) {
    beginnings
        .entrySet()
        .removeIf(each -> byId.test(each.getKey()) && byKey.test(each.getValue().key()));
    List<TransportBuffer> gone = new ArrayList<>();
    Iterator<Map.Entry<EntryId, Entry>> iterator = entries.entrySet().iterator();
    while (iterator.hasNext()) {
      Map.Entry<EntryId, Entry> each = iterator.next();
      if (byId.test(each.getKey()) && byKey.test(each.getValue().key)) {
        iterator.remove();
        bytes -= each.getValue().countedBytes;
        gone.add(each.getValue().buffer);
      }
    }
    return gone;
  }

  /**
   * Takes out those that were not used for longest and are idle, until so many entries and bytes
   * are left; returns them to be closed.
   */
  List<TransportBuffer> evict(long mostEntries, long mostBytes) {
    List<TransportBuffer> gone = new ArrayList<>();
    if (entries.size() <= mostEntries && bytes <= mostBytes) {
      return gone;
    }
    Iterator<Map.Entry<EntryId, Entry>> iterator = entries.entrySet().iterator();
    while (iterator.hasNext() && (entries.size() > mostEntries || bytes > mostBytes)) {
      Entry entry = iterator.next().getValue();
      if (entry.buffer.isIdle()) {
        iterator.remove();
        bytes -= entry.countedBytes;
        gone.add(entry.buffer);
      }
    }
    return gone;
  }
}
