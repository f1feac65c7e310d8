package dev.windlass.compile;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** Reads the settings that are environment variables, checks them, and clamps what is too large. */
final class SettingReader {
  static final long MIB = 1L << 20;
  private static final System.Logger LOG = System.getLogger("dev.windlass.compile");

  private final Map<String, String> environment;
  private final List<String> warnings = new ArrayList<>();

  SettingReader(Map<String, String> environment) {
    this.environment = environment;
  }

  List<String> warnings() {
    return List.copyOf(warnings);
  }

  Path localDirectory() {
    String usual = "/tmp/torchinductor_" + user();
    return PathRules.requireWithin(
        SettingNames.LOCAL_DIR,
        environment.getOrDefault(SettingNames.LOCAL_DIR, usual),
        allowed(Path.of("/tmp"), Path.of("/cache"), home().resolve(".cache")));
  }

  Path sharedDirectory() {
    return PathRules.requireWithin(
        SettingNames.SHARED_DIR,
        environment.getOrDefault(SettingNames.SHARED_DIR, "/cache/model/compile_cache"),
        allowed(Path.of("/cache/model")));
  }

  Path workDirectory() {
    String chosen = environment.get(SettingNames.WORK_DIR);
    if (chosen == null && !Files.isWritable(Path.of("/app"))) {
      return Path.of(System.getProperty("java.io.tmpdir")).toAbsolutePath();
    }
    return PathRules.requireWithin(
        SettingNames.WORK_DIR,
        chosen == null ? "/app" : chosen,
        allowed(Path.of("/app"), Path.of("/tmp"), Path.of("/cache")));
  }

  boolean enabled() {
    return isOn(SettingNames.ENABLED);
  }

  boolean allowCaseCollisions() {
    return isOn(SettingNames.CASE_COLLISIONS);
  }

  private boolean isOn(String name) {
    String text = environment.getOrDefault(name, "0");
    return switch (text) {
      case "1", "true", "True" -> true;
      case "0", "false", "False", "" -> false;
      default ->
          throw new CacheValidationException(
              "%s is \"%s\"; set it to 1 or 0.".formatted(name, text));
    };
  }

  /** A whole number of at least one, or empty if the variable is not set. */
  Optional<Long> number(String name) {
    String text = environment.get(name);
    if (text == null) {
      return Optional.empty();
    }
    try {
      long number = Long.parseLong(text.strip());
      if (number >= 1 && number <= Long.MAX_VALUE / MIB) {
        return Optional.of(number);
      }
    } catch (NumberFormatException e) {
      // It is refused below.
    }
    throw new CacheValidationException(
        "%s is \"%s\"; set it to a whole number of at least 1.".formatted(name, text));
  }

  /** The value, or the cap with a warning. */
  long clamped(String name, long value, long cap) {
    if (value <= cap) {
      return value;
    }
    String warning = "%s is %d, and is taken as %d, the most it may be".formatted(name, value, cap);
    warnings.add(warning);
    LOG.log(System.Logger.Level.WARNING, warning);
    return cap;
  }

  Trust trust() {
    String file = environment.get(SettingNames.SEAL_KEY_FILE);
    if (file != null) {
      return Trust.hmacFile(PathRules.requireForm(SettingNames.SEAL_KEY_FILE, file));
    }
    String text = environment.getOrDefault(SettingNames.TRUST, "directory");
    return switch (text) {
      case "directory" -> Trust.directory();
      case "unchecked" -> Trust.unchecked();
      default ->
          throw new CacheValidationException(
              "%s is \"%s\"; set it to directory or unchecked."
                  .formatted(SettingNames.TRUST, text));
    };
  }

  KeyForm keyForm() {
    String text = environment.getOrDefault(SettingNames.KEY_FORM, "narrow");
    for (KeyForm form : KeyForm.values()) {
      if (form.name().toLowerCase(Locale.ROOT).equals(text)) {
        return form;
      }
    }
    throw new CacheValidationException(
        "%s is \"%s\"; set it to narrow, original or wide.".formatted(SettingNames.KEY_FORM, text));
  }

  private List<Path> allowed(Path... usual) {
    Stream<Path> more =
        Stream.of(environment.getOrDefault(SettingNames.ALLOWED_DIRS, "").split(":"))
            .filter(text -> !text.isEmpty())
            .map(text -> PathRules.requireForm(SettingNames.ALLOWED_DIRS, text));
    return Stream.concat(Stream.of(usual), more).toList();
  }

  private Path home() {
    return Path.of(environment.getOrDefault("HOME", System.getProperty("user.home")));
  }

  /** As Python's getpass finds it, and with it PyTorch. */
  private String user() {
    return Stream.of("LOGNAME", "USER", "LNAME", "USERNAME")
        .map(name -> environment.getOrDefault(name, ""))
        .filter(name -> !name.isEmpty())
        .findFirst()
        .orElse(System.getProperty("user.name"))
        .replaceAll("[\\\\/:*?\"<>|]", "_");
  }
}
