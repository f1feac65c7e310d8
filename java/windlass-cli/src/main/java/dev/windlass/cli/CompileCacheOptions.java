package dev.windlass.cli;

import dev.windlass.compile.CacheProgress;
import dev.windlass.compile.CacheValidationException;
import dev.windlass.compile.CompileCacheSettings;
import dev.windlass.compile.ConfigHash;
import dev.windlass.compile.FactorNames;
import dev.windlass.compile.GivenFactors;
import dev.windlass.compile.KeyForm;
import dev.windlass.compile.SettingNames;
import dev.windlass.compile.Trust;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/** The options of compile-cache, which go before the environment's variables. */
final class CompileCacheOptions {
  private static final Set<String> FLAGS =
      Set.of("--json", "--unchecked", "--allow-case-collisions");
  private static final Set<String> OPTIONS =
      Set.of(
          "--shared",
          "--local",
          "--work",
          "--limit",
          "--spare",
          "--key",
          "--model",
          "--config",
          "--seal-key-file");
  private static final Set<String> REPEATED = Set.of("--factor");

  private final Arguments parsed;
  private final Map<String, String> environment;

  private CompileCacheOptions(Arguments parsed, Map<String, String> environment) {
    this.parsed = parsed;
    this.environment = environment;
  }

  /**
   * Reads the words.
   *
   * @param more options that the action has besides
   * @throws UsageException for what it does not take
   */
  static CompileCacheOptions parse(
      List<String> words, Map<String, String> environment, Set<String> more) {
    Set<String> options = new HashSet<>(OPTIONS);
    options.addAll(more);
    return new CompileCacheOptions(Arguments.parse(words, FLAGS, options, REPEATED), environment);
  }

  boolean json() {
    return parsed.has("--json");
  }

  Optional<String> value(String option) {
    return parsed.value(option);
  }

  /**
   * The settings.
   *
   * @throws UsageException where an option's value is wrong
   * @throws CacheValidationException where the environment's are
   */
  CompileCacheSettings settings(Consumer<CacheProgress> progress) {
    CompileCacheSettings.Builder builder =
        CompileCacheSettings.builder(keyEnvironment()).progress(progress);
    parsed.value("--local").map(Path::of).ifPresent(builder::localDirectory);
    parsed.value("--work").map(Path::of).ifPresent(builder::workDirectory);
    // Whoever names the directory wants it used.
    parsed
        .value("--shared")
        .map(Path::of)
        .ifPresent(directory -> builder.sharedDirectory(directory).enabled(true));
    parsed
        .value("--limit")
        .map(ByteSize::parse)
        .ifPresent(bytes -> builder.archiveBytesCap(bytes).maxArchiveBytes(bytes));
    parsed
        .value("--spare")
        .map(text -> text.equals("0") ? 0 : ByteSize.parse(text))
        .ifPresent(bytes -> builder.minLocalBytes(bytes).minSharedBytes(bytes));
    if (parsed.has("--allow-case-collisions")) {
      builder.allowCaseCollisions(true);
    }
    trust().ifPresent(builder::trust);
    return builder.build();
  }

  private Optional<Trust> trust() {
    Optional<String> file = parsed.value("--seal-key-file");
    if (file.isPresent() && parsed.has("--unchecked")) {
      throw new UsageException("--seal-key-file and --unchecked exclude one another");
    }
    return parsed.has("--unchecked")
        ? Optional.of(Trust.unchecked())
        : file.map(name -> Trust.hmacFile(Path.of(name)));
  }

  /** The environment, with what the options say of the key in the variables for it. */
  private Map<String, String> keyEnvironment() {
    Map<String, String> factors = givenFactors();
    Map<String, String> changed = new HashMap<>(environment);
    parsed.value("--key").ifPresent(text -> changed.put(SettingNames.KEY_FORM, form(text)));
    if (!factors.isEmpty()) {
      Map<String, String> all =
          new LinkedHashMap<>(
              GivenFactors.parse(environment.getOrDefault(GivenFactors.VARIABLE, "")));
      all.putAll(factors);
      StringBuilder text = new StringBuilder();
      all.forEach((name, value) -> text.append(name).append('=').append(value).append('\n'));
      changed.put(GivenFactors.VARIABLE, text.toString());
      if (parsed.value("--key").isEmpty()) {
        changed.putIfAbsent(SettingNames.KEY_FORM, form("wide"));
      }
    }
    return changed;
  }

  private Map<String, String> givenFactors() {
    Map<String, String> factors = new LinkedHashMap<>();
    parsed.value("--model").ifPresent(model -> factors.put(FactorNames.MODEL, model));
    parsed
        .value("--config")
        .ifPresent(file -> factors.put(FactorNames.CONFIG_HASH, ConfigHash.of(Path.of(file))));
    for (String text : parsed.values("--factor")) {
      try {
        factors.putAll(GivenFactors.parse(text + "\n"));
      } catch (CacheValidationException wrong) {
        throw new UsageException("--factor: " + wrong.reason());
      }
    }
    return factors;
  }

  private static String form(String text) {
    for (KeyForm form : KeyForm.values()) {
      if (form.name().toLowerCase(Locale.ROOT).equals(text)) {
        return text;
      }
    }
    throw new UsageException("\"" + text + "\" is no form of a key; say narrow, original or wide");
  }
}
