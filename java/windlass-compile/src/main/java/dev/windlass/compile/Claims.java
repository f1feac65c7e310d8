package dev.windlass.compile;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/**
 * What one writer at a time has: the right to save a key, and one of a number of turns.
 *
 * <p>A claim is a second name for the holder's record, or, where there are no links, a copy of it.
 * Either is made only if nothing has the name. To take a claim away, its name is changed first, and
 * then what was taken is looked at: of two that try, one finds nothing, and whoever took what he
 * did not mean to puts it back.
 */
final class Claims {
  private final SharedDirectory shared;
  private final OwnerRecord own;
  private final Links links;

  Claims(SharedDirectory shared, OwnerRecord own, Links links) {
    this.shared = shared;
    this.own = own;
    this.links = links;
  }

  /** Takes a claim, if nobody has it. */
  boolean tryTake(String name) throws IOException {
    Path claim = shared.claim(name);
    return switch (links.link(own.file(), claim)) {
      case MADE -> true;
      case EXISTS -> false;
      case UNSUPPORTED -> tryCopy(claim);
    };
  }

  private boolean tryCopy(Path claim) throws IOException {
    byte[] text = Files.readAllBytes(own.file());
    try (FileChannel channel =
        FileChannel.open(claim, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      ByteBuffer bytes = ByteBuffer.wrap(text);
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
      channel.force(false);
      return true;
    } catch (FileAlreadyExistsException e) {
      return false;
    }
  }

  /** Who has it. Empty if nobody has; the nonce is empty where the claim is torn. */
  Optional<OwnerText> holder(String name) throws IOException {
    return OwnerText.read(shared.claim(name));
  }

  boolean isOwn(String name) throws IOException {
    return holder(name).filter(holder -> holder.nonce().equals(own.nonce())).isPresent();
  }

  /** Takes the claim away from a holder that is dead. Whether nobody has it now, as far as seen. */
  boolean freeIfDead(String name, OwnerJudge judge) throws IOException {
    Optional<OwnerText> holder = holder(name);
    if (holder.isEmpty()) {
      return true;
    }
    String nonce = holder.get().nonce();
    boolean dead =
        nonce.isEmpty() ? judge.isDead("claim of " + name, holder.get()) : judge.isDead(nonce);
    return dead && takeAway(name, nonce);
  }

  /** Gives up what is this writer's. */
  void release(String name) throws IOException {
    takeAway(name, own.nonce());
  }

  private boolean takeAway(String name, String nonce) throws IOException {
    Path claim = shared.claim(name);
    Path moved = own.nextMoved();
    try {
      Files.move(claim, moved, StandardCopyOption.ATOMIC_MOVE);
    } catch (NoSuchFileException gone) {
      return true;
    }
    boolean meant = OwnerText.read(moved).filter(text -> text.nonce().equals(nonce)).isPresent();
    if (meant) {
      Files.deleteIfExists(moved);
    } else {
      putBack(moved, claim);
    }
    return meant;
  }

  /**
   * Should somebody else have the name by now, whoever had it before learns so before he publishes.
   */
  private void putBack(Path moved, Path claim) throws IOException {
    if (links.link(moved, claim) == Links.Outcome.UNSUPPORTED) {
      try {
        Files.move(moved, claim);
        return;
      } catch (FileAlreadyExistsException another) {
        // It is removed below.
      }
    }
    Files.deleteIfExists(moved);
  }
}
