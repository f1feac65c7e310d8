package dev.windlass.store;

import dev.windlass.WindlassException;
import dev.windlass.bindings.NativeCall;
import dev.windlass.bindings.WindlassAbi;
import dev.windlass.bindings.wl_listen_options;
import dev.windlass.bindings.wl_volume_info;
import dev.windlass.bindings.wl_volume_options;
import dev.windlass.tensor.StateDict;
import dev.windlass.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Values by key, in shared memory of this process, for many clients at once. What is published is
 * seen whole or not at all.
 *
 * <p>Clients in this process use {@link TensorStore#open(Volume)}; others reach it where it {@link
 * #listen listens}. When it is closed, the stores that were opened on it say {@link
 * dev.windlass.Status#UNAVAILABLE}.
 *
 * <p>Any thread may call; a closed volume throws {@link dev.windlass.Status#STALE_HANDLE}.
 */
public final class Volume implements AutoCloseable {
  private static final int URI_BYTES = 4096;

  private final long handle;
  private final AtomicBoolean closed = new AtomicBoolean();

  private Volume(long handle) {
    this.handle = handle;
  }

  /** An empty volume with the {@linkplain VolumeOptions#usual() usual} options. */
  public static Volume open() {
    return open(VolumeOptions.usual());
  }

  /**
   * An empty volume.
   *
   * @throws WindlassException NO_MEMORY where what is to be prepared is not there
   */
  public static Volume open(VolumeOptions options) {
    Objects.requireNonNull(options, "options");
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      MemorySegment struct =
          call.allocate(wl_volume_options.layout(), WindlassAbi::wl_volume_options_init);
      wl_volume_options.limit_bytes(struct, options.limitBytes());
      wl_volume_options.eviction(
          struct,
          options.eviction() == Eviction.LRU
              ? WindlassAbi.WL_EVICTION_LRU()
              : WindlassAbi.WL_EVICTION_NONE());
      if (options.segmentBytes() > 0) {
        wl_volume_options.segment_bytes(struct, options.segmentBytes());
      }
      wl_volume_options.prepared_bytes(struct, options.preparedBytes());
      MemorySegment handle = call.allocate(ValueLayout.JAVA_LONG);
      call.check(WindlassAbi.wl_volume_open(struct, handle, call.error()));
      return new Volume(handle.get(ValueLayout.JAVA_LONG, 0));
    }
  }

  /** Lets clients in with the {@linkplain ListenOptions#usual() usual} options. */
  public String listen(String address) {
    return listen(address, ListenOptions.usual());
  }

  /**
   * Lets clients in: at {@code shm://NAME}, a socket in the user's run-time directory; {@code
   * shm:///PATH}, a socket there; or {@code tcp://HOST:PORT}, with port 0 for any that is free. It
   * may be called for several.
   *
   * @return the address as clients must give it
   * @throws WindlassException PERMISSION for an address beyond loopback without a secret; STATE
   *     where somebody listens already; IO
   */
  public String listen(String address, ListenOptions options) {
    Objects.requireNonNull(address, "address");
    Objects.requireNonNull(options, "options");
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      MemorySegment struct =
          call.allocate(wl_listen_options.layout(), WindlassAbi::wl_listen_options_init);
      wl_listen_options.most_clients(struct, options.mostClients());
      wl_listen_options.slow_timeout_ns(struct, Durations.nanos(options.slowTimeout()));
      options.secret().ifPresent(secret -> wl_listen_options.secret(struct, call.allocate(secret)));
      MemorySegment uri = call.allocate(URI_BYTES);
      call.check(
          WindlassAbi.wl_volume_listen(
              handle, call.allocate(address), struct, uri, URI_BYTES, call.error()));
      return uri.getString(0);
    }
  }

  /** Offers a tensor where it lies, instead of putting a copy of it. */
  public Offer offer(String key, Tensor tensor) {
    return offer(List.of(PutItem.of(key, tensor)), OfferOptions.usual());
  }

  /** Offers a state dict where it lies: readers get it as one that was put. */
  public Offer offer(String key, StateDict dict) {
    return offer(key, dict, OfferOptions.usual());
  }

  public Offer offer(String key, StateDict dict, OfferOptions options) {
    return offer(OfferCalls.items(Keys.require(key), dict), options);
  }

  /**
   * Offers values where they lie, all of them in one instant. Their memory is native, and stays
   * until the offer is closed; until then only {@link Offer#update} changes it.
   *
   * @throws IllegalArgumentException where one lies in the Java heap
   * @throws WindlassException CONFLICT where a condition is not met; MISMATCH where a key is of
   *     another kind; STATE where a region is paused; UNSUPPORTED where the host cannot read its
   *     memory
   */
  public Offer offer(List<? extends PutItem> items, OfferOptions options) {
    return OfferCalls.open(handle, items, Objects.requireNonNull(options, "options"));
  }

  /** What it has and did. */
  public VolumeInfo info() {
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      MemorySegment info = call.allocate(wl_volume_info.layout(), WindlassAbi::wl_volume_info_init);
      call.check(WindlassAbi.wl_volume_get_info(handle, info, call.error()));
      return Structs.volumeInfo(info);
    }
  }

  long handle() {
    return handle;
  }

  /**
   * Stops listening, ends all connections, and gives the memory back as soon as nobody has it
   * mapped. Blocks until its threads have ended: call it from a platform thread.
   */
  @Override
  public void close() {
    if (closed.getAndSet(true)) {
      return;
    }
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      call.check(WindlassAbi.wl_volume_close(handle, call.error()));
    }
  }
}
