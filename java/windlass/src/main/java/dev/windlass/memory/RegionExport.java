package dev.windlass.memory;

import dev.windlass.WindlassException;
import dev.windlass.bindings.NativeCall;
import dev.windlass.bindings.WindlassAbi;
import dev.windlass.bindings.wl_export_name;
import dev.windlass.bindings.wl_export_piece;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A region's pages of one generation, shared with somebody else, in this process or another: file
 * descriptors, which {@link RegionImport} maps, and a name. Both sides then see the same bytes.
 *
 * <p>As soon as the region is paused the export is stale: {@link #pieces} and {@link #check} throw
 * a {@link WindlassException} of {@link dev.windlass.Status#STATE}. Whoever has mapped the pages
 * keeps the old ones, and asks for a new export.
 *
 * <p>Any thread may call; after close, everything but {@link #name} throws {@link
 * dev.windlass.Status#STALE_HANDLE}.
 */
public final class RegionExport implements AutoCloseable {
  private final long handle;
  private final ExportName name;
  private final AtomicBoolean closed = new AtomicBoolean();

  private RegionExport(long handle, ExportName name) {
    this.handle = handle;
    this.name = name;
  }

  static RegionExport open(Region region) {
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      MemorySegment name = call.allocate(wl_export_name.layout());
      MemorySegment exported = call.allocate(ValueLayout.JAVA_LONG);
      call.check(WindlassAbi.wl_export_open(region.handle(), name, exported, call.error()));
      return new RegionExport(exported.get(ValueLayout.JAVA_LONG, 0), fromNative(name));
    }
  }

  public ExportName name() {
    return name;
  }

  /**
   * All pieces, in the order of their offsets, with new descriptors. Each is the caller's to close.
   *
   * @throws WindlassException STATE where the region has been paused since
   */
  public List<ExportPiece> pieces() {
    List<ExportPiece> pieces = new ArrayList<>();
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      MemorySegment piece = call.allocate(wl_export_piece.layout());
      for (int index = 0; index < name.pieces(); index++) {
        call.check(WindlassAbi.wl_export_get_piece(handle, index, piece, call.error()));
        pieces.add(
            new ExportPiece(
                wl_export_piece.descriptor(piece),
                wl_export_piece.offset(piece),
                wl_export_piece.size_bytes(piece)));
      }
      return List.copyOf(pieces);
    } catch (RuntimeException | Error e) {
      pieces.forEach(ExportPiece::close);
      throw e;
    }
  }

  /**
   * Refuses a name that is not of these pages, or whose pages are there no more.
   *
   * @throws WindlassException NOT_FOUND where it is of another process, device or region; STATE
   *     where the region has been paused since
   */
  public void check(ExportName cameBack) {
    Objects.requireNonNull(cameBack, "cameBack");
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      call.check(WindlassAbi.wl_export_check(handle, toNative(call, cameBack), call.error()));
    }
  }

  private static ExportName fromNative(MemorySegment name) {
    return new ExportName(
        wl_export_name.allocation_id(name),
        wl_export_name.generation(name),
        wl_export_name.owner_nonce(name),
        wl_export_name.size_bytes(name),
        wl_export_name.owner_pid(name),
        wl_export_name.pieces(name));
  }

  private static MemorySegment toNative(NativeCall call, ExportName name) {
    MemorySegment struct = call.allocate(wl_export_name.layout());
    wl_export_name.allocation_id(struct, name.allocationId());
    wl_export_name.generation(struct, name.generation());
    wl_export_name.owner_nonce(struct, name.ownerNonce());
    wl_export_name.size_bytes(struct, name.sizeBytes());
    wl_export_name.owner_pid(struct, name.ownerPid());
    wl_export_name.pieces(struct, name.pieces());
    return struct;
  }

  /** Closes the export's own descriptors; those of {@link #pieces} stay their owners'. */
  @Override
  public void close() {
    if (closed.getAndSet(true)) {
      return;
    }
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      call.check(WindlassAbi.wl_export_close(handle, call.error()));
    }
  }
}
