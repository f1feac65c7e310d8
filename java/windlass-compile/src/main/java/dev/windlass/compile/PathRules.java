package dev.windlass.compile;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;

/**
 * Which directories may be set. A path that comes from the environment has to lie where such
 * directories usually do; one that the program gives is only checked for its form.
 */
final class PathRules {
  private PathRules() {}

  /**
   * The path as it really is, links resolved as far as it exists.
   *
   * @param name of the setting, for messages
   */
  static Path requireForm(String name, String text) {
    if (text.isEmpty() || !text.equals(text.strip())) {
      throw new CacheValidationException(
          "%s is empty, or begins or ends with blanks: \"%s\". Set it to an absolute path."
              .formatted(name, text));
    }
    Path path;
    try {
      path = Path.of(text);
    } catch (InvalidPathException e) {
      throw new CacheValidationException("%s is not a path: %s".formatted(name, e.getMessage()));
    }
    for (Path part : path) {
      if (part.toString().equals("..")) {
        throw new CacheValidationException(
            "%s has \"..\" in it: %s. Write the path without.".formatted(name, text));
      }
    }
    if (path.getNameCount() == 0) {
      throw new CacheValidationException("%s is the root directory.".formatted(name));
    }
    return resolved(path.toAbsolutePath().normalize());
  }

  /** The same, and within one of the directories, or one of them itself. */
  static Path requireWithin(String name, String text, List<Path> allowed) {
    Path path = requireForm(name, text);
    for (Path prefix : allowed) {
      // Whole names are compared: /cache/modelX does not begin with /cache/model.
      if (path.startsWith(resolved(prefix.toAbsolutePath().normalize()))) {
        return path;
      }
    }
    throw new CacheValidationException(
        "%s is %s, which is not within %s. Add its directory to %s if it is right."
            .formatted(name, path, allowed, SettingNames.ALLOWED_DIRS));
  }

  /** What exists of the path is resolved; the rest cannot lead elsewhere, since it has no "..". */
  private static Path resolved(Path path) {
    for (Path existing = path; existing != null; existing = existing.getParent()) {
      if (Files.exists(existing)) {
        try {
          return existing.toRealPath().resolve(existing.relativize(path)).normalize();
        } catch (IOException e) {
          throw new CacheValidationException("%s cannot be looked at: %s".formatted(existing, e));
        }
      }
    }
    return path;
  }
}
