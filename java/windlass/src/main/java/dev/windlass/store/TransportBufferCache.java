package dev.windlass.store;

import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * Keeps what transports prepare for a value, so that the next put or get of it need not: the
 * optional last argument of every put and get.
 *
 * <p>Each value has an entry under its key, and so has each of a state dict, its {@code MAPPING}
 * included. Where the published key changes from time to time, a {@link #slot} keeps the entries
 * under a name that stays. An entry appears once a put or get with it has succeeded. It goes when
 * its key is deleted, its store is closed, somebody removes it, or the limits need its place and it
 * was not used for longest. A buffer is for one type and shape: where a value comes with another,
 * that is counted and the buffer is made anew, or, in strict mode, it is an error.
 *
 * <p>What a get with a cache returns is in the cache's memory until it is closed; the next get of
 * the key uses that memory again.
 *
 * <p>Any thread may call. Two puts of one key at once never share a buffer: the second goes without
 * one.
 */
public final class TransportBufferCache extends TransportBuffers implements AutoCloseable {
  private final CacheLending lending;

  /** A cache with the {@linkplain CacheOptions#usual() usual} options. */
  public TransportBufferCache() {
    this(CacheOptions.usual());
  }

  public TransportBufferCache(CacheOptions options) {
    this.lending = new CacheLending(Objects.requireNonNull(options, "options"));
  }

  /** The same cache, which keeps what is put and got through this under a name that stays. */
  public BufferSlot slot(String name) {
    return new BufferSlot(this, Keys.require(name));
  }

  /** The buffer under a key, of the store that used it last. */
  public Optional<TransportBuffer> get(String key) {
    return lending.newest(key);
  }

  /**
   * Keeps a buffer under a key, in place of the one that is there. From now on the cache closes it.
   *
   * @throws IllegalStateException if it is in a cache already, or closed
   */
  public void put(String key, TransportBuffer buffer) {
    Keys.require(key);
    if (!buffer.claim()) {
      throw new IllegalStateException("The buffer is closed, or in a cache already.");
    }
    buffer.store().attach(this);
    lending.put(key, buffer);
  }

  /** Frees the buffer under a key; false where there is none. */
  public boolean remove(String key) {
    return lending.remove(key);
  }

  /** Frees all buffers. */
  public void clear() {
    lending.clear();
  }

  /** How many buffers there are. */
  public int size() {
    return lending.size();
  }

  public CacheOptions options() {
    return lending.options();
  }

  public CacheStatistics statistics() {
    return lending.statistics();
  }

  /** As {@link #clear}. */
  @Override
  public void close() {
    clear();
  }

  @Override
  TransportBufferCache cache() {
    return this;
  }

  @Override
  List<Name> names(List<String> keys) {
    return byKey(keys);
  }

  @Override
  List<Name> names(String dictKey, List<String> ways) {
    return byKey(ways.stream().map(way -> dictKey + "/" + way).toList());
  }

  CacheLending lending() {
    return lending;
  }
}
