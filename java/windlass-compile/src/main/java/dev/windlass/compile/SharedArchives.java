package dev.windlass.compile;

import dev.windlass.Status;
import dev.windlass.WindlassException;
import dev.windlass.archive.ArchiveFormat;
import dev.windlass.archive.ArchiveInfo;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Optional;

/** Finds archives in the shared directory and looks at them, without reading all of them. */
final class SharedArchives {
  private static final System.Logger LOG = System.getLogger("dev.windlass.compile");
  private static final int LEAST_GZIP_BYTES = 18;

  private final CacheContext context;
  private final SharedDirectory shared;

  SharedArchives(CacheContext context, SharedDirectory shared) {
    this.context = context;
    this.shared = shared;
  }

  /** The archive of a key: a usable one if there is, else what is in its place. */
  Optional<SharedArchive> find(CacheKey key) throws IOException {
    Optional<SharedArchive> own = look(shared.archive(key.name()), key.name());
    Optional<String> originalName = key.originalName();
    if (originalName.isEmpty() || own.filter(found -> !isBroken(found)).isPresent()) {
      return own;
    }
    Optional<SharedArchive> original =
        look(shared.original(originalName.get()), originalName.get());
    return original.isPresent() ? original : own;
  }

  private static boolean isBroken(SharedArchive archive) {
    return archive.condition() == SharedArchive.Condition.BROKEN;
  }

  /** Looks at a file. Empty if there is none. */
  Optional<SharedArchive> look(Path file, String keyName) throws IOException {
    BasicFileAttributes attributes;
    try {
      attributes = Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    } catch (NoSuchFileException absent) {
      return Optional.empty();
    }
    if (!attributes.isRegularFile()) {
      return Optional.of(refused(file, attributes, "is not a regular file"));
    }
    if (attributes.size() == 0) {
      return Optional.of(broken(file, attributes, "is empty"));
    }
    if (isMarkedBad(broken(file, attributes, ""))) {
      return Optional.of(broken(file, attributes, "was found to be damaged by a load"));
    }
    return SharedDirectory.isOriginal(file)
        ? lookAtOriginal(file, attributes)
        : lookAtOwn(file, attributes, keyName);
  }

  private Optional<SharedArchive> lookAtOriginal(Path file, BasicFileAttributes attributes)
      throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      if (attributes.size() < LEAST_GZIP_BYTES || in.read() != 0x1f || in.read() != 0x8b) {
        return Optional.of(broken(file, attributes, "is cut, or no gzip file"));
      }
    } catch (NoSuchFileException absent) {
      return Optional.empty();
    }
    if (context.settings().trust() instanceof Trust.Seals) {
      return Optional.of(
          refused(file, attributes, "has no seal, since archives of its kind cannot have one"));
    }
    return Optional.of(usable(file, attributes, Optional.empty()));
  }

  private Optional<SharedArchive> lookAtOwn(
      Path file, BasicFileAttributes attributes, String keyName) {
    ArchiveInfo info;
    try {
      info = context.archives().inspect(file);
    } catch (WindlassException e) {
      if (e.status() == Status.NOT_FOUND) {
        return Optional.empty();
      }
      if (e.status() == Status.CORRUPT) {
        return Optional.of(broken(file, attributes, "is damaged: " + e.getMessage()));
      }
      throw e;
    }
    if (info.format() != ArchiveFormat.WINDLASS) {
      return Optional.of(broken(file, attributes, "is cut, or was written by something else"));
    }
    if (!KeyNote.keyName(info.note()).filter(keyName::equals).isPresent()) {
      return Optional.of(refused(file, attributes, "is the archive of another key"));
    }
    Optional<String> objection = sealObjection(info, keyName);
    return Optional.of(
        objection.isPresent()
            ? refused(file, attributes, objection.get())
            : usable(file, attributes, Optional.of(info)));
  }

  private Optional<String> sealObjection(ArchiveInfo info, String keyName) {
    if (!(context.settings().trust() instanceof Trust.Seals seals)) {
      return Optional.empty();
    }
    if (info.seal().isEmpty() || !info.sealable()) {
      return Optional.of("has no seal");
    }
    return seals.accepts(keyName, info.root(), info.seal().get())
        ? Optional.empty()
        : Optional.of("has a seal that is not of the key that is trusted here");
  }

  /** Has the next load pass an archive over, and the next save replace it; as far as it can. */
  void markBad(SharedArchive archive) {
    try {
      shared.create();
      Files.writeString(shared.bad(archive.file()), archive.identity());
    } catch (IOException e) {
      LOG.log(System.Logger.Level.DEBUG, "cannot mark as damaged: " + archive.file(), e);
    }
  }

  private boolean isMarkedBad(SharedArchive archive) {
    try {
      byte[] mark = Files.readAllBytes(shared.bad(archive.file()));
      return new String(mark, StandardCharsets.UTF_8).equals(archive.identity());
    } catch (IOException none) {
      return false;
    }
  }

  private static SharedArchive usable(
      Path file, BasicFileAttributes attributes, Optional<ArchiveInfo> info) {
    return new SharedArchive(file, attributes, SharedArchive.Condition.USABLE, "", info);
  }

  private static SharedArchive broken(Path file, BasicFileAttributes attributes, String what) {
    return new SharedArchive(
        file, attributes, SharedArchive.Condition.BROKEN, file + " " + what, Optional.empty());
  }

  private static SharedArchive refused(Path file, BasicFileAttributes attributes, String what) {
    return new SharedArchive(
        file, attributes, SharedArchive.Condition.REFUSED, file + " " + what, Optional.empty());
  }
}
