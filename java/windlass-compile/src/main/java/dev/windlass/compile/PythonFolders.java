package dev.windlass.compile;

import java.io.File;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Finds the folders that a Python would import from: PYTHONPATH first, then those of the virtual
 * environment, of Conda's, or of the first python3 on the PATH, then the usual ones.
 */
final class PythonFolders {
  private static final Pattern PYTHON = Pattern.compile("python3\\.[0-9]+");
  private static final List<String> INTERPRETERS = List.of("python3", "python");

  private final Path root;
  private final Set<Path> found = new LinkedHashSet<>();

  private PythonFolders(Path root) {
    this.root = root;
  }

  /**
   * The folders that exist, in the order in which they are looked through.
   *
   * @param root stands for "/", before the usual folders
   */
  static List<Path> of(Map<String, String> environment, Path root) {
    PythonFolders folders = new PythonFolders(root);
    folders.list(environment.get("PYTHONPATH"));
    Optional<Path> interpreter = interpreter(environment.get("PATH"));
    Optional<Path> virtual = path(environment.get("VIRTUAL_ENV"));
    Optional<Path> conda = path(environment.get("CONDA_PREFIX"));
    if (virtual.isPresent()) {
      folders.prefix(virtual.get(), Optional.empty());
    } else if (conda.isPresent()) {
      folders.prefix(conda.get(), Optional.empty());
    } else if (interpreter.isPresent()) {
      folders.ofInterpreter(interpreter.get(), environment);
    } else {
      folders.usual(environment, Optional.empty());
    }
    return List.copyOf(folders.found);
  }

  private void ofInterpreter(Path interpreter, Map<String, String> environment) {
    Path prefix = interpreter.resolveSibling("..").normalize();
    if (Files.exists(prefix.resolve("pyvenv.cfg"))) {
      prefix(prefix, Optional.empty());
      return;
    }
    Optional<String> version = version(interpreter);
    // A Linux distribution's own Python sees what was installed beside it; another one only itself.
    if (prefix.equals(root.resolve("usr")) || prefix.equals(root)) {
      usual(environment, version);
    } else {
      user(environment, version);
      prefix(prefix, version);
    }
  }

  private void usual(Map<String, String> environment, Optional<String> version) {
    user(environment, version);
    prefix(root.resolve("usr/local"), version);
    prefix(root.resolve("usr"), version);
    add(root.resolve("usr/lib/python3/dist-packages"));
    prefix(root.resolve("opt/conda"), version);
  }

  private void user(Map<String, String> environment, Optional<String> version) {
    if (!environment.getOrDefault("PYTHONNOUSERSITE", "").isEmpty()) {
      return;
    }
    Optional<Path> home = path(environment.get("HOME")).map(folder -> folder.resolve(".local"));
    path(environment.get("PYTHONUSERBASE")).or(() -> home).ifPresent(base -> prefix(base, version));
  }

  /** What is below a prefix: of the version that is known, else of each, the newest first. */
  private void prefix(Path prefix, Optional<String> version) {
    for (String library : List.of("lib", "lib64")) {
      for (String python : pythons(prefix.resolve(library))) {
        if (version.isEmpty() || version.get().equals(python)) {
          add(prefix.resolve(library).resolve(python).resolve("site-packages"));
          add(prefix.resolve(library).resolve(python).resolve("dist-packages"));
        }
      }
    }
  }

  private static List<String> pythons(Path library) {
    List<String> names = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(library, "python3.*")) {
      for (Path entry : entries) {
        String name = String.valueOf(entry.getFileName());
        if (PYTHON.matcher(name).matches()) {
          names.add(name);
        }
      }
    } catch (IOException | DirectoryIteratorException none) {
      return List.of();
    }
    names.sort(Collections.reverseOrder(NaturalOrder::compare));
    return names;
  }

  private void list(String paths) {
    if (paths == null) {
      return;
    }
    for (String entry : paths.split(File.pathSeparator, -1)) {
      path(entry).ifPresent(this::add);
    }
  }

  /** Two names of one folder count once. */
  private void add(Path folder) {
    try {
      if (Files.isDirectory(folder)) {
        found.add(folder.toRealPath());
      }
    } catch (IOException gone) {
      // What is not there has no packages.
    }
  }

  private static Optional<Path> interpreter(String paths) {
    if (paths == null) {
      return Optional.empty();
    }
    for (String entry : paths.split(File.pathSeparator, -1)) {
      Optional<Path> folder = path(entry);
      for (String name : INTERPRETERS) {
        Optional<Path> file = folder.map(at -> at.resolve(name)).filter(Files::isExecutable);
        if (file.isPresent()) {
          return file;
        }
      }
    }
    return Optional.empty();
  }

  /** The version is in the name of the file that the links lead to. */
  private static Optional<String> version(Path interpreter) {
    try {
      Matcher name = PYTHON.matcher(String.valueOf(interpreter.toRealPath().getFileName()));
      return name.matches() ? Optional.of(name.group()) : Optional.empty();
    } catch (IOException gone) {
      return Optional.empty();
    }
  }

  private static Optional<Path> path(String text) {
    try {
      return text == null || text.isBlank() ? Optional.empty() : Optional.of(Path.of(text));
    } catch (InvalidPathException none) {
      return Optional.empty();
    }
  }
}
