package dev.windlass.compile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PythonPackagesTest {
  @TempDir Path folder;

  private static void install(Path site, String folderName, String metadata) throws IOException {
    Path info = Files.createDirectories(site.resolve(folderName + ".dist-info"));
    Files.writeString(info.resolve("METADATA"), metadata);
  }

  private static void install(Path site, String name, String version, String ignored)
      throws IOException {
    install(
        site,
        name.replace('-', '_') + "-" + version,
        "Metadata-Version: 2.1\nName: " + name + "\nVersion: " + version + "\n\n" + ignored);
  }

  @Test
  void aVersionIsReadFromTheMetadata() throws IOException {
    install(folder, "torch", "2.7.1+cu128", "Version: 9 is only the description's\n");
    PythonPackages packages = PythonPackages.in(List.of(folder));
    assertEquals(Optional.of("2.7.1+cu128"), packages.version("torch"));
    assertEquals(Optional.empty(), packages.version("triton"));
    assertEquals(List.of(), packages.warnings());
  }

  @Test
  void aNameIsFoundHoweverItIsWritten() throws IOException {
    install(folder, "Flash.Attn_Thing", "1.0", "");
    PythonPackages packages = PythonPackages.in(List.of(folder));
    for (String name : List.of("flash-attn-thing", "FLASH_ATTN.thing", "flash--attn__thing")) {
      assertEquals(Optional.of("1.0"), packages.version(name), name);
    }
    assertEquals(Optional.empty(), packages.version("flash-attn"));
  }

  @Test
  void aPackageWhoseNameBeginsLikeAnotherIsNotTheOther() throws IOException {
    install(folder, "torch-tb-profiler", "0.4", "");
    install(folder, "torchvision", "0.22", "");
    assertEquals(Optional.empty(), PythonPackages.in(List.of(folder)).version("torch"));
  }

  @Test
  void brokenMetadataIsPassedOverWithAWarning() throws IOException {
    install(folder, "torch-1.0", "Name: torch\n");
    install(folder, "torch-2.0", "Name: other\nVersion: 2.0\n");
    install(folder, "torch-3.0", "Name: torch\nVersion: 3.0; rm -rf\n");
    Files.createDirectories(folder.resolve("torch-4.0.dist-info"));
    Files.write(
        Files.createDirectories(folder.resolve("torch-5.0.dist-info")).resolve("METADATA"),
        new byte[] {(byte) 0xff, 0, (byte) 0xfe});
    PythonPackages packages = PythonPackages.in(List.of(folder));
    assertEquals(Optional.empty(), packages.version("torch"));
    assertEquals(5, packages.warnings().size(), packages.warnings().toString());
    install(folder, "torch", "2.7.1", "");
    assertEquals(Optional.of("2.7.1"), packages.version("torch"));
  }

  @Test
  void metadataWithoutEndDoesNotFillTheMemory() throws IOException {
    install(folder, "torch-2.0", "Name: torch\nVersion: 2.0\nX: " + "x".repeat(1 << 20) + "\n");
    assertEquals(Optional.of("2.0"), PythonPackages.in(List.of(folder)).version("torch"));
  }

  @Test
  void ofWhatAnUpgradeLeftTheNewestIsTakenAndSaid() throws IOException {
    install(folder, "vllm", "0.9.2", "");
    install(folder, "vllm", "0.10.0", "");
    PythonPackages packages = PythonPackages.in(List.of(folder));
    assertEquals(Optional.of("0.10.0"), packages.version("vllm"));
    assertTrue(packages.warnings().getFirst().contains("several versions of vllm"));
  }

  @Test
  void theFirstFolderThatHasItDecides() throws IOException {
    Path first = Files.createDirectories(folder.resolve("first"));
    Path second = Files.createDirectories(folder.resolve("second"));
    install(second, "torch", "2.0", "");
    PythonPackages packages =
        PythonPackages.in(List.of(folder.resolve("none"), first, second, folder));
    assertEquals(Optional.of("2.0"), packages.version("torch"));
    install(first, "torch", "1.0", "");
    assertEquals(Optional.of("1.0"), packages.version("torch"));
    assertEquals(List.of(), packages.warnings());
  }

  @Test
  void torchSaysWhichCudaItWasBuiltWith() throws IOException {
    install(folder, "torch", "2.7.1", "");
    Path version = Files.createDirectories(folder.resolve("torch")).resolve("version.py");
    PythonPackages packages = PythonPackages.in(List.of(folder));
    assertEquals(Optional.empty(), packages.torchCuda());
    assertEquals(1, packages.warnings().size());
    Files.writeString(version, "__version__ = '2.7.1'\ncuda: Optional[str] = '12.8'\n");
    assertEquals(Optional.of("12.8"), packages.torchCuda());
    Files.writeString(version, "cuda = \"11.8\"\nhip = None\n");
    assertEquals(Optional.of("11.8"), packages.torchCuda());
    Files.writeString(version, "cuda: Optional[str] = None\nhip: Optional[str] = '6.2'\n");
    assertEquals(Optional.empty(), packages.torchCuda());
  }

  @Test
  void anEnvironmentLeadsToItsPackages() throws IOException {
    Path site =
        Files.createDirectories(folder.resolve("venv/lib/python3.12/site-packages")).toRealPath();
    install(site, "triton", "3.3.1", "");
    Map<String, String> environment = Map.of("VIRTUAL_ENV", folder.resolve("venv").toString());
    PythonPackages packages = PythonPackages.of(environment);
    assertEquals(List.of(site), packages.folders());
    assertEquals(Optional.of("3.3.1"), packages.version("triton"));
  }
}
