package dev.windlass.tidy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/** The text files of the repository, or some that a self-test made up. */
final class SourceTree {
  private static final Set<String> LEFT_OUT =
      Set.of("build", "target", ".git", ".idea", ".vscode", ".settings", ".cache");

  private final Map<String, SourceFile> files = new TreeMap<>();

  private SourceTree() {}

  /** Made up: path, text, path, text and so on. */
  static SourceTree of(String... pathsAndTexts) {
    SourceTree tree = new SourceTree();
    for (int i = 0; i < pathsAndTexts.length; i += 2) {
      tree.add(new SourceFile(pathsAndTexts[i], pathsAndTexts[i + 1]));
    }
    return tree;
  }

  /** The repository that this test belongs to. */
  static SourceTree ofRepository() {
    return Holder.REPOSITORY;
  }

  /** The repository's root: the property windlass.root, else the first folder upwards that fits. */
  static Path root() {
    String given = System.getProperty("windlass.root");
    if (given != null) {
      return Path.of(given).toAbsolutePath().normalize();
    }
    Path start = Path.of(System.getProperty("user.dir", ".")).toAbsolutePath();
    for (Path folder = start; folder != null; folder = folder.getParent()) {
      if (Files.isRegularFile(folder.resolve("windlass"))
          && Files.isRegularFile(folder.resolve("CMakeLists.txt"))) {
        return folder;
      }
    }
    throw new IllegalStateException(
        "no folder from "
            + start
            + " upwards holds windlass and CMakeLists.txt: set windlass.root");
  }

  Stream<SourceFile> files() {
    return files.values().stream();
  }

  /** The files whose path begins with one of these. */
  Stream<SourceFile> under(String... prefixes) {
    return files().filter(f -> Stream.of(prefixes).anyMatch(f.path()::startsWith));
  }

  boolean has(String path) {
    return files.containsKey(path);
  }

  Optional<SourceFile> file(String path) {
    return Optional.ofNullable(files.get(path));
  }

  private void add(SourceFile file) {
    files.put(file.path(), file);
  }

  private static SourceTree read(Path root) {
    SourceTree tree = new SourceTree();
    try {
      for (Path path : list(root)) {
        byte[] bytes = Files.readAllBytes(path);
        if (isText(bytes)) {
          String name = root.relativize(path).toString().replace('\\', '/');
          tree.add(new SourceFile(name, new String(bytes, StandardCharsets.UTF_8)));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return tree;
  }

  private static List<Path> list(Path root) throws IOException {
    List<Path> found = new ArrayList<>();
    Files.walkFileTree(
        root,
        new SimpleFileVisitor<Path>() {
          @Override
          public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
            boolean leftOut = LEFT_OUT.contains(String.valueOf(folder.getFileName()));
            return leftOut && !folder.equals(root)
                ? FileVisitResult.SKIP_SUBTREE
                : FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            boolean built = String.valueOf(file.getFileName()).matches(".*\\.(log|class|jar|so)");
            if (attributes.isRegularFile() && !built) {
              found.add(file);
            }
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFileFailed(Path file, IOException cause) {
            return FileVisitResult.CONTINUE; // Gone while we looked: another build's passing file.
          }
        });
    return found;
  }

  private static boolean isText(byte[] bytes) {
    for (byte b : bytes) {
      if (b == 0) {
        return false;
      }
    }
    return true;
  }

  private static final class Holder {
    static final SourceTree REPOSITORY = read(root());
  }
}
