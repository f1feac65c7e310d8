package dev.windlass.memory;

import dev.windlass.WindlassException;
import dev.windlass.bindings.NativeCall;
import dev.windlass.bindings.WindlassAbi;
import dev.windlass.bindings.wl_page_pool_info;
import dev.windlass.bindings.wl_page_pool_options;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Host memory made ready before it is needed, for backups to borrow. What borrows from it keeps it
 * alive, so it may be closed first.
 *
 * <p>Any thread may call; a closed pool throws {@link dev.windlass.Status#STALE_HANDLE}.
 */
public final class PagePool implements AutoCloseable {
  private final long handle;
  private final AtomicBoolean closed = new AtomicBoolean();

  private PagePool(long handle) {
    this.handle = handle;
  }

  /** An empty pool that may hold half of the machine's memory. */
  public static PagePool open() {
    return openWithLimit(0);
  }

  /** An empty pool that may hold this much. */
  public static PagePool open(long limitBytes) {
    if (limitBytes <= 0) {
      throw new IllegalArgumentException(
          "A pool's limit is more than 0 bytes, not " + limitBytes + ".");
    }
    return openWithLimit(limitBytes);
  }

  private static PagePool openWithLimit(long limitBytes) {
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      MemorySegment options =
          call.allocate(wl_page_pool_options.layout(), WindlassAbi::wl_page_pool_options_init);
      wl_page_pool_options.limit_bytes(options, limitBytes);
      MemorySegment handle = call.allocate(ValueLayout.JAVA_LONG);
      call.check(WindlassAbi.wl_page_pool_open(options, handle, call.error()));
      return new PagePool(handle.get(ValueLayout.JAVA_LONG, 0));
    }
  }

  /**
   * Makes sure that at least this much is held and not lent. Blocks while pages are populated: call
   * it from a platform thread.
   *
   * @throws WindlassException NO_SPACE beyond the limit; NO_MEMORY where the machine has not got it
   */
  public void prepare(long bytes) {
    if (bytes < 0) {
      throw new IllegalArgumentException("A pool cannot prepare " + bytes + " bytes.");
    }
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      call.check(WindlassAbi.wl_page_pool_prepare(handle, bytes, call.error()));
    }
  }

  /**
   * From now on pins what the pool holds and what it gets, in the background, for the copies of
   * this device, which the pool keeps; pages pinned for one GPU serve all. Until a page is pinned,
   * copies through it are slower, not wrong. Called again, it tries again what failed. On the
   * emulated device there is nothing to be gained, and nothing done.
   *
   * @throws WindlassException STATE where it pins for another device
   */
  public void pinFor(Device device) {
    Objects.requireNonNull(device, "device");
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      call.check(WindlassAbi.wl_page_pool_pin(handle, device.handle(), call.error()));
    }
  }

  /**
   * Waits until all that is held is pinned, or pinning has failed. Blocks meanwhile: call it from a
   * platform thread.
   *
   * @throws WindlassException STATE where nothing is to be pinned; NO_MEMORY, PERMISSION where a
   *     limit of locked memory is met; DEVICE
   */
  public void awaitPinned() {
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      call.check(WindlassAbi.wl_page_pool_wait_pinned(handle, call.error()));
    }
  }

  /** Gives pages that are not lent back to the machine, as far as whole blocks are free. */
  public void trim() {
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      call.check(WindlassAbi.wl_page_pool_trim(handle, call.error()));
    }
  }

  public PagePoolInfo info() {
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      MemorySegment info =
          call.allocate(wl_page_pool_info.layout(), WindlassAbi::wl_page_pool_info_init);
      call.check(WindlassAbi.wl_page_pool_get_info(handle, info, call.error()));
      return new PagePoolInfo(
          wl_page_pool_info.limit_bytes(info),
          wl_page_pool_info.held_bytes(info),
          wl_page_pool_info.lent_bytes(info),
          wl_page_pool_info.grown_on_lend(info),
          wl_page_pool_info.prepared_bytes(info),
          wl_page_pool_info.pinned_bytes(info),
          wl_page_pool_info.lent_unpinned_bytes(info),
          wl_page_pool_info.quarantined_bytes(info));
    }
  }

  long handle() {
    return handle;
  }

  @Override
  public void close() {
    if (closed.getAndSet(true)) {
      return;
    }
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      call.check(WindlassAbi.wl_page_pool_close(handle, call.error()));
    }
  }
}
