package dev.windlass.compile;

import java.util.Map;

/** The key of the machine and the Python packages that this process finds. */
final class DetectedKey {
  private DetectedKey() {}

  static CacheKey of(KeyForm form, Map<String, String> environment) {
    String architecture = System.getProperty("os.arch").replace("amd64", "x86_64");
    return CacheKey.of(form, CacheKey.cpu(architecture, "Linux").factors());
  }
}
