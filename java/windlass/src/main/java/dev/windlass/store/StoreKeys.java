package dev.windlass.store;

import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;

/**
 * What can be done with the keys of a {@link TensorStore} without moving what is under them. Any
 * thread may call.
 */
public abstract sealed class StoreKeys permits TensorStore {
  private final ReentrantLock lock = new ReentrantLock();

  /** Guarded by the lock. */
  private final Set<TransportBufferCache> caches = new HashSet<>();

  private volatile boolean closed;

  StoreKeys() {}

  abstract long handle();

  /** What is under a key, without its bytes; also where only some of its parts are there yet. */
  public Optional<EntryInfo> describe(String key) {
    return StoreCalls.describe(handle(), List.of(Keys.require(key))).getFirst();
  }

  /** What is under keys, in one instant; keys of which nothing is are not in it. */
  public SequencedMap<String, EntryInfo> describe(Collection<String> keys) {
    List<String> checked = Keys.require(keys);
    List<Optional<EntryInfo>> infos = StoreCalls.describe(handle(), checked);
    SequencedMap<String, EntryInfo> found = new LinkedHashMap<>();
    for (int i = 0; i < infos.size(); i++) {
      String key = checked.get(i);
      infos.get(i).ifPresent(info -> found.put(key, info));
    }
    return found;
  }

  /** Whether there is something to be read under a key. */
  public boolean exists(String key) {
    return describe(key).filter(EntryInfo::isReadable).isPresent();
  }

  /**
   * Removes a key, and what caches keep for it.
   *
   * @throws WindlassException NOT_FOUND
   */
  public void delete(String key) {
    delete(List.of(Keys.require(key)), true);
  }

  /** Removes keys in one instant, those that are there; returns how many. */
  public long deleteBatch(Collection<String> keys) {
    return delete(Keys.require(keys), false);
  }

  private long delete(List<String> keys, boolean mustExist) {
    long removed = StoreCalls.remove(handle(), keys, mustExist);
    attached().forEach(cache -> cache.lending().forget(this, keys));
    return removed;
  }

  /** All keys, in the order of their bytes; as {@link #keys(String)}. */
  public Stream<String> keys() {
    return keys("");
  }

  /**
   * Keys that begin so, in the order of their bytes. They are asked for by pages as the stream goes
   * on, so that keys that come or go meanwhile may be in it or not.
   */
  public Stream<String> keys(String prefix) {
    return KeyPages.stream(handle(), Keys.requirePrefix(prefix), false);
  }

  /** The key, and those under it: {@code a/b} finds {@code a/b/c}, not {@code a/bc}. */
  public Stream<String> keysUnder(String key) {
    return KeyPages.stream(handle(), Keys.requirePrefix(key), true);
  }

  /**
   * Has eviction pass over values, from now on.
   *
   * @throws WindlassException NOT_FOUND
   */
  public void pin(String... keys) {
    StoreCalls.pin(handle(), Keys.require(List.of(keys)), true);
  }

  public void unpin(String... keys) {
    StoreCalls.pin(handle(), Keys.require(List.of(keys)), false);
  }

  /** The cache has buffers of this store, so it is told when keys are deleted, or all ends. */
  void attach(TransportBufferCache cache) {
    lock.lock();
    try {
      if (!closed) {
        caches.add(cache);
      }
    } finally {
      lock.unlock();
    }
  }

  private List<TransportBufferCache> attached() {
    lock.lock();
    try {
      return List.copyOf(caches);
    } finally {
      lock.unlock();
    }
  }

  /** False for all but the first call. */
  boolean beginClose() {
    lock.lock();
    try {
      boolean first = !closed;
      closed = true;
      return first;
    } finally {
      lock.unlock();
    }
  }

  boolean isClosed() {
    return closed;
  }

  /** Has caches drop the buffers of this store. */
  void detachCaches() {
    attached().forEach(cache -> cache.lending().forget(this));
  }
}
