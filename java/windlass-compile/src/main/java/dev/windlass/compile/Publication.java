package dev.windlass.compile;

import dev.windlass.Status;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;

/**
 * Gives an archive its name, in one instant and only if nothing usable has it: of many writers one
 * is first, and the others learn so.
 *
 * <p>What is broken is taken away first, under a name of this writer's, and looked at there: had
 * another been quicker, it is put back.
 */
final class Publication {
  /** Each further attempt means that another writer has come between. */
  private static final int ATTEMPTS = 5;

  private final CacheContext context;
  private final SharedArchives archives;
  private final SaveTurn turn;

  Publication(CacheContext context, SharedArchives archives, SaveTurn turn) {
    this.context = context;
    this.archives = archives;
    this.turn = turn;
  }

  /** Publishes; empty if it was done, else what is there instead. */
  Optional<SharedArchive> publish(Path archive, String keyName) throws IOException {
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      turn.requireOwn();
      context.steps().reached(Step.SAVE_FENCED);
      if (tryPublish(turn.part(), archive)) {
        Trees.sync(archive.getParent());
        context.steps().reached(Step.SAVE_PUBLISHED);
        return Optional.empty();
      }
      Optional<SharedArchive> there = archives.look(archive, keyName);
      if (there.filter(SharedArchive::isUsable).isPresent()) {
        return there;
      }
      if (there.isPresent()) {
        displace(there.get());
      }
    }
    throw new CacheException(
        Status.CONFLICT,
        "%s comes and goes while it is saved: see what else writes there.".formatted(archive));
  }

  private boolean tryPublish(Path part, Path archive) throws IOException {
    return switch (context.links().link(part, archive)) {
      case MADE -> true;
      case EXISTS -> false;
      case UNSUPPORTED -> tryRename(part, archive);
    };
  }

  /** Without links, the writers' claims alone keep two from publishing at the same time. */
  private static boolean tryRename(Path part, Path archive) throws IOException {
    if (Files.exists(archive)) {
      return false;
    }
    Files.move(part, archive, StandardCopyOption.ATOMIC_MOVE);
    return true;
  }

  private void displace(SharedArchive broken) throws IOException {
    if (!broken.attributes().isRegularFile()) {
      throw new CacheException(
          Status.MISMATCH, broken.reason() + ": remove it, so that an archive can be saved there.");
    }
    Path moved = turn.nextMoved();
    try {
      Files.move(broken.file(), moved, StandardCopyOption.ATOMIC_MOVE);
    } catch (NoSuchFileException gone) {
      return;
    }
    context.steps().reached(Step.SAVE_DISPLACED);
    boolean meant =
        archives.look(moved, "").filter(is -> is.identity().equals(broken.identity())).isPresent();
    if (!meant && context.links().link(moved, broken.file()) == Links.Outcome.UNSUPPORTED) {
      putBack(moved, broken.file());
    }
    Files.deleteIfExists(moved);
  }

  private static void putBack(Path moved, Path archive) throws IOException {
    try {
      Files.move(moved, archive);
    } catch (FileAlreadyExistsException another) {
      // That one is newer still, and stays.
    }
  }
}
