package dev.windlass.bindings;

import java.util.Locale;

/** An operating system and a processor, named as the folders under META-INF/native are. */
record Platform(String os, String arch) {

  static Platform current() {
    return of(System.getProperty("os.name", ""), System.getProperty("os.arch", ""));
  }

  static Platform of(String osName, String osArch) {
    String os = osName.toLowerCase(Locale.ROOT);
    String arch = osArch.toLowerCase(Locale.ROOT);
    return new Platform(
        os.startsWith("mac")
            ? "macos"
            : os.startsWith("windows") ? "windows" : os.replaceAll("[^a-z0-9]", ""),
        switch (arch) {
          case "amd64", "x86_64" -> "x86_64";
          case "aarch64", "arm64" -> "aarch64";
          default -> arch.replaceAll("[^a-z0-9_]", "");
        });
  }

  String folder() {
    return os + "-" + arch;
  }
}
