package dev.windlass.compile;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The record of a writer, and the thread that shows the others that it lives: it counts, in the
 * record. The others watch the count with their own clocks; nobody compares times.
 *
 * <p>The thread writes to the file that it has open, not to a name: should the record have been
 * taken away, and its name be another's, that one is not written to.
 */
final class OwnerRecord implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger("dev.windlass.compile");

  private final SharedDirectory shared;
  private final String nonce = Digests.nonce();
  private final long everyMillis;
  private final FileChannel channel;
  private final CountDownLatch ended = new CountDownLatch(1);
  private final AtomicInteger moved = new AtomicInteger();
  private final Thread heart;
  private long count;
  private ByteBuffer next;

  private OwnerRecord(SharedDirectory shared, Duration heartbeat) throws IOException {
    this.shared = shared;
    this.everyMillis = Math.max(1, heartbeat.toMillis());
    // Before there is a file: whoever is killed between the two leaves a record of nobody.
    this.next = text();
    this.channel =
        FileChannel.open(
            shared.owner(nonce), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    this.heart = Thread.ofPlatform().daemon().name("windlass-writer").unstarted(this::beat);
  }

  static OwnerRecord create(SharedDirectory shared, Duration heartbeat) throws IOException {
    OwnerRecord record = new OwnerRecord(shared, heartbeat);
    try {
      record.write();
    } catch (IOException e) {
      record.close();
      throw e;
    }
    record.heart.start();
    return record;
  }

  String nonce() {
    return nonce;
  }

  Path file() {
    return shared.owner(nonce);
  }

  /** A name for what this writer takes away, and that nobody else has. */
  Path nextMoved() {
    return shared.moved(nonce, moved.incrementAndGet());
  }

  private void write() throws IOException {
    while (next.hasRemaining()) {
      channel.write(next, next.position());
    }
    channel.force(false);
    next = text();
  }

  private ByteBuffer text() {
    return ByteBuffer.wrap(OwnerText.write(nonce, ProcessIdentity.own(), everyMillis, count++));
  }

  private void beat() {
    try {
      while (!ended.await(everyMillis, TimeUnit.MILLISECONDS)) {
        write();
      }
    } catch (IOException e) {
      // Others will take this writer for dead; whether that is so is asked before it publishes.
      if (ended.getCount() > 0) {
        LOG.log(System.Logger.Level.WARNING, "cannot write the record of a writer: " + file(), e);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Ends the counting and removes the record. */
  @Override
  public void close() throws IOException {
    ended.countDown();
    try (channel) {
      Files.deleteIfExists(file());
    }
  }
}
