package dev.windlass.compile;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** A local, a shared and a work directory, and caches over them. */
final class CacheFolders {
  static final CacheKey KEY = CacheKey.gpu("NVIDIA GeForce RTX 4090", "12.1");

  final Path root;
  final Path local;
  final Path shared;
  final Path work;

  CacheFolders(Path root) {
    try {
      this.root = Files.createDirectories(root).toRealPath();
      this.local = this.root.resolve("local/torchinductor");
      this.shared = this.root.resolve("shared");
      this.work = this.root.resolve("work");
      for (Path directory : List.of(local.getParent(), shared, work)) {
        Files.createDirectories(directory);
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx------"));
      }
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  CompileCacheSettings.Builder settings() {
    return CompileCacheSettings.builder(Map.of())
        .localDirectory(local)
        .sharedDirectory(shared)
        .workDirectory(work)
        .enabled(true)
        .minLocalBytes(0)
        .minSharedBytes(0)
        .heartbeat(Duration.ofMillis(50))
        .key(KEY);
  }

  CompileCache cache() {
    return CompileCache.of(settings().build());
  }

  static CompileCache cache(CompileCacheSettings settings, Step.Listener steps) {
    CacheContext context =
        new CacheContext(settings, new NativeArchives(), Links.system(), Ticker.system(), steps);
    return new CompileCache(() -> context);
  }

  static CompileCache cache(CompileCacheSettings settings, Archives archives) {
    CacheContext context =
        new CacheContext(settings, archives, Links.system(), Ticker.system(), step -> {});
    return new CompileCache(() -> context);
  }

  /** Files as a compilation leaves them. */
  void compile() {
    compile("made here");
  }

  void compile(String content) {
    write(local.resolve("fxgraph/ab/cd.bin"), content + " 1");
    write(local.resolve("triton/kernel.cubin"), content + " 2");
    write(local.resolve("empty"), "");
  }

  void clear() {
    try {
      Trees.delete(local);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  static void write(Path file, String text) {
    try {
      Files.createDirectories(file.getParent());
      Files.writeString(file, text);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  Path archive() {
    return shared.resolve("cache_" + KEY.name() + ".latest.tar.zst");
  }

  /** What is in a directory: the regular files' paths and contents. */
  static Map<String, String> contents(Path directory) {
    Map<String, String> found = new TreeMap<>();
    if (!Files.exists(directory, LinkOption.NOFOLLOW_LINKS)) {
      return found;
    }
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        found.put(directory.relativize(file).toString(), Files.readString(file));
      }
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
    return found;
  }

  static List<String> names(Path directory) {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.map(entry -> entry.getFileName().toString()).sorted().toList();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Nothing is left but archives, the local directory and what is beside it on purpose. */
  void assertTidy() {
    assertEquals(List.of(), leftovers());
  }

  /** What operations should have removed. */
  List<String> leftovers() {
    List<String> left = new ArrayList<>(names(work));
    Path records = shared.resolve(".windlass");
    if (Files.isDirectory(records)) {
      names(records).stream().filter(name -> !name.startsWith("bad-")).forEach(left::add);
    }
    names(local.getParent()).stream()
        .filter(name -> name.startsWith(".windlass"))
        .forEach(left::add);
    return left;
  }
}
