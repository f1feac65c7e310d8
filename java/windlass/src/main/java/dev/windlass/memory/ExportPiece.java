package dev.windlass.memory;

import dev.windlass.WindlassException;
import dev.windlass.bindings.Descriptors;
import dev.windlass.bindings.NativeCall;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A file descriptor, and the part of an exported range that is behind it. It owns the descriptor:
 * whoever has it closes it, before or after the pages are mapped.
 *
 * <p>Any thread may call.
 */
public final class ExportPiece implements AutoCloseable {
  private final int descriptor;
  private final long offset;
  private final long sizeBytes;
  private final AtomicBoolean closed = new AtomicBoolean();

  /** Takes over a descriptor, such as one that came over a socket. */
  public ExportPiece(int descriptor, long offset, long sizeBytes) {
    if (descriptor < 0 || offset < 0 || sizeBytes <= 0) {
      throw new IllegalArgumentException(
          "Descriptor %d with %d bytes at offset %d is no piece of anything."
              .formatted(descriptor, sizeBytes, offset));
    }
    this.descriptor = descriptor;
    this.offset = offset;
    this.sizeBytes = sizeBytes;
  }

  /**
   * The descriptor's number, to send or to map. It is closed on exec.
   *
   * @throws IllegalStateException after close: the number may be another file's by then
   */
  public int descriptor() {
    if (closed.get()) {
      throw new IllegalStateException("The descriptor of " + this + " has been closed.");
    }
    return descriptor;
  }

  /** Where in the range it begins. */
  public long offset() {
    return offset;
  }

  public long sizeBytes() {
    return sizeBytes;
  }

  /**
   * Closes the descriptor; the pages stay with whoever has mapped them.
   *
   * @throws IllegalStateException where somebody else has closed it already
   */
  @Override
  public void close() {
    if (closed.getAndSet(true)) {
      return;
    }
    try (NativeCall _ = NativeCall.open(WindlassException::of)) {
      if (!Descriptors.close(descriptor)) {
        throw new IllegalStateException(
            "Descriptor " + descriptor + " of " + this + " is not open: who else has closed it?");
      }
    }
  }

  @Override
  public String toString() {
    return "the piece of " + sizeBytes + " bytes at offset " + offset;
  }
}
