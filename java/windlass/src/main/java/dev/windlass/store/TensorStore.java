package dev.windlass.store;

import dev.windlass.Status;
import dev.windlass.WindlassException;
import dev.windlass.tensor.Shape;
import dev.windlass.tensor.StateDict;
import dev.windlass.tensor.Tensor;
import dev.windlass.tensor.TensorSlice;
import java.lang.foreign.MemorySegment;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/**
 * Puts tensors, bytes and state dicts into a {@link Volume}, and gets them, over the fastest way
 * there is.
 *
 * <p>What one call puts is published in one instant, and what one call gets is of one instant. No
 * call waits longer than the {@linkplain StoreOptions#callTimeout time limit}; a connection that
 * broke is made anew by the next call.
 *
 * <p>The memory of what is put or received into must stay for as long as the call lasts: do not
 * close its arena, or pause its region, meanwhile.
 *
 * <p>Any thread may call. Calls that move bytes block inside the library: make them from platform
 * threads, or with {@link #async}. After close, calls throw a {@link WindlassException} of {@link
 * Status#STALE_HANDLE}; what was leased stays until it is closed.
 */
public final class TensorStore extends StoreKeys implements AutoCloseable {
  private static final String LOCAL = "local:";

  private final long handle;
  private final String name;
  private final StoreOptions options;
  private final @Nullable Volume own;
  private final AsyncTensorStore async;

  private TensorStore(long handle, String name, StoreOptions options, @Nullable Volume own) {
    this.handle = handle;
    this.name = name;
    this.options = options;
    this.own = own;
    this.async = new AsyncTensorStore(this);
  }

  /** Connects with the {@linkplain StoreOptions#usual() usual} options. */
  public static TensorStore open(String uri) {
    return open(uri, StoreOptions.usual());
  }

  /**
   * Connects to the volume at {@code shm://NAME}, {@code shm:///PATH} or {@code tcp://HOST:PORT};
   * or {@code local:}, for a volume of its own in this process.
   *
   * @throws WindlassException UNAVAILABLE where nobody listens; PERMISSION where the secret or the
   *     user is not right; UNSUPPORTED where the transport asked for cannot be had; TIMEOUT
   */
  public static TensorStore open(String uri, StoreOptions options) {
    Objects.requireNonNull(options, "options");
    if (!uri.equals(LOCAL)) {
      return new TensorStore(StoreCalls.open(uri, options), uri, options, null);
    }
    Volume volume = Volume.open();
    try {
      return new TensorStore(StoreCalls.openLocal(volume, options), LOCAL, options, volume);
    } catch (RuntimeException | Error e) {
      volume.close();
      throw e;
    }
  }

  /** Opens a volume of this process. */
  public static TensorStore open(Volume volume) {
    return open(volume, StoreOptions.usual());
  }

  public static TensorStore open(Volume volume, StoreOptions options) {
    Objects.requireNonNull(options, "options");
    return new TensorStore(StoreCalls.openLocal(volume, options), LOCAL, options, null);
  }

  /** The transport in use, why, and what went over it. */
  public StoreInfo info() {
    return StoreCalls.info(handle);
  }

  /** What the volume has and did. */
  public VolumeInfo volumeInfo() {
    return StoreCalls.volumeInfo(handle);
  }

  public StoreOptions options() {
    return options;
  }

  /** The same calls as futures. */
  public AsyncTensorStore async() {
    return async;
  }

  /** Publishes a tensor. */
  public PutReport put(String key, Tensor tensor) {
    return putBatch(List.of(PutItem.of(key, tensor)));
  }

  /** Publishes a tensor, with the buffer of an earlier put of the key, or one for the next. */
  public PutReport put(String key, Tensor tensor, TransportBuffers buffers) {
    return putBatch(List.of(PutItem.of(key, tensor)), buffers);
  }

  /** Publishes bytes that are no tensor. */
  public PutReport putBytes(String key, byte[] bytes) {
    return putBatch(List.of(PutItem.of(key, bytes)));
  }

  public PutReport putBytes(String key, MemorySegment bytes) {
    return putBatch(List.of(PutItem.of(key, bytes)));
  }

  public PutReport putBytes(String key, MemorySegment bytes, TransportBuffers buffers) {
    return putBatch(List.of(PutItem.of(key, bytes)), buffers);
  }

  /** Publishes one writer's part of a tensor; readable once the parts of all are there. */
  public PutReport putSlice(String key, Tensor part, TensorSlice slice) {
    return putBatch(List.of(PutItem.of(key, part, slice)));
  }

  public PutReport putSlice(String key, Tensor part, TensorSlice slice, TransportBuffers buffers) {
    return putBatch(List.of(PutItem.of(key, part, slice)), buffers);
  }

  /** Publishes all in one instant. */
  public PutReport putBatch(List<? extends PutItem> items) {
    return putBatch(items, PutOptions.usual());
  }

  public PutReport putBatch(List<? extends PutItem> items, TransportBuffers buffers) {
    return putBatch(items, PutOptions.usual(), buffers);
  }

  /**
   * Publishes all in one instant, or on an error none.
   *
   * @throws IllegalArgumentException if there is no item, or a key twice
   * @throws WindlassException MISMATCH where a key is of another kind; CONFLICT where a condition
   *     does not hold; NO_SPACE where the volume is full; TIMEOUT; UNAVAILABLE
   */
  public PutReport putBatch(List<? extends PutItem> items, PutOptions put) {
    return PutCall.put(handle, PutCall.require(items), new long[0], put);
  }

  public PutReport putBatch(
      List<? extends PutItem> items, PutOptions put, TransportBuffers buffers) {
    List<PutItem> checked = PutCall.require(items);
    return PutLoans.put(this, checked, put, buffers, PutLoans.names(checked, buffers));
  }

  /**
   * A tensor, in memory that is freed some time after its last use.
   *
   * @throws WindlassException NOT_FOUND; INCOMPLETE where parts of it are missing, saying which;
   *     MISMATCH where the key is bytes; TIMEOUT; UNAVAILABLE
   */
  public Tensor get(String key) {
    return getBatch(List.of(key)).firstEntry().getValue();
  }

  /** A tensor in memory of the cache's, until it is closed. */
  public Leased get(String key, TransportBuffers buffers) {
    return getBatch(List.of(key), buffers);
  }

  /** Tensors of one instant, in the order of the keys. */
  public SequencedMap<String, Tensor> getBatch(Collection<String> keys) {
    return Gets.tensors(this, Keys.require(keys));
  }

  /** Tensors or bytes of one instant, in memory of the cache's, until they are closed. */
  public Leased getBatch(Collection<String> keys, TransportBuffers buffers) {
    return Leased.received(this, Keys.require(keys), buffers);
  }

  /** Bytes that are no tensor. */
  public byte[] getBytes(String key) {
    return Gets.bytes(this, Keys.require(key));
  }

  public Leased getBytes(String key, TransportBuffers buffers) {
    return getBatch(List.of(key), buffers);
  }

  /**
   * Overwrites a tensor with what is under the key.
   *
   * @throws WindlassException MISMATCH where type or shape are others; then nothing is overwritten
   */
  public void getInto(String key, Tensor target) {
    getInto(Map.of(key, target));
  }

  /** Overwrites tensors with what is under their keys, in one instant. */
  public void getInto(Map<String, Tensor> targets) {
    Gets.into(this, Keys.require(targets.keySet()), targets);
  }

  /** What the volume has, without a copy where the transport allows it, until it is closed. */
  public Leased lease(String... keys) {
    return lease(List.of(keys));
  }

  public Leased lease(Collection<String> keys) {
    return Leased.mapped(this, Keys.require(keys));
  }

  /**
   * A part of a tensor, put together from as many writers' parts as it lies in.
   *
   * @param offsets where it begins, in each dimension
   * @throws IllegalArgumentException if it does not lie within the tensor
   */
  public Tensor getSlice(String key, long[] offsets, Shape shape) {
    return Gets.slice(this, Keys.require(key), offsets, shape);
  }

  /** Overwrites the target with a part of its shape. */
  public void getSliceInto(String key, long[] offsets, Tensor target) {
    Gets.sliceInto(this, Keys.require(key), offsets, target);
  }

  /** Publishes a state dict, all of it in one instant, in place of the version before. */
  public StateDictReport putStateDict(String key, StateDict dict) {
    return putStateDict(key, dict, StateDictOptions.usual());
  }

  /**
   * Publishes a state dict: each of its values under the key, "/" and the way to it, and its
   * mapping under {@code MAPPING}, in one instant. What only the version before had is removed in
   * the same instant.
   *
   * @throws WindlassException as {@link #putBatch}; CONFLICT where others publish it all the time
   *     until the time limit
   */
  public StateDictReport putStateDict(String key, StateDict dict, StateDictOptions how) {
    return new StateDictPut(this, Keys.require(key), dict, how, null).run();
  }

  public StateDictReport putStateDict(String key, StateDict dict, TransportBuffers buffers) {
    return putStateDict(key, dict, StateDictOptions.usual(), buffers);
  }

  public StateDictReport putStateDict(
      String key, StateDict dict, StateDictOptions how, TransportBuffers buffers) {
    return new StateDictPut(this, Keys.require(key), dict, how, buffers).run();
  }

  /** A state dict, all of one version. */
  public ReceivedStateDict getStateDict(String key) {
    return getStateDict(key, StateDictOptions.usual());
  }

  /**
   * A state dict, all of one version.
   *
   * @throws WindlassException NOT_FOUND where none was published, naming the key
   */
  public ReceivedStateDict getStateDict(String key, StateDictOptions how) {
    return new StateDictGet(this, Keys.require(key), how).run(null);
  }

  /** A state dict in memory of the cache's, until it is closed. */
  public ReceivedStateDict getStateDict(String key, TransportBuffers buffers) {
    return getStateDict(key, StateDictOptions.usual(), buffers);
  }

  public ReceivedStateDict getStateDict(
      String key, StateDictOptions how, TransportBuffers buffers) {
    return new StateDictGet(this, Keys.require(key), how).run(buffers);
  }

  /**
   * Overwrites the tensors and byte strings of a state dict, all from one version.
   *
   * @throws WindlassException MISMATCH where it cannot receive what is stored; then nothing is
   *     overwritten
   */
  public StateDictReport getStateDictInto(String key, StateDict target, StateDictOptions how) {
    return new StateDictGet(this, Keys.require(key), how).runInto(target);
  }

  /**
   * Prepares to overwrite a state dict again and again, each time all from one version. Its tensors
   * are of the types and shapes that are stored; keys that are stored besides are passed over.
   */
  public PullPlan plan(String key, StateDict target) {
    return plan(PullPlan.items(Keys.require(key), target));
  }

  /** Prepares to overwrite values, or parts of tensors, again and again. */
  public PullPlan plan(Collection<? extends PullItem> items) {
    return PullPlan.open(handle, items);
  }

  @Override
  long handle() {
    return handle;
  }

  /** Ends the connection, once calls under way are done; buffers of caches go with it. */
  @Override
  public void close() {
    if (!beginClose()) {
      return;
    }
    async.close();
    detachCaches();
    StoreCalls.close(handle);
    if (own != null) {
      own.close();
    }
  }

  @Override
  public String toString() {
    return "the store at " + name;
  }
}
