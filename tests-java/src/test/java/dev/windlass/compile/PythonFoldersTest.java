package dev.windlass.compile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PythonFoldersTest {
  private Path root;

  @BeforeEach
  void findsTheRealFolder(@TempDir Path folder) throws IOException {
    root = folder.toRealPath();
  }

  private Path make(String path) throws IOException {
    return Files.createDirectories(root.resolve(path));
  }

  private void interpreter(String path, String target) throws IOException {
    Path link = root.resolve(path);
    Files.createDirectories(link.resolveSibling(target).getParent());
    Files.createDirectories(link.getParent());
    Path file = link.resolveSibling(target);
    if (Files.notExists(file)) {
      assertTrue(Files.createFile(file).toFile().setExecutable(true));
    }
    if (!file.equals(link)) {
      Files.createSymbolicLink(link, Path.of(target));
    }
  }

  private List<String> found(String... namesAndPaths) {
    Map<String, String> environment = new HashMap<>();
    for (int index = 0; index < namesAndPaths.length; index += 2) {
      List<String> entries = Arrays.asList(namesAndPaths[index + 1].split(":", -1));
      environment.put(
          namesAndPaths[index],
          String.join(
              ":", entries.stream().map(entry -> entry.isEmpty() ? "" : in(entry)).toList()));
    }
    return PythonFolders.of(environment, root).stream()
        .map(path -> root.relativize(path).toString())
        .toList();
  }

  private String in(String path) {
    return root.resolve(path).toString();
  }

  @Test
  void pythonPathComesFirstAndOnlyWhatIsThere() throws IOException {
    make("mine");
    make("venv/lib/python3.11/site-packages");
    make("usr/lib/python3/dist-packages");
    assertEquals(
        List.of("mine", "venv/lib/python3.11/site-packages"),
        found("PYTHONPATH", ":absent:mine:mine", "VIRTUAL_ENV", "venv"));
  }

  @Test
  void aVirtualEnvironmentGoesBeforeCondaAndCondaBeforeTheUsual() throws IOException {
    make("venv/lib/python3.11/site-packages");
    make("conda/lib/python3.12/site-packages");
    make("usr/local/lib/python3.10/dist-packages");
    assertEquals(
        List.of("venv/lib/python3.11/site-packages"),
        found("VIRTUAL_ENV", "venv", "CONDA_PREFIX", "conda"));
    assertEquals(List.of("conda/lib/python3.12/site-packages"), found("CONDA_PREFIX", "conda"));
    assertEquals(List.of("usr/local/lib/python3.10/dist-packages"), found());
  }

  @Test
  void theInterpreterOnThePathTellsPrefixAndVersion() throws IOException {
    make("opt/python/lib/python3.12/site-packages");
    make("opt/python/lib/python3.9/site-packages");
    interpreter("opt/python/bin/python3", "python3.9");
    make("usr/lib/python3/dist-packages");
    assertEquals(
        List.of("opt/python/lib/python3.9/site-packages"), found("PATH", "absent:opt/python/bin"));
  }

  @Test
  void anEnvironmentThatIsOnThePathWithoutBeingActivatedCountsToo() throws IOException {
    make("app/venv/lib/python3.12/site-packages");
    Files.createFile(make("app/venv").resolve("pyvenv.cfg"));
    make("usr/lib/python3.11/site-packages");
    interpreter("app/venv/bin/python", "python");
    assertEquals(
        List.of("app/venv/lib/python3.12/site-packages"), found("PATH", "app/venv/bin:usr/bin"));
  }

  @Test
  void theSystemsOwnPythonSeesUserLocalAndDistribution() throws IOException {
    make("home/.local/lib/python3.11/site-packages");
    make("usr/local/lib/python3.11/dist-packages");
    make("usr/lib/python3/dist-packages");
    interpreter("usr/bin/python3", "python3.11");
    assertEquals(
        List.of(
            "home/.local/lib/python3.11/site-packages",
            "usr/local/lib/python3.11/dist-packages",
            "usr/lib/python3/dist-packages"),
        found("PATH", "usr/bin", "HOME", "home"));
    assertEquals(
        List.of("usr/local/lib/python3.11/dist-packages", "usr/lib/python3/dist-packages"),
        found("PATH", "usr/bin", "HOME", "home", "PYTHONNOUSERSITE", "1"));
  }

  @Test
  void withoutAnyHintTheNewestPythonGoesFirst() throws IOException {
    for (String python : List.of("python3.9", "python3.10", "python3.x", "python3.11-config")) {
      make("usr/local/lib/" + python + "/site-packages");
    }
    assertEquals(
        List.of("usr/local/lib/python3.10/site-packages", "usr/local/lib/python3.9/site-packages"),
        found());
  }

  @Test
  void twoNamesOfOneFolderAreOne() throws IOException {
    Path site = make("venv/lib/python3.12/site-packages");
    Files.createSymbolicLink(make("venv").resolve("lib64"), Path.of("lib"));
    assertEquals(List.of(root.relativize(site).toString()), found("VIRTUAL_ENV", "venv"));
  }
}
