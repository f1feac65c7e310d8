package dev.windlass.compile;

import dev.windlass.Status;
import dev.windlass.WindlassException;
import dev.windlass.archive.LoadOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** What is in the shared directory: listed, explained and verified. */
final class Inventory {
  private static final int MOST_COMPARED = 1000;
  private static final int MOST_NEAREST = 10;

  private final CacheContext context;
  private final SharedDirectory shared;
  private final SharedArchives archives;

  Inventory(CacheContext context) {
    this.context = context;
    this.shared = new SharedDirectory(context.settings().sharedDirectory());
    this.archives = new SharedArchives(context, shared);
  }

  /** All archives, the newest first; what goes away meanwhile is left out. */
  List<CacheEntry> entries(Optional<CacheKey> current) throws IOException {
    List<CacheEntry> entries = new ArrayList<>();
    for (Path file : shared.archives()) {
      String filename = String.valueOf(file.getFileName());
      String keyName = SharedDirectory.keyName(filename).orElseThrow();
      try {
        BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
        entries.add(
            new CacheEntry(
                filename,
                keyName,
                attributes.size(),
                current.filter(key -> isOf(key, file, keyName)).isPresent(),
                attributes.lastModifiedTime().toInstant()));
      } catch (NoSuchFileException gone) {
        // It was replaced or removed since it was listed.
      }
    }
    entries.sort(
        Comparator.comparing(CacheEntry::createdTime)
            .reversed()
            .thenComparing(CacheEntry::filename));
    return entries;
  }

  private static boolean isOf(CacheKey key, Path file, String keyName) {
    return SharedDirectory.isOriginal(file)
        ? key.originalName().filter(keyName::equals).isPresent()
        : key.name().equals(keyName);
  }

  Optional<SharedArchive> find(CacheKey key) throws IOException {
    return archives.find(key);
  }

  Explanation explain(CacheKey key) throws IOException {
    Optional<SharedArchive> found = archives.find(key);
    if (found.filter(SharedArchive::isUsable).isPresent()) {
      return new Explanation(key, true, "A load takes " + found.get().file() + ".", List.of());
    }
    List<NearKey> nearest = nearest(key);
    String reason =
        found
            .map(archive -> archive.reason() + ".")
            .orElseGet(() -> "Nothing is saved for this environment. " + nearestText(nearest));
    return new Explanation(key, false, reason, nearest);
  }

  private List<NearKey> nearest(CacheKey key) throws IOException {
    return entries(Optional.of(key)).stream()
        .filter(entry -> !entry.isCurrentEnvironment())
        .limit(MOST_COMPARED)
        .map(entry -> compared(key, entry))
        .sorted(
            Comparator.comparing((NearKey near) -> !near.tellsFactors())
                .thenComparingInt(near -> near.differences().size()))
        .limit(MOST_NEAREST)
        .toList();
  }

  private NearKey compared(CacheKey key, CacheEntry entry) {
    Map<String, String> factors = factorsOf(entry);
    return new NearKey(entry, factors, factors.isEmpty() ? List.of() : key.differences(factors));
  }

  private Map<String, String> factorsOf(CacheEntry entry) {
    Path file = shared.root().resolve(entry.filename());
    if (SharedDirectory.isOriginal(file)) {
      return Map.of();
    }
    try {
      return KeyNote.factors(context.archives().inspect(file).note());
    } catch (WindlassException damaged) {
      return Map.of();
    }
  }

  private String nearestText(List<NearKey> nearest) {
    if (nearest.isEmpty()) {
      return "There is no archive at all in " + shared.root() + ".";
    }
    NearKey near = nearest.getFirst();
    if (!near.tellsFactors()) {
      return "What is saved for others does not tell its factors.";
    }
    if (near.differences().isEmpty()) {
      return "%s has the same factors, and a key of another form."
          .formatted(near.entry().filename());
    }
    return near.differences().stream()
        .map(Inventory::text)
        .collect(Collectors.joining("; ", near.entry().filename() + " is nearest: ", "."));
  }

  private static String text(FactorDifference difference) {
    return "%s is %s here and %s there"
        .formatted(
            difference.name(),
            difference.wanted().orElse("not told"),
            difference.found().orElse("not told"));
  }

  /** Checks an archive as a load does. */
  Outcome verify(SharedArchive archive) throws IOException {
    if (!archive.isUsable()) {
      throw new CacheValidationException(
          archive.condition() == SharedArchive.Condition.BROKEN
              ? Status.CORRUPT
              : Status.PERMISSION,
          archive.reason() + ".");
    }
    DirectoryTrust.require(context.settings().trust(), shared.root());
    Watch watch = context.watch();
    LoadOptions usual = context.settings().loadOptions();
    if (archive.isOriginal()) {
      Path tar = Unpacking.unpack(context, archive.file(), watch);
      try {
        return verified(archive, context.archives().verify(tar, usual, watch).rawBytes());
      } finally {
        Files.deleteIfExists(tar);
      }
    }
    LoadOptions options =
        archive
            .info()
            .filter(info -> info.sealable())
            .map(info -> usual.withExpectedRoot(info.root()))
            .orElse(usual);
    return verified(archive, context.archives().verify(archive.file(), options, watch).rawBytes());
  }

  private static Outcome verified(SharedArchive archive, long bytes) {
    return Outcome.success(archive.file() + " is whole.", bytes);
  }

  /** An archive by its file's name. */
  Optional<SharedArchive> named(String filename) throws IOException {
    String keyName =
        SharedDirectory.keyName(filename)
            .filter(name -> !filename.contains("/"))
            .orElseThrow(
                () ->
                    new CacheValidationException(
                        "\"%s\" is not the name of an archive: list tells those there are."
                            .formatted(filename)));
    return archives.look(shared.root().resolve(filename), keyName);
  }
}
