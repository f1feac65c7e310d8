package dev.windlass.memory;

import dev.windlass.Status;
import dev.windlass.WindlassException;
import dev.windlass.bindings.NativeCall;
import dev.windlass.bindings.WindlassAbi;
import dev.windlass.bindings.wl_export_piece;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Exported pages, mapped here: what their owner writes is seen here, and the other way round. They
 * are there until close, even if the owner has paused his region since; he has other pages then.
 *
 * <p>Any thread may call. After close, {@link #segment} throws a {@link WindlassException} of
 * {@link Status#STALE_HANDLE}, and segments from before throw {@link IllegalStateException}.
 */
public final class RegionImport implements AutoCloseable {
  private final long handle;
  private final boolean hostAccessible;
  private final long address;
  private final long sizeBytes;

  /** Guarded by this; null until somebody wants the segment. */
  private @Nullable Activation activation;

  /** Guarded by this. */
  private boolean closed;

  private RegionImport(long handle, boolean hostAccessible, long address, long sizeBytes) {
    this.handle = handle;
    this.hostAccessible = hostAccessible;
    this.address = address;
    this.sizeBytes = sizeBytes;
  }

  /**
   * Maps pieces that follow one another without gaps from offset 0 on. Their descriptors stay the
   * caller's, and may be closed then.
   *
   * @throws WindlassException INVALID_ARGUMENT where there are gaps; UNSUPPORTED where the device
   *     cannot share; NO_MEMORY; DEVICE
   */
  public static RegionImport open(Device device, List<ExportPiece> pieces) {
    Objects.requireNonNull(device, "device");
    if (pieces.isEmpty()) {
      throw new IllegalArgumentException("An import needs one piece at least.");
    }
    boolean hostAccessible = device.info().hostAccessible();
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      MemorySegment structs = toNative(call, pieces);
      MemorySegment address = call.allocate(ValueLayout.JAVA_LONG);
      MemorySegment size = call.allocate(ValueLayout.JAVA_LONG);
      MemorySegment imported = call.allocate(ValueLayout.JAVA_LONG);
      call.check(
          WindlassAbi.wl_import_open(
              device.handle(), structs, pieces.size(), address, size, imported, call.error()));
      return new RegionImport(
          imported.get(ValueLayout.JAVA_LONG, 0),
          hostAccessible,
          address.get(ValueLayout.JAVA_LONG, 0),
          size.get(ValueLayout.JAVA_LONG, 0));
    }
  }

  private static MemorySegment toNative(NativeCall call, List<ExportPiece> pieces) {
    MemorySegment structs = call.allocate(wl_export_piece.layout(), pieces.size());
    for (int index = 0; index < pieces.size(); index++) {
      ExportPiece piece = pieces.get(index);
      MemorySegment struct = wl_export_piece.asSlice(structs, index);
      wl_export_piece.descriptor(struct, piece.descriptor());
      wl_export_piece.offset(struct, piece.offset());
      wl_export_piece.size_bytes(struct, piece.sizeBytes());
    }
    return structs;
  }

  /** Where the pages are here, which is not where their owner has them. */
  public long address() {
    return address;
  }

  public long sizeBytes() {
    return sizeBytes;
  }

  /**
   * The memory, until close: the same segment for everybody.
   *
   * @throws UnsupportedOperationException on a device whose memory the host cannot reach
   */
  public synchronized MemorySegment segment() {
    if (!hostAccessible) {
      throw new UnsupportedOperationException(
          "The host cannot reach the memory of " + this + ": use its address on the device.");
    }
    if (closed) {
      throw new WindlassException(Status.STALE_HANDLE, 0, this + " has been closed");
    }
    if (activation == null) {
      activation = new Activation(address, sizeBytes);
    }
    return activation.segment();
  }

  /**
   * Lets go of the pages.
   *
   * @throws WindlassException STATE where the segment is in use; the import stays open
   */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    if (activation != null && !activation.end()) {
      throw new WindlassException(
          Status.STATE,
          0,
          this
              + " cannot be closed while a native call or another thread uses its segment: end"
              + " that, and try again");
    }
    closed = true;
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      call.check(WindlassAbi.wl_import_close(handle, call.error()));
    }
  }

  @Override
  public String toString() {
    return "the import of " + sizeBytes + " bytes at 0x" + Long.toHexString(address);
  }
}
