package dev.windlass.memory;

import dev.windlass.Status;
import dev.windlass.WindlassException;
import dev.windlass.bindings.RegionHandles;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A range of device memory that can be given away for a while and had back at the same address.
 *
 * <p>While it is ACTIVE there are pages behind the address. {@link #pause} saves their bytes to the
 * region's {@link Backup} and gives the pages back to the machine; {@link #resume} takes pages
 * again and restores the bytes. Both are all-or-nothing. {@link Regions} does the same to many.
 *
 * <p>{@link #segment} is the memory itself. It ends with the pause: a segment from before throws
 * {@link IllegalStateException}, and never faults. A region whose segment is in use, by a native
 * call or by a thread in the middle of an access, refuses to pause or close and stays as it is.
 *
 * <p>Any thread may call; calls on one region wait for one another, except {@link #info} and what
 * asks for a part of it. Those that move bytes, which are open, pause, resume, read, write and
 * close, block inside the library: call them from platform threads, since a virtual thread keeps
 * its carrier meanwhile.
 *
 * <p>After close, everything but {@link #address}, {@link #sizeBytes}, {@link #tag} and another
 * close throws a {@link WindlassException} of {@link Status#STALE_HANDLE}.
 */
public final class Region implements AutoCloseable {
  private final ReentrantLock lock = new ReentrantLock();

  static {
    RegionHandles.provide(region -> ((Region) region).handle());
  }

  private final long handle;
  private final Backup backup;
  private final String tag;
  private final boolean hostAccessible;
  private final long address;
  private final long sizeBytes;
  private final Runnable onClose;
  private final Listeners listeners;

  /** Guarded by the lock; null until somebody wants the segment. */
  private @Nullable Activation activation;

  /** Guarded by the lock; the backup's image, once somebody wants to see it. */
  private @Nullable Activation image;

  /** Guarded by the lock. */
  private boolean closed;

  /** Takes over an open region; onClose is called once, when it has been closed. */
  Region(
      long handle,
      Backup backup,
      String tag,
      boolean hostAccessible,
      long sizeBytes,
      Listeners around,
      Runnable onClose) {
    this.handle = handle;
    this.backup = backup;
    this.tag = tag;
    this.hostAccessible = hostAccessible;
    this.sizeBytes = sizeBytes;
    this.onClose = onClose;
    this.listeners = new Listeners(around);
    this.address = info().address();
  }

  /** A region with a {@linkplain Backup#pageable() pageable} backup. */
  public static Region open(Device device, long sizeBytes) {
    return open(device, sizeBytes, Backup.pageable());
  }

  public static Region open(Device device, long sizeBytes, Backup backup) {
    return open(device, sizeBytes, backup, 0);
  }

  /**
   * A region, ACTIVE and zeroed.
   *
   * @param chunkBytes in what pieces memory is taken, saved and given back; 0 for the usual 64 MiB
   * @throws WindlassException NO_MEMORY, saying how much there is
   */
  public static Region open(Device device, long sizeBytes, Backup backup, long chunkBytes) {
    Objects.requireNonNull(device, "device");
    Objects.requireNonNull(backup, "backup");
    RegionCalls.requireSizes(sizeBytes, chunkBytes);
    boolean hostAccessible = device.info().hostAccessible();
    long handle = RegionCalls.open(device, sizeBytes, backup, chunkBytes);
    try {
      return new Region(handle, backup, "", hostAccessible, sizeBytes, Listeners.NONE, () -> {});
    } catch (RuntimeException | Error e) {
      RegionCalls.close(handle);
      throw e;
    }
  }

  /**
   * The memory, until the next pause: the same segment for everybody.
   *
   * @throws IllegalStateException while the region is PAUSED
   * @throws UnsupportedOperationException on a device whose memory the host cannot reach: use
   *     {@link #address} with what runs there, and {@link #read} and {@link #write}
   */
  public MemorySegment segment() {
    if (!hostAccessible) {
      throw new UnsupportedOperationException(
          "The host cannot reach the memory of " + this + ": use read and write.");
    }
    lock.lock();
    try {
      if (activation == null) {
        if (info().state() == RegionState.PAUSED) {
          throw new IllegalStateException(this + " is paused: resume it first.");
        }
        activation = new Activation(address, sizeBytes);
      }
      return activation.segment();
    } finally {
      lock.unlock();
    }
  }

  public long address() {
    return address;
  }

  public long sizeBytes() {
    return sizeBytes;
  }

  /** What it was opened with in a set; empty if with none. */
  public String tag() {
    return tag;
  }

  public RegionState state() {
    return info().state();
  }

  /** 1 at first, one more each time that pages have gone. */
  public long generation() {
    return info().generation();
  }

  /** The region at this moment; waits for no call under way. */
  public RegionInfo info() {
    return RegionCalls.info(handle, backup);
  }

  /**
   * Refuses what was derived from pages of this generation, if they are there no more.
   *
   * @throws WindlassException STATE where the pages are gone, or others are there
   */
  public void checkGeneration(long generation) {
    RegionCalls.checkGeneration(handle, generation);
  }

  /**
   * Shares the pages that are there now, until they are paused.
   *
   * @throws WindlassException STATE while PAUSED; UNSUPPORTED where the device cannot share
   */
  public RegionExport export() {
    return RegionExport.open(this);
  }

  /**
   * Gives the memory back to the machine, after saving its bytes.
   *
   * @throws WindlassException STATE where the region is paused already, its segment is in use or a
   *     listener refuses; NO_SPACE, NO_MEMORY where the backup finds no room. The region is as
   *     before, unless the message says otherwise.
   */
  public PauseReport pause() {
    lock.lock();
    try {
      return Transition.pause(this);
    } finally {
      lock.unlock();
    }
  }

  /** Pauses in a platform thread of its own. */
  public CompletableFuture<PauseReport> pauseAsync() {
    return Transition.async("windlass-pause", this::pause);
  }

  /**
   * Takes memory again at the same address and restores the bytes.
   *
   * @throws WindlassException STATE where the region is active already; NO_MEMORY; CORRUPT where
   *     the backup's bytes do not verify. The region stays PAUSED with its backup intact, and
   *     resume can be tried again.
   */
  public ResumeReport resume() {
    lock.lock();
    try {
      return Transition.resume(this);
    } finally {
      lock.unlock();
    }
  }

  /** Resumes in a platform thread of its own. */
  public CompletableFuture<ResumeReport> resumeAsync() {
    return Transition.async("windlass-resume", this::resume);
  }

  /** Tells somebody of this region's pauses and resumes from now on. */
  public void addListener(RegionListener listener) {
    listeners.add(listener);
  }

  /** Tells him no more. */
  public void removeListener(RegionListener listener) {
    listeners.remove(listener);
  }

  /**
   * Fills the target from the region at the offset, on any device. Heap memory is copied through
   * native memory, in pieces.
   *
   * @throws WindlassException STATE while the region is PAUSED
   */
  public void read(long offset, MemorySegment target) {
    requireRange(offset, target);
    lockIfOnHeap(target);
    try {
      RegionCalls.read(handle, offset, target);
    } finally {
      unlockIfOnHeap(target);
    }
  }

  /**
   * Copies the source into the region at the offset, on any device. Heap memory is copied through
   * native memory, in pieces.
   *
   * @throws WindlassException STATE while the region is PAUSED
   */
  public void write(long offset, MemorySegment source) {
    requireRange(offset, source);
    lockIfOnHeap(source);
    try {
      RegionCalls.write(handle, offset, source);
    } finally {
      unlockIfOnHeap(source);
    }
  }

  /** A copy in pieces must not be torn by a pause and a resume. */
  private void lockIfOnHeap(MemorySegment memory) {
    if (!memory.isNative()) {
      lock.lock();
    }
  }

  private void unlockIfOnHeap(MemorySegment memory) {
    if (!memory.isNative()) {
      lock.unlock();
    }
  }

  private void requireRange(long offset, MemorySegment memory) {
    long size = memory.byteSize();
    if (offset < 0 || size > sizeBytes || offset > sizeBytes - size) {
      throw new IllegalArgumentException(
          size + " bytes at offset " + offset + " do not lie within " + this + ".");
    }
  }

  /**
   * Fills the target from what the backup keeps: while the region is PAUSED, and afterwards if the
   * backup {@linkplain Backup.Keeping#retained() retains}.
   *
   * @throws WindlassException STATE where there is nothing to read; UNSUPPORTED without a backup
   */
  public void readBackup(long offset, MemorySegment target) {
    requireRange(offset, target);
    lock.lock();
    try {
      RegionCalls.readBackup(handle, offset, target);
    } finally {
      lock.unlock();
    }
  }

  /**
   * What the backup keeps, in the backup's own memory, read-only. It ends with the resume, or the
   * next pause if the backup retains: a segment from before throws {@link IllegalStateException}. A
   * backup whose memory comes in several pieces shows the first of them.
   *
   * @throws WindlassException STATE where there is nothing to see; UNSUPPORTED where the backup
   *     keeps the bytes in a file or compressed: use {@link #readBackup}
   */
  public MemorySegment backupView() {
    lock.lock();
    try {
      if (image == null) {
        RegionCalls.Place place = RegionCalls.viewBackup(handle, 0);
        image = new Activation(place.address(), place.sizeBytes());
      }
      return image.segment().asReadOnly();
    } finally {
      lock.unlock();
    }
  }

  /** Declares the content defined, as after filling an ACTIVE region through its segment. */
  public void acknowledge() {
    RegionCalls.acknowledge(handle);
  }

  long handle() {
    return handle;
  }

  ReentrantLock lock() {
    return lock;
  }

  Listeners listeners() {
    return listeners;
  }

  /** Called with the lock held. */
  boolean isClosed() {
    return closed;
  }

  Backup backup() {
    return backup;
  }

  /** Ends the segments that cannot outlive a pause. Called with the lock held. */
  void endSegments() {
    activation = ended(activation, "paused", "its segment");
    endImage("paused");
  }

  /** Ends what shows the image, where a resume does away with it. Called with the lock held. */
  void endImageBeforeResume() {
    boolean retained = backup instanceof Backup.Keeping keeping && keeping.traits().retains();
    if (!retained) {
      endImage("resumed");
    }
  }

  private void endImage(String what) {
    image = ended(image, what, "the view of its backup");
  }

  private @Nullable Activation ended(@Nullable Activation each, String what, String which) {
    if (each != null && !each.end()) {
      throw new WindlassException(
          Status.STATE,
          0,
          this
              + (" cannot be " + what + " while a native call or another thread uses " + which)
              + ": end that, and try again");
    }
    return null;
  }

  /**
   * Gives up pages, backup and address, from either state.
   *
   * @throws WindlassException STATE where the segment is in use; the region stays open
   */
  @Override
  public void close() {
    lock.lock();
    try {
      if (closed) {
        return;
      }
      activation = ended(activation, "closed", "its segment");
      endImage("closed");
      closed = true;
      onClose.run();
      RegionCalls.close(handle);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public String toString() {
    String name = tag.isEmpty() ? "" : " (" + tag + ")";
    return "the region of " + sizeBytes + " bytes at 0x" + Long.toHexString(address) + name;
  }
}
