package dev.windlass.compile;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/**
 * What a load put into the local cache, so that {@link UsageCheck} can tell later what became of
 * it.
 *
 * <p>It is made of the staged folder, before that is swapped in: a server that starts in that
 * moment adds nothing to it. It names the folder by its inode, so that a record whose folder never
 * came into place, or was replaced since, is not taken for one of what is there. It lies beside the
 * cache, not within, so that no save takes it along.
 *
 * <p>Each file's access time is set to {@link #NEVER}: any other time means that somebody has read
 * the file since, whatever the clock says. That works with relatime too, which moves a time that is
 * older than the file's last change.
 *
 * @param directory what tells the folder from any other, the key that the file system gives it
 * @param loadedAt by this machine's clock, to be shown and not compared
 * @param files by their path in the folder, with "/" between
 */
record LoadRecord(
    String key, String archive, String directory, Instant loadedAt, Map<String, Entry> files) {

  /** A file as it was loaded. */
  record Entry(long bytes, long modifiedNanoseconds) {}

  /** A second after the epoch: file systems hold it exactly, and no file was read then. */
  static final FileTime NEVER = FileTime.from(1, TimeUnit.SECONDS);

  private static final Set<OpenOption> NEW =
      Set.of(StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW);
  private static final FileAttribute<?> PRIVATE =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

  private static final String FIRST_LINE = "windlass load record 1";

  /** Where the record of what was loaded to a folder lies. */
  static Path beside(Path local) {
    return local.resolveSibling("." + local.getFileName() + ".windlass-load");
  }

  /**
   * Takes stock of a staged folder and makes its access times tell; the record of the load before,
   * if there is one, is replaced.
   *
   * @param local where the staged folder will be
   */
  static LoadRecord write(Path staged, Path local, String key, String archive) throws IOException {
    Map<String, Entry> files = new TreeMap<>();
    walk(
        staged,
        (file, attributes) -> {
          arm(file);
          files.put(nameIn(staged, file), entry(attributes));
        });
    LoadRecord record = new LoadRecord(key, archive, identity(staged), Instant.now(), files);
    record.writeTo(beside(local));
    return record;
  }

  /** The record beside a folder, if there is one that can be read. */
  static Optional<LoadRecord> read(Path local) throws IOException {
    try (BufferedReader lines = Files.newBufferedReader(beside(local))) {
      return Optional.of(parse(lines, beside(local)));
    } catch (NoSuchFileException none) {
      return Optional.empty();
    }
  }

  static void delete(Path local) throws IOException {
    Files.deleteIfExists(beside(local));
  }

  /** Whether it is the record of the folder that is there now. */
  boolean isOf(Path local) throws IOException {
    return directory.equals(identity(local));
  }

  private static String identity(Path folder) throws IOException {
    Object key =
        Files.readAttributes(folder, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
            .fileKey();
    return String.valueOf(key);
  }

  static Entry entry(BasicFileAttributes attributes) {
    return new Entry(attributes.size(), attributes.lastModifiedTime().to(TimeUnit.NANOSECONDS));
  }

  static void arm(Path file) throws IOException {
    Files.getFileAttributeView(file, BasicFileAttributeView.class, LinkOption.NOFOLLOW_LINKS)
        .setTimes(null, NEVER, null);
  }

  static String nameIn(Path folder, Path file) {
    return folder.relativize(file).toString().replace(file.getFileSystem().getSeparator(), "/");
  }

  /** Is told each regular file. */
  interface Visit {
    void file(Path file, BasicFileAttributes attributes) throws IOException;
  }

  /** Goes through the regular files of a tree; what goes away meanwhile is passed over. */
  static void walk(Path folder, Visit visit) throws IOException {
    Files.walkFileTree(
        folder,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            if (attributes.isRegularFile()) {
              visit.file(file, attributes);
            }
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFileFailed(Path file, IOException failure)
              throws IOException {
            if (failure instanceof NoSuchFileException && !file.equals(folder)) {
              return FileVisitResult.CONTINUE;
            }
            throw failure;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path visited, IOException failure)
              throws IOException {
            if (failure != null && !(failure instanceof NoSuchFileException)) {
              throw failure;
            }
            return FileVisitResult.CONTINUE;
          }
        });
  }

  private void writeTo(Path place) throws IOException {
    Path partial = Leftovers.newName(place.toAbsolutePath().getParent(), ".record");
    try {
      try (FileChannel channel = FileChannel.open(partial, NEW, PRIVATE)) {
        ByteBuffer bytes = ByteBuffer.wrap(text().getBytes(StandardCharsets.UTF_8));
        while (bytes.hasRemaining()) {
          channel.write(bytes);
        }
        channel.force(true);
      }
      Files.move(
          partial, place, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(partial);
    }
  }

  private String text() {
    StringBuilder text = new StringBuilder(FIRST_LINE).append('\n');
    text.append("key ").append(PlainLine.escape(key)).append('\n');
    text.append("archive ").append(PlainLine.escape(archive)).append('\n');
    text.append("directory ").append(PlainLine.escape(directory)).append('\n');
    text.append("loaded ").append(loadedAt).append('\n');
    text.append("files ").append(files.size()).append('\n');
    files.forEach(
        (name, entry) ->
            text.append(entry.bytes())
                .append(' ')
                .append(entry.modifiedNanoseconds())
                .append(' ')
                .append(PlainLine.escape(name))
                .append('\n'));
    return text.toString();
  }

  private static LoadRecord parse(BufferedReader lines, Path place) throws IOException {
    try {
      if (!FIRST_LINE.equals(lines.readLine())) {
        throw new IOException(place + " is no record of a load; remove it");
      }
      String key = PlainLine.value(lines.readLine(), "key");
      String archive = PlainLine.value(lines.readLine(), "archive");
      String directory = PlainLine.value(lines.readLine(), "directory");
      Instant loadedAt = Instant.parse(PlainLine.value(lines.readLine(), "loaded"));
      int count = Integer.parseInt(PlainLine.value(lines.readLine(), "files"));
      Map<String, Entry> files = new TreeMap<>();
      for (int index = 0; index < count; index++) {
        String line = String.valueOf(lines.readLine());
        String[] parts = line.split(" ", 3);
        files.put(
            PlainLine.unescape(parts[2]),
            new Entry(Long.parseLong(parts[0]), Long.parseLong(parts[1])));
      }
      return new LoadRecord(key, archive, directory, loadedAt, files);
    } catch (RuntimeException torn) {
      throw new IOException(
          place + " is damaged, so that nothing can be told about the load; remove it", torn);
    }
  }
}
