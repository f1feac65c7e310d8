package dev.windlass.store;

import dev.windlass.bindings.EndingMemory;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * What a transport would otherwise have to get for each put and get of a value: room in the volume,
 * mapped or registered, for the next put; and memory here that the next get is received in. It is
 * of one store, and of one size.
 *
 * <p>A {@link TransportBufferCache} has them in use; what it was given, it closes. Each half comes
 * to be when it is first needed. A half that is in use is freed when whoever uses it is done.
 *
 * <p>Any thread may call.
 */
public final class TransportBuffer implements AutoCloseable {
  private static final long ALIGNMENT = 4096;

  /** Values of up to so many bytes go along with the request: room of their own is no gain. */
  private static final long SMALL_BYTES = 16 << 10;

  private final TensorStore store;
  private final long sizeBytes;

  // All that follows is guarded by this.

  /** The library's handle; 0 if there is no room yet. */
  private long room;

  private boolean roomInUse;
  private final ArrayDeque<Receiver> idle = new ArrayDeque<>();
  private int lent;
  private boolean claimed;
  private boolean closed;

  /** Memory that gets are received in. */
  record Receiver(EndingMemory memory, MemorySegment segment) {}

  TransportBuffer(TensorStore store, long sizeBytes) {
    this.store = store;
    this.sizeBytes = sizeBytes;
  }

  /**
   * A buffer with its room got ready, for values of up to so many bytes.
   *
   * @throws dev.windlass.WindlassException NO_SPACE where the volume has no room; UNAVAILABLE
   */
  public static TransportBuffer open(TensorStore store, long sizeBytes) {
    Objects.requireNonNull(store, "store");
    if (sizeBytes <= 0) {
      throw new IllegalArgumentException(
          "A buffer has room for more than 0 bytes, not " + sizeBytes + ".");
    }
    TransportBuffer buffer = new TransportBuffer(store, sizeBytes);
    buffer.takeRoom();
    buffer.openRoom();
    buffer.giveBackRoom();
    return buffer;
  }

  public long sizeBytes() {
    return sizeBytes;
  }

  /** Whether there is room in the volume for the next put. */
  public synchronized boolean hasRoom() {
    return room != 0 && !closed;
  }

  /** Grows whenever the room is another, as it is after a put; empty where there is none. */
  public synchronized OptionalLong generation() {
    return room == 0 || closed
        ? OptionalLong.empty()
        : OptionalLong.of(BufferCalls.generation(room));
  }

  /** What both halves take. */
  public synchronized long heldBytes() {
    return ((room == 0 ? 0 : 1) + idle.size() + (long) lent) * sizeBytes;
  }

  TensorStore store() {
    return store;
  }

  /** Makes it a cache's own; false if it is one's already, or closed. */
  synchronized boolean claim() {
    if (claimed || closed) {
      return false;
    }
    claimed = true;
    return true;
  }

  /** Whether a put does as well without room got ready. */
  boolean isSmall() {
    return sizeBytes <= SMALL_BYTES;
  }

  synchronized boolean isIdle() {
    return !roomInUse && lent == 0;
  }

  synchronized boolean isClosed() {
    return closed;
  }

  /** Takes the room for a put, also if it is still to be opened; false if somebody has it. */
  synchronized boolean takeRoom() {
    if (roomInUse || closed) {
      return false;
    }
    roomInUse = true;
    return true;
  }

  /** Opens the room that was taken, unless it is there. */
  void openRoom() {
    if (room() != 0) {
      return;
    }
    long opened = BufferCalls.open(store.handle(), sizeBytes);
    synchronized (this) {
      room = opened;
    }
  }

  /** The handle of the room that was taken; 0 where there is none. */
  synchronized long room() {
    return room;
  }

  synchronized void giveBackRoom() {
    roomInUse = false;
    if (closed) {
      closeRoom();
    }
  }

  /** Memory from an earlier get, which nobody has; null if there is none. */
  synchronized @Nullable Receiver takeIdle() {
    Receiver receiver = closed ? null : idle.poll();
    if (receiver != null) {
      lent++;
    }
    return receiver;
  }

  /** Further memory to receive in. */
  Receiver allocate() {
    EndingMemory memory = new EndingMemory();
    Receiver receiver = new Receiver(memory, memory.allocate(sizeBytes, ALIGNMENT));
    synchronized (this) {
      lent++;
    }
    return receiver;
  }

  /** Takes memory back, for the next get or, if none is to come, for good. */
  synchronized void giveBack(Receiver receiver) {
    lent--;
    if (closed) {
      receiver.memory().end();
    } else {
      idle.push(receiver);
    }
  }

  /** Frees what nobody uses now, and the rest as soon as nobody does. */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    idle.forEach(receiver -> receiver.memory().end());
    idle.clear();
    if (!roomInUse) {
      closeRoom();
    }
  }

  private void closeRoom() {
    if (room != 0) {
      BufferCalls.close(room);
      room = 0;
    }
  }
}
