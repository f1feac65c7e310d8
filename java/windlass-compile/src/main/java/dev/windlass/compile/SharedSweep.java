package dev.windlass.compile;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Removes what dead writers have left in the shared directory, and nothing else. */
final class SharedSweep {
  private static final System.Logger LOG = System.getLogger("dev.windlass.compile");
  private static final int NONCE_DIGITS = 32;

  private final SharedDirectory shared;
  private final OwnerJudge judge;
  private final Claims claims;

  SharedSweep(SharedDirectory shared, OwnerJudge judge, Claims claims) {
    this.shared = shared;
    this.judge = judge;
    this.claims = claims;
  }

  /** Sweeps as far as it can; what cannot be removed is left to the next. */
  void run() {
    try {
      for (Path file : shared.records()) {
        String name = String.valueOf(file.getFileName());
        if (name.startsWith(SharedDirectory.CLAIM)) {
          claims.freeIfDead(name.substring(SharedDirectory.CLAIM.length()), judge);
        }
      }
      // Records last: with a record gone, nobody could tell whose the rest is.
      removeOfTheDead(SharedDirectory.PART);
      removeOfTheDead(SharedDirectory.MOVED);
      removeOfTheDead(SharedDirectory.OWNER);
    } catch (IOException e) {
      LOG.log(System.Logger.Level.DEBUG, "cannot sweep " + shared.root(), e);
    }
  }

  private void removeOfTheDead(String beginning) throws IOException {
    for (Path file : shared.records()) {
      String name = String.valueOf(file.getFileName());
      int end = beginning.length() + NONCE_DIGITS;
      if (name.startsWith(beginning)
          && name.length() >= end
          && judge.isDead(name.substring(beginning.length(), end))) {
        Files.deleteIfExists(file);
      }
    }
  }
}
