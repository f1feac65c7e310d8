package dev.windlass.cli;

import dev.windlass.compile.CacheEntry;
import dev.windlass.compile.CacheInfo;
import dev.windlass.compile.CacheListing;
import dev.windlass.compile.CacheResult;
import dev.windlass.compile.CompileCacheSettings;
import dev.windlass.compile.Explanation;
import dev.windlass.compile.FactorDifference;
import dev.windlass.compile.NearKey;
import dev.windlass.compile.UsageReport;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Says what came of an operation on the compile cache, to people or as JSON. The names of info and
 * list are those of B10 Transfer, with some more.
 */
final class CompileCacheReports {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss 'UTC'", Locale.ROOT)
          .withZone(ZoneOffset.UTC);

  private final Terminal terminal;
  private final boolean json;

  CompileCacheReports(Terminal terminal, boolean json) {
    this.terminal = terminal;
    this.json = json;
  }

  void result(String action, CacheResult result) {
    if (json) {
      write(resultMap(action, result));
      return;
    }
    String line = "%s: %s: %s".formatted(action, result.status(), result.reason());
    String key = result.key().isEmpty() ? "" : "\n  key " + result.key();
    String amount =
        result.bytes() == 0
            ? ""
            : "\n  %s in %s"
                .formatted(
                    ByteSize.format(result.bytes()),
                    String.format(Locale.ROOT, "%.2f s", result.seconds()));
    (result.failed() ? terminal.err() : terminal.out()).println(line + key + amount);
  }

  static Map<String, Object> resultMap(String action, CacheResult result) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("action", action);
    map.put("status", result.status().name());
    map.put("reason", result.reason());
    map.put("bytes", result.bytes());
    map.put("seconds", result.seconds());
    map.put("environment_key", result.key());
    return map;
  }

  int info(CacheInfo info, CompileCacheSettings settings) {
    if (json) {
      Map<String, Object> map = new LinkedHashMap<>();
      map.put("environment_key", info.environmentKey());
      map.put("local_cache_exists", info.localCacheExists());
      map.put("b10fs_enabled", info.enabled());
      map.put("b10fs_cache_exists", info.sharedCacheExists());
      info.localCacheBytes().ifPresent(bytes -> map.put("local_cache_size_mb", megabytes(bytes)));
      info.sharedCacheBytes().ifPresent(bytes -> map.put("b10fs_cache_size_mb", megabytes(bytes)));
      map.put("local_directory", settings.localDirectory().toString());
      map.put("shared_directory", settings.sharedDirectory().toString());
      map.put("problem", info.problem().orElse(null));
      write(map);
    } else {
      TextTable table = new TextTable("What", "Is").withoutHeadings();
      table.row("environment key", info.environmentKey());
      table.row(
          "local cache", where(settings.localDirectory(), info.localCacheBytes(), "nothing there"));
      table.row(
          "shared cache",
          where(settings.sharedDirectory(), info.sharedCacheBytes(), "nothing to load"));
      table.row("switched on", info.enabled() ? "yes" : "no: set BASETEN_FS_ENABLED=1");
      info.problem().ifPresent(problem -> table.row("problem", problem));
      terminal.out().print(table.render(terminal.columns()));
    }
    return info.problem().isPresent() ? Command.FAILED : Command.OK;
  }

  private static String where(Object directory, OptionalLong bytes, String nothing) {
    return directory
        + (bytes.isPresent() ? ", " + ByteSize.format(bytes.getAsLong()) : ": " + nothing);
  }

  int list(CacheListing listing, CompileCacheSettings settings) {
    if (json) {
      Map<String, Object> map = new LinkedHashMap<>();
      map.put("caches", listing.caches().stream().map(CompileCacheReports::entry).toList());
      map.put("current_environment", listing.currentEnvironment());
      map.put("total_caches", listing.totalCaches());
      map.put("current_cache_exists", listing.currentCacheExists());
      map.put("b10fs_enabled", listing.enabled());
      map.put("problem", listing.problem().orElse(null));
      write(map);
    } else if (listing.caches().isEmpty()) {
      // What could not be looked at may have some.
      if (listing.problem().isEmpty()) {
        terminal.out().println("No archives in " + settings.sharedDirectory() + ".");
      }
    } else {
      TextTable table = new TextTable("Size", "Written", "Here", "Archive").alignRight(0);
      for (CacheEntry cache : listing.caches()) {
        table.row(
            ByteSize.format(cache.bytes()),
            time(cache.createdTime()),
            cache.isCurrentEnvironment() ? "yes" : "",
            cache.filename());
      }
      terminal.out().print(table.render(terminal.columns()));
    }
    if (!json) {
      listing.problem().ifPresent(problem -> terminal.err().println("windlass: " + problem));
    }
    return listing.problem().isPresent() ? Command.FAILED : Command.OK;
  }

  private static Map<String, Object> entry(CacheEntry cache) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("filename", cache.filename());
    map.put("environment_key", cache.environmentKey());
    map.put("size_mb", megabytes(cache.bytes()));
    map.put("is_current_environment", cache.isCurrentEnvironment());
    map.put("created_time", cache.createdTime().toEpochMilli() / 1e3);
    return map;
  }

  int explanation(Explanation explanation) {
    if (json) {
      Map<String, Object> map = new LinkedHashMap<>();
      map.put("environment_key", explanation.key().name());
      map.put("form", explanation.key().form().name().toLowerCase(Locale.ROOT));
      map.put("factors", explanation.key().factors());
      map.put("found", explanation.found());
      map.put("reason", explanation.reason());
      map.put("nearest", explanation.nearest().stream().map(CompileCacheReports::near).toList());
      write(map);
    } else {
      terminal.out().println(explanation.reason());
      terminal.out().println("This environment is " + explanation.key().name() + ":");
      TextTable own = new TextTable("Factor", "Value").withoutHeadings();
      explanation.key().factors().forEach((name, value) -> own.row("  " + name, value));
      terminal.out().print(own.render(terminal.columns()));
      explanation.nearest().forEach(this::printNear);
    }
    return explanation.found() ? Command.OK : CompileCacheCommand.DOES_NOT_EXIST;
  }

  private void printNear(NearKey near) {
    terminal.out().println();
    if (!near.tellsFactors()) {
      terminal.out().println(near.entry().filename() + " does not tell its factors.");
      return;
    }
    terminal
        .out()
        .println(
            near.entry().filename()
                + (near.differences().isEmpty() ? " has the same factors." : " differs in:"));
    if (!near.differences().isEmpty()) {
      TextTable table = new TextTable("  Factor", "Here", "There");
      for (FactorDifference difference : near.differences()) {
        table.row("  " + difference.name(), text(difference.wanted()), text(difference.found()));
      }
      terminal.out().print(table.render(terminal.columns()));
    }
  }

  private static Map<String, Object> near(NearKey near) {
    Map<String, Object> map = new LinkedHashMap<>(entry(near.entry()));
    map.put("factors", near.factors());
    map.put(
        "differences", near.differences().stream().map(CompileCacheReports::difference).toList());
    return map;
  }

  private static Map<String, Object> difference(FactorDifference difference) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("factor", difference.name());
    map.put("here", difference.wanted().orElse(null));
    map.put("there", difference.found().orElse(null));
    return map;
  }

  void usage(UsageReport report) {
    if (json) {
      Map<String, Object> map = new LinkedHashMap<>();
      map.put("verdict", report.verdict().name());
      map.put("evidence", report.evidence());
      map.put("environment_key", report.key());
      map.put("loaded_at", report.loadedAt().map(Instant::toString).orElse(null));
      map.put("access_times_move", report.accessTimes().orElse(null));
      map.put("loaded_files", report.loadedFiles());
      map.put("read_files", report.readFiles());
      map.put("changed_files", report.changedFiles());
      map.put("removed_files", report.removedFiles());
      map.put("new_files", report.newFiles());
      map.put("new_bytes", report.newBytes());
      map.put("examples", report.examples());
      write(map);
      return;
    }
    terminal.out().println("verify-used: " + report.verdict() + ": " + report.evidence());
    report
        .loadedAt()
        .ifPresent(
            time -> terminal.out().println("  loaded " + time(time) + ", key " + report.key()));
    report.examples().forEach(file -> terminal.out().println("  new: " + file));
  }

  /** Says why an action failed; its exit code. */
  int failure(String action, String message) {
    if (json) {
      write(new LinkedHashMap<>(Map.of("action", action, "status", "ERROR", "reason", message)));
    } else {
      terminal.err().println("windlass compile-cache " + action + ": " + message);
    }
    return Command.FAILED;
  }

  private void write(Map<String, Object> document) {
    terminal.out().println(Json.write(document));
  }

  private static String text(Optional<String> value) {
    return value.orElse("(none)");
  }

  private static String time(Instant time) {
    return TIME.format(time);
  }

  private static double megabytes(long bytes) {
    return (double) bytes / ByteSize.MIB;
  }
}
