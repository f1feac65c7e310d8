package dev.windlass.store;

import dev.windlass.Status;
import dev.windlass.WindlassException;
import dev.windlass.bindings.EndingMemory;
import dev.windlass.store.Fetch.Found;
import dev.windlass.store.Fetch.Target;
import dev.windlass.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.OptionalLong;
import java.util.SequencedMap;
import java.util.SequencedSet;
import org.jspecify.annotations.Nullable;

/**
 * Values that were got, in memory that ends when this is closed: every use of their segments throws
 * {@link IllegalStateException} from then on.
 *
 * <p>From {@link TensorStore#lease} they are what the volume has, read-only and without a copy
 * where the transport allows it; what is published meanwhile changes nothing in them. From a get
 * with a {@link TransportBufferCache} they are copies in the cache's memory, which has them until
 * the next get.
 *
 * <p>Any thread may call.
 */
public final class Leased implements AutoCloseable {
  private static final long ALIGNMENT = 64;

  private final SequencedMap<String, Value> values = new LinkedHashMap<>();
  private final EndingMemory memory = new EndingMemory();
  private final List<Loan> loans = new ArrayList<>();
  private final TensorStore store;
  private @Nullable Fetch lease;
  private @Nullable CacheLending cache;
  private boolean zeroCopy;
  private boolean closed;

  private record Value(Found found, MemorySegment segment) {}

  private Leased(TensorStore store) {
    this.store = store;
  }

  /** Maps the values, or copies those that cannot be mapped. */
  static Leased mapped(TensorStore store, List<String> keys) {
    Leased leased = new Leased(store);
    try {
      Fetch fetch = Fetch.of(store, keys);
      leased.lease = fetch;
      leased.mapAll(fetch);
      return leased;
    } catch (RuntimeException | Error e) {
      leased.close();
      throw e;
    }
  }

  private void mapAll(Fetch fetch) {
    List<Target> copies = new ArrayList<>();
    for (Found found : fetch.found()) {
      OptionalLong address = fetch.map(found);
      MemorySegment segment =
          address.isPresent()
              ? memory.view(address.getAsLong(), found.bytes())
              : memory.allocate(found.bytes(), ALIGNMENT);
      if (address.isEmpty()) {
        copies.add(new Target(found, segment));
      }
      values.put(found.key(), new Value(found, segment.asReadOnly()));
    }
    fetch.read(copies);
    zeroCopy = copies.stream().allMatch(copy -> copy.from().bytes() == 0);
    if (copies.size() == values.size()) {
      fetch.close();
    }
  }

  /** Copies the values to memory of a cache's. */
  static Leased received(TensorStore store, List<String> keys, TransportBuffers buffers) {
    Leased leased = new Leased(store);
    store.attach(buffers.cache());
    try (Fetch fetch = Fetch.of(store, keys)) {
      leased.receive(fetch, buffers.cache().lending(), buffers.names(keys));
      return leased;
    } catch (RuntimeException | Error e) {
      leased.abandon(buffers.cache().lending());
      throw e;
    }
  }

  /** The same of values that somebody has leased already. */
  static Leased received(
      TensorStore store, Fetch fetch, TransportBuffers buffers, List<TransportBuffers.Name> names) {
    Leased leased = new Leased(store);
    store.attach(buffers.cache());
    try {
      leased.receive(fetch, buffers.cache().lending(), names);
      return leased;
    } catch (RuntimeException | Error e) {
      leased.abandon(buffers.cache().lending());
      throw e;
    }
  }

  private void receive(Fetch fetch, CacheLending from, List<TransportBuffers.Name> names) {
    cache = from;
    List<Target> targets = new ArrayList<>();
    for (Found found : fetch.found()) {
      Loan loan = from.lendForGet(store, names.get(found.item()), found.spec(), found.bytes());
      loans.add(loan);
      MemorySegment segment =
          loan.receiver() == null
              ? memory.allocate(found.bytes(), ALIGNMENT)
              : memory.view(loan.receiver().segment().address(), found.bytes());
      targets.add(new Target(found, segment));
      values.put(found.key(), new Value(found, segment));
    }
    fetch.read(targets);
    loans.forEach(from::received);
  }

  /** Nothing was received. */
  private void abandon(CacheLending from) {
    memory.end();
    loans.forEach(loan -> from.giveBack(loan, false));
    loans.clear();
  }

  /** In the order in which they were asked for. */
  public SequencedSet<String> keys() {
    return Collections.unmodifiableSequencedMap(values).sequencedKeySet();
  }

  /**
   * The tensor under a key.
   *
   * @throws IllegalArgumentException if it was not asked for
   * @throws WindlassException MISMATCH if it is bytes
   */
  public Tensor tensor(String key) {
    Value value = value(key);
    return Tensor.of(value.found().tensorType(), value.found().shape(), value.segment());
  }

  /** The only tensor. */
  public Tensor tensor() {
    return tensor(only());
  }

  /** The bytes under a key, of whatever kind it is. */
  public MemorySegment bytes(String key) {
    return value(key).segment();
  }

  /** The only value's bytes. */
  public MemorySegment bytes() {
    return bytes(only());
  }

  /** Of the commit that published what is under the key. */
  public long version(String key) {
    return value(key).found().version();
  }

  public EntryKind kind(String key) {
    return value(key).found().isTensor() ? EntryKind.TENSOR : EntryKind.BYTES;
  }

  /** Whether all bytes are where the volume has them. */
  public boolean isZeroCopy() {
    return zeroCopy;
  }

  private Value value(String key) {
    Value value = values.get(key);
    if (value == null) {
      throw new IllegalArgumentException(
          "\""
              + Keys.shown(key)
              + "\" is not among what was asked for: "
              + values.size()
              + " keys.");
    }
    return value;
  }

  private String only() {
    if (values.size() != 1) {
      throw new IllegalStateException("There are " + values.size() + " values: name one.");
    }
    return values.firstEntry().getKey();
  }

  /**
   * Ends the memory and lets go of the values.
   *
   * @throws WindlassException STATE where a native call or another thread uses a segment; then all
   *     is as before
   */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    if (!memory.end()) {
      throw new WindlassException(
          Status.STATE,
          0,
          "Values of "
              + store
              + " cannot be let go of while a native call or another thread uses them: end that,"
              + " and try again.");
    }
    closed = true;
    if (lease != null) {
      lease.close();
    }
    CacheLending from = cache;
    if (from != null) {
      loans.forEach(loan -> from.giveBack(loan, true));
      from.trim();
    }
  }
}
