package dev.windlass.compile;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The Python packages that are installed where this process's Python would look, by their metadata;
 * no Python is started.
 *
 * <p>Folders are looked through in Python's order, and the first that has a package decides. What
 * cannot be read is passed over, with a warning. Confined to one thread.
 */
public final class PythonPackages {
  private static final String METADATA_ENDING = ".dist-info";

  /** The headers that are wanted stand at the beginning; a description may follow that is long. */
  private static final int MOST_HEADER_LINES = 400;

  private static final int LONGEST_LINE = 10_000;
  private static final Pattern VERSION = Pattern.compile("[A-Za-z0-9!+._-]{1,100}");
  private static final Pattern TORCH_CUDA =
      Pattern.compile("cuda\\s*(?::[^=]*)?=\\s*['\"]([0-9]+(?:\\.[0-9]+)*)['\"].*");

  /**
   * An installed package.
   *
   * @param name as its metadata has it
   * @param metadata the file that says so
   */
  public record Installed(String name, String version, Path metadata) {}

  private final List<Path> folders;
  private final List<String> warnings = new ArrayList<>();

  private PythonPackages(List<Path> folders) {
    this.folders = List.copyOf(folders);
  }

  /** Those of the Python that this process's environment leads to. */
  public static PythonPackages ofThisProcess() {
    return of(System.getenv());
  }

  /** Those of the Python that an environment leads to. */
  public static PythonPackages of(Map<String, String> environment) {
    return new PythonPackages(PythonFolders.of(environment, Path.of("/")));
  }

  /** Those in these folders, which are such as {@code …/site-packages}. */
  public static PythonPackages in(List<Path> folders) {
    return new PythonPackages(folders);
  }

  /** The folders that are looked through, in this order. */
  public List<Path> folders() {
    return folders;
  }

  /** What had to be passed over so far. */
  public List<String> warnings() {
    return List.copyOf(warnings);
  }

  /** A name as it is compared: case does not count, and runs of {@code -_.} are the same. */
  public static String normalised(String name) {
    return name.strip().replaceAll("[-_.]+", "-").toLowerCase(Locale.ROOT);
  }

  /** A package by its name, however that is written. */
  public Optional<Installed> find(String name) {
    String wanted = normalised(name);
    for (Path folder : folders) {
      List<Installed> found = in(folder, wanted);
      if (!found.isEmpty()) {
        Installed newest = found.getFirst();
        for (Installed other : found.subList(1, found.size())) {
          newest = newer(newest, other);
        }
        if (found.size() > 1) {
          warnings.add(
              "%s has the metadata of several versions of %s, and %s is taken: remove what an"
                      .formatted(folder, wanted, newest.version())
                  + " upgrade left there");
        }
        return Optional.of(newest);
      }
    }
    return Optional.empty();
  }

  /** A package's version. */
  public Optional<String> version(String name) {
    return find(name).map(Installed::version);
  }

  /** The version of CUDA that torch was built with, as {@code torch.version.cuda} says it. */
  public Optional<String> torchCuda() {
    Optional<Installed> torch = find("torch");
    if (torch.isEmpty()) {
      return Optional.empty();
    }
    Path site = torch.get().metadata().resolveSibling("..").normalize();
    Path file = site.resolve("torch").resolve("version.py");
    try (Stream<String> lines = headerLines(file).stream()) {
      return lines
          .map(line -> TORCH_CUDA.matcher(line.strip()))
          .filter(Matcher::matches)
          .map(found -> found.group(1))
          .findFirst();
    } catch (IOException e) {
      warnings.add(file + " cannot be read, so that torch's CUDA is unknown: " + e);
      return Optional.empty();
    }
  }

  private List<Installed> in(Path folder, String wanted) {
    List<Installed> found = new ArrayList<>();
    try (DirectoryStream<Path> entries =
        Files.newDirectoryStream(folder, entry -> mayBe(entry, wanted))) {
      for (Path entry : entries) {
        read(entry.resolve("METADATA"), wanted).ifPresent(found::add);
      }
    } catch (IOException | DirectoryIteratorException e) {
      if (Files.isDirectory(folder)) {
        warnings.add(folder + " cannot be looked through: " + e);
      }
    }
    return found;
  }

  /** The folder is named after package and version, with "-" between and none in the version. */
  private static boolean mayBe(Path entry, String wanted) {
    String name = String.valueOf(entry.getFileName());
    if (!name.endsWith(METADATA_ENDING)) {
      return false;
    }
    String both = name.substring(0, name.length() - METADATA_ENDING.length());
    int dash = both.lastIndexOf('-');
    return normalised(dash < 0 ? both : both.substring(0, dash)).equals(wanted);
  }

  private Optional<Installed> read(Path metadata, String wanted) {
    String name = "";
    String version = "";
    try {
      for (String line : headerLines(metadata)) {
        if (line.isBlank()) {
          break;
        } else if (line.startsWith("Name:")) {
          name = line.substring("Name:".length()).strip();
        } else if (line.startsWith("Version:")) {
          version = line.substring("Version:".length()).strip();
        }
      }
    } catch (IOException e) {
      warnings.add(metadata + " is passed over, since it cannot be read: " + e);
      return Optional.empty();
    }
    if (!normalised(name).equals(wanted) || !VERSION.matcher(version).matches()) {
      warnings.add(
          "%s is passed over, since it does not name %s and a version: install the package anew"
              .formatted(metadata, wanted));
      return Optional.empty();
    }
    return Optional.of(new Installed(name, version, metadata));
  }

  /** Bytes that are no UTF-8 become replacement characters: they matter to nobody here. */
  private static List<String> headerLines(Path file) throws IOException {
    List<String> lines = new ArrayList<>();
    try (BufferedReader reader =
        new BufferedReader(
            new InputStreamReader(Files.newInputStream(file), StandardCharsets.UTF_8))) {
      StringBuilder line = new StringBuilder();
      for (int letter = reader.read();
          letter >= 0 && lines.size() < MOST_HEADER_LINES;
          letter = reader.read()) {
        if (letter == '\n') {
          lines.add(line.toString());
          line.setLength(0);
        } else if (line.length() < LONGEST_LINE) {
          line.append((char) letter);
        }
      }
      lines.add(line.toString());
    }
    return lines;
  }

  private static Installed newer(Installed one, Installed other) {
    return NaturalOrder.compare(one.version(), other.version()) >= 0 ? one : other;
  }
}
