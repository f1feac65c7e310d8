package dev.windlass.compile;

import java.util.Locale;

/** The machine's processor architecture and operating system, named as Python names them. */
final class PlatformProbe {
  private PlatformProbe() {}

  /** Such as {@code x86_64}, as {@code platform.machine()} says. */
  static String architecture() {
    return architecture(System.getProperty("os.arch", "unknown"), platform());
  }

  static String architecture(String java, String platform) {
    String lower = java.toLowerCase(Locale.ROOT);
    return switch (lower) {
      case "amd64", "x86_64", "x86-64", "x64" -> platform.equals("Windows") ? "AMD64" : "x86_64";
      case "aarch64", "arm64" -> platform.equals("Linux") ? "aarch64" : "arm64";
      default -> lower;
    };
  }

  /** Such as {@code Linux}, as {@code platform.system()} says. */
  static String platform() {
    return platform(System.getProperty("os.name", "unknown"));
  }

  static String platform(String java) {
    String lower = java.toLowerCase(Locale.ROOT);
    if (lower.startsWith("windows")) {
      return "Windows";
    }
    return lower.startsWith("mac") || lower.startsWith("darwin") ? "Darwin" : java;
  }
}
