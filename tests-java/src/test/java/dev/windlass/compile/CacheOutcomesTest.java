package dev.windlass.compile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.windlass.Status;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Goal: each documented outcome of load, save, clearLocal and transfer, one row for each.
 *
 * <p>Method: a row prepares the directories and the settings, runs the operation, and says what
 * status it has, what its reason says, and what the local directory and the archive are afterwards.
 */
class CacheOutcomesTest {
  @TempDir private Path root;

  /** What is there afterwards. */
  private enum Left {
    NOTHING,
    LOCAL,
    ARCHIVE,
    BOTH
  }

  private static final class Situation {
    final CacheFolders folders;
    final CompileCacheSettings.Builder settings;
    final FakeArchives archives = new FakeArchives();

    Situation(Path root) {
      folders = new CacheFolders(root);
      settings = folders.settings();
    }

    CompileCache cache() {
      return CacheFolders.cache(settings.build(), archives);
    }

    /** An archive is there, and the local directory is not. */
    void saved() {
      folders.compile();
      assertEquals(CacheStatus.SUCCESS, folders.cache().save().status());
      folders.clear();
    }

    void replaceArchive(String text) {
      CacheFolders.write(folders.archive(), text);
    }

    void cutArchive() {
      try {
        byte[] bytes = Files.readAllBytes(folders.archive());
        Files.write(folders.archive(), Arrays.copyOf(bytes, bytes.length / 2));
      } catch (IOException e) {
        throw new IllegalStateException(e);
      }
    }

    Path file(String name) {
      return folders.root.resolve(name);
    }
  }

  record Row(
      String what,
      Consumer<Situation> given,
      Function<CompileCache, CacheResult> operation,
      CacheStatus status,
      String says,
      Left left) {
    @Override
    public String toString() {
      return what;
    }
  }

  private static Row load(
      String what, Consumer<Situation> given, CacheStatus status, String says, Left left) {
    return new Row("load: " + what, given, CompileCache::load, status, says, left);
  }

  private static Row save(
      String what, Consumer<Situation> given, CacheStatus status, String says, Left left) {
    return new Row("save: " + what, given, CompileCache::save, status, says, left);
  }

  private static Row clear(
      String what, Consumer<Situation> given, CacheStatus status, String says, Left left) {
    return new Row("clear: " + what, given, CompileCache::clearLocal, status, says, left);
  }

  static Stream<Row> loads() {
    return Stream.of(
        load("an archive is there", Situation::saved, CacheStatus.SUCCESS, "loaded", Left.BOTH),
        load(
            "switched off comes first",
            at -> {
              at.saved();
              at.settings.enabled(false);
            },
            CacheStatus.ERROR,
            "BASETEN_FS_ENABLED=1",
            Left.ARCHIVE),
        load("nothing is saved", at -> {}, CacheStatus.DOES_NOT_EXIST, "Nothing", Left.NOTHING),
        load(
            "that nothing is saved comes before that there are local files",
            at -> at.folders.compile(),
            CacheStatus.DOES_NOT_EXIST,
            "Nothing",
            Left.LOCAL),
        load(
            "local files are there",
            at -> {
              at.saved();
              at.folders.compile();
            },
            CacheStatus.SKIPPED,
            "has files already",
            Left.BOTH),
        load(
            "the local directory is empty",
            at -> {
              at.saved();
              assertTrue(at.folders.local.toFile().mkdirs());
            },
            CacheStatus.SUCCESS,
            "loaded",
            Left.BOTH));
  }

  static Stream<Row> loadsThatCannot() {
    return Stream.of(
        load(
            "room is low",
            at -> {
              at.saved();
              at.settings.minLocalBytes(Long.MAX_VALUE / 2);
            },
            CacheStatus.ERROR,
            "stay free",
            Left.ARCHIVE),
        load(
            "room runs out while it extracts",
            at -> {
              at.saved();
              at.archives.failLoad(FakeArchives.failure(Status.NO_SPACE, 28));
            },
            CacheStatus.ERROR,
            "as the test wants it",
            Left.ARCHIVE),
        load(
            "the archive is empty",
            at -> at.replaceArchive(""),
            CacheStatus.DOES_NOT_EXIST,
            "is empty; the next save replaces it",
            Left.ARCHIVE),
        load(
            "the archive is cut",
            at -> {
              at.saved();
              at.cutArchive();
            },
            CacheStatus.DOES_NOT_EXIST,
            "the next save replaces it",
            Left.ARCHIVE),
        load(
            "the key cannot be told",
            at -> {
              at.saved();
              at.settings.key(
                  () -> {
                    throw new CacheException(Status.DEVICE, "The GPU says no.");
                  });
            },
            CacheStatus.ERROR,
            "The GPU says no.",
            Left.ARCHIVE));
  }

  static Stream<Row> saves() {
    return Stream.of(
        save(
            "nothing is saved yet",
            at -> at.folders.compile(),
            CacheStatus.SUCCESS,
            "saved as",
            Left.BOTH),
        save(
            "switched off comes first",
            at -> at.settings.enabled(false),
            CacheStatus.ERROR,
            "BASETEN_FS_ENABLED=1",
            Left.NOTHING),
        save("no local files", at -> {}, CacheStatus.SKIPPED, "nothing to save", Left.NOTHING),
        save(
            "no local files comes before that it is saved",
            Situation::saved,
            CacheStatus.SKIPPED,
            "nothing to save",
            Left.ARCHIVE),
        save(
            "saved already",
            at -> {
              at.saved();
              at.folders.compile("again");
            },
            CacheStatus.SKIPPED,
            "saved already",
            Left.BOTH));
  }

  static Stream<Row> savesInNeed() {
    return Stream.of(
        save(
            "larger than the limit",
            at -> {
              at.folders.compile();
              at.settings.maxArchiveBytes(16);
            },
            CacheStatus.ERROR,
            "larger than 16 bytes: raise MAX_CACHE_SIZE_MB",
            Left.LOCAL),
        save(
            "room is low where it is made",
            at -> {
              at.folders.compile();
              at.settings.minLocalBytes(Long.MAX_VALUE / 2);
            },
            CacheStatus.ERROR,
            "stay free",
            Left.LOCAL),
        save(
            "room is low where it is kept",
            at -> {
              at.folders.compile();
              at.settings.minSharedBytes(Long.MAX_VALUE / 2);
            },
            CacheStatus.ERROR,
            "stay free",
            Left.LOCAL),
        save(
            "files change all the time",
            at -> {
              at.folders.compile();
              at.archives.failSave(FakeArchives.failure(Status.CONFLICT, 0));
            },
            CacheStatus.ERROR,
            "as the test wants it",
            Left.LOCAL),
        save(
            "an empty archive is replaced",
            at -> {
              at.replaceArchive("");
              at.folders.compile();
            },
            CacheStatus.SUCCESS,
            "saved as",
            Left.BOTH),
        save(
            "a cut archive is replaced",
            at -> {
              at.saved();
              at.cutArchive();
              at.folders.compile();
            },
            CacheStatus.SUCCESS,
            "saved as",
            Left.BOTH));
  }

  static Stream<Row> others() {
    return Stream.of(
        clear(
            "local files are there",
            at -> at.folders.compile(),
            CacheStatus.SUCCESS,
            "was removed",
            Left.NOTHING),
        clear("nothing is there", at -> {}, CacheStatus.SUCCESS, "is not there", Left.NOTHING),
        clear(
            "switched off does not matter",
            at -> {
              at.folders.compile();
              at.settings.enabled(false);
            },
            CacheStatus.SUCCESS,
            "was removed",
            Left.NOTHING),
        clear(
            "a file is there instead",
            at -> CacheFolders.write(at.folders.local, "mine"),
            CacheStatus.ERROR,
            "not a directory",
            Left.LOCAL),
        transfer("a file", "from", "to", CacheStatus.SUCCESS, "was copied"),
        transfer("over another", "from", "other", CacheStatus.SUCCESS, "was copied"),
        transfer("what is not there", "absent", "to", CacheStatus.ERROR, "no file"),
        transfer("to where nothing is", "from", "no/to", CacheStatus.ERROR, "does not exist"),
        transfer("to itself", "from", "from", CacheStatus.ERROR, "are one file"),
        transfer("to a directory", "from", "shared", CacheStatus.ERROR, "is a directory"));
  }

  private static Row transfer(
      String what, String from, String to, CacheStatus status, String says) {
    Path[] place = new Path[1];
    return new Row(
        "transfer: " + what,
        at -> {
          place[0] = at.folders.root;
          CacheFolders.write(at.file("from"), "bytes");
          CacheFolders.write(at.file("other"), "other bytes");
        },
        cache -> cache.transfer(place[0].resolve(from), place[0].resolve(to)),
        status,
        says,
        Left.NOTHING);
  }

  @ParameterizedTest
  @MethodSource({"loads", "loadsThatCannot", "saves", "savesInNeed", "others"})
  void eachOperationEndsAsDocumented(Row row) {
    Situation situation = new Situation(root);
    row.given.accept(situation);
    CacheResult result = row.operation.apply(situation.cache());
    assertEquals(row.status, result.status(), result.reason());
    assertTrue(result.reason().contains(row.says), result.reason());
    boolean local = Files.exists(situation.folders.local);
    boolean archive = Files.exists(situation.folders.archive());
    assertEquals(row.left == Left.LOCAL || row.left == Left.BOTH, local, "local files");
    assertEquals(row.left == Left.ARCHIVE || row.left == Left.BOTH, archive, "archive");
    situation.folders.assertTidy();
  }
}
