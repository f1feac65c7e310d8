package dev.windlass.compile;

import dev.windlass.archive.LoadOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The settings of a cache: what the builder was told, else what the environment variables of {@link
 * SettingNames} say, else B10 Transfer's defaults.
 */
public final class CompileCacheSettings {
  private static final long MOST_BYTES = 1024 * SettingReader.MIB;
  private static final long MOST_SAVES = 100;
  private static final long USUAL_SAVES = 50;
  private static final long USUAL_SPARE_MB = 1024;

  private final Path localDirectory;
  private final Path sharedDirectory;
  private final Path workDirectory;
  private final long maxArchiveBytes;
  private final int maxConcurrentSaves;
  private final boolean enabled;
  private final long minLocalBytes;
  private final long minSharedBytes;
  private final Trust trust;
  private final boolean allowCaseCollisions;
  private final Supplier<CacheKey> key;
  private final int level;
  private final Duration heartbeat;
  private final Duration saveWait;
  private final Consumer<CacheProgress> progress;
  private final List<String> warnings;

  private CompileCacheSettings(Builder builder) {
    SettingReader reader = new SettingReader(builder.environment);
    localDirectory =
        path(SettingNames.LOCAL_DIR, builder.localDirectory).orElseGet(reader::localDirectory);
    sharedDirectory =
        path(SettingNames.SHARED_DIR, builder.sharedDirectory).orElseGet(reader::sharedDirectory);
    workDirectory =
        path(SettingNames.WORK_DIR, builder.workDirectory).orElseGet(reader::workDirectory);
    enabled = Optional.ofNullable(builder.enabled).orElseGet(reader::enabled);
    maxArchiveBytes = maxArchiveBytes(builder, reader);
    maxConcurrentSaves = maxConcurrentSaves(builder, reader);
    minLocalBytes = spare(builder.minLocalBytes, SettingNames.MIN_LOCAL_MB, reader);
    minSharedBytes = spare(builder.minSharedBytes, SettingNames.MIN_SHARED_MB, reader);
    trust = Optional.ofNullable(builder.trust).orElseGet(reader::trust);
    allowCaseCollisions =
        Optional.ofNullable(builder.allowCaseCollisions).orElseGet(reader::allowCaseCollisions);
    KeyForm form = Optional.ofNullable(builder.keyForm).orElseGet(reader::keyForm);
    key =
        Optional.ofNullable(builder.key)
            .orElseGet(() -> () -> DetectedKey.of(form, builder.environment));
    level = builder.level;
    heartbeat = builder.heartbeat;
    saveWait = builder.saveWait;
    progress = builder.progress;
    warnings = reader.warnings();
    requireApart(localDirectory, sharedDirectory);
  }

  private static Optional<Path> path(String name, @Nullable Path path) {
    return Optional.ofNullable(path).map(given -> PathRules.requireForm(name, given.toString()));
  }

  private static long maxArchiveBytes(Builder builder, SettingReader reader) {
    long cap = builder.archiveBytesCap;
    if (builder.maxArchiveBytes != null) {
      return reader.clamped("maxArchiveBytes", builder.maxArchiveBytes, cap);
    }
    String name = SettingNames.MAX_SIZE_MB;
    long usual = Math.max(1, Math.min(cap, MOST_BYTES) / SettingReader.MIB);
    long capMb = Math.max(1, cap / SettingReader.MIB);
    return reader.clamped(name, reader.number(name).orElse(usual), capMb) * SettingReader.MIB;
  }

  private static int maxConcurrentSaves(Builder builder, SettingReader reader) {
    String name = SettingNames.MAX_SAVES;
    long asked =
        Optional.ofNullable(builder.maxConcurrentSaves)
            .orElseGet(() -> reader.number(name).orElse(USUAL_SAVES));
    return (int) reader.clamped(name, asked, MOST_SAVES);
  }

  private static long spare(@Nullable Long given, String name, SettingReader reader) {
    return Optional.ofNullable(given)
        .orElseGet(() -> reader.number(name).orElse(USUAL_SPARE_MB) * SettingReader.MIB);
  }

  /** A save would archive its own archives, and a load replace them. */
  private static void requireApart(Path local, Path shared) {
    if (local.startsWith(shared) || shared.startsWith(local)) {
      throw new CacheValidationException(
          "The local directory %s and the shared directory %s lie in one another: set %s or %s."
              .formatted(local, shared, SettingNames.LOCAL_DIR, SettingNames.SHARED_DIR));
    }
  }

  /**
   * What this process's environment says.
   *
   * @throws CacheValidationException if it says what cannot be
   */
  public static CompileCacheSettings fromEnvironment() {
    return builder().build();
  }

  /** A builder over this process's environment. */
  public static Builder builder() {
    return builder(System.getenv());
  }

  /** A builder over these environment variables. */
  public static Builder builder(Map<String, String> environment) {
    return new Builder(environment);
  }

  /** Where the server keeps what it compiles. */
  public Path localDirectory() {
    return localDirectory;
  }

  /** Where the archives are. */
  public Path sharedDirectory() {
    return sharedDirectory;
  }

  /** Where archives are made and unpacked. */
  public Path workDirectory() {
    return workDirectory;
  }

  /** A larger archive is not saved. */
  public long maxArchiveBytes() {
    return maxArchiveBytes;
  }

  public int maxConcurrentSaves() {
    return maxConcurrentSaves;
  }

  public boolean isEnabled() {
    return enabled;
  }

  /** What stays free of the local file systems: an operation that would take more is stopped. */
  public long minLocalBytes() {
    return minLocalBytes;
  }

  /** What stays free of the shared file system. */
  public long minSharedBytes() {
    return minSharedBytes;
  }

  public Trust trust() {
    return trust;
  }

  /** Whether names that differ in case only are saved and loaded. */
  public boolean allowCaseCollisions() {
    return allowCaseCollisions;
  }

  /** What a load takes, and a save is for. */
  LoadOptions loadOptions() {
    return LoadOptions.usual().withAllowCaseCollisions(allowCaseCollisions);
  }

  /** The key, which may have to be probed for. */
  public CacheKey key() {
    return key.get();
  }

  /** Of compression. */
  int level() {
    return level;
  }

  /** How often a writer shows the others that it lives. */
  Duration heartbeat() {
    return heartbeat;
  }

  /** How long a save waits for others that save. */
  Duration saveWait() {
    return saveWait;
  }

  Consumer<CacheProgress> progress() {
    return progress;
  }

  /** What was clamped, in sentences. */
  public List<String> warnings() {
    return warnings;
  }

  /** Collects settings. Confined to one thread. */
  public static final class Builder {
    private final Map<String, String> environment;
    private @Nullable Path localDirectory;
    private @Nullable Path sharedDirectory;
    private @Nullable Path workDirectory;
    private @Nullable Long maxArchiveBytes;
    private long archiveBytesCap = MOST_BYTES;
    private @Nullable Long maxConcurrentSaves;
    private @Nullable Boolean enabled;
    private @Nullable Long minLocalBytes;
    private @Nullable Long minSharedBytes;
    private @Nullable Trust trust;
    private @Nullable Boolean allowCaseCollisions;
    private @Nullable KeyForm keyForm;
    private @Nullable Supplier<CacheKey> key;
    private int level = 3;
    private Duration heartbeat = Duration.ofSeconds(2);
    private Duration saveWait = Duration.ofMinutes(10);
    private Consumer<CacheProgress> progress = step -> {};

    private Builder(Map<String, String> environment) {
      this.environment = Map.copyOf(environment);
    }

    public Builder localDirectory(Path directory) {
      localDirectory = Objects.requireNonNull(directory, "directory");
      return this;
    }

    public Builder sharedDirectory(Path directory) {
      sharedDirectory = Objects.requireNonNull(directory, "directory");
      return this;
    }

    public Builder workDirectory(Path directory) {
      workDirectory = Objects.requireNonNull(directory, "directory");
      return this;
    }

    public Builder maxArchiveBytes(long bytes) {
      maxArchiveBytes = positive("maxArchiveBytes", bytes);
      return this;
    }

    /** The most that {@link #maxArchiveBytes} and the environment may set; 1 GiB if not given. */
    public Builder archiveBytesCap(long bytes) {
      archiveBytesCap = positive("archiveBytesCap", bytes);
      return this;
    }

    public Builder maxConcurrentSaves(int count) {
      maxConcurrentSaves = positive("maxConcurrentSaves", count);
      return this;
    }

    public Builder enabled(boolean on) {
      enabled = on;
      return this;
    }

    public Builder minLocalBytes(long bytes) {
      minLocalBytes = notNegative("minLocalBytes", bytes);
      return this;
    }

    public Builder minSharedBytes(long bytes) {
      minSharedBytes = notNegative("minSharedBytes", bytes);
      return this;
    }

    public Builder trust(Trust chosen) {
      trust = Objects.requireNonNull(chosen, "chosen");
      return this;
    }

    /** Whether names that differ in case only are saved and loaded; false if not given. */
    public Builder allowCaseCollisions(boolean allowed) {
      allowCaseCollisions = allowed;
      return this;
    }

    /** The form of the key, where its factors are probed for. */
    public Builder keyForm(KeyForm form) {
      keyForm = Objects.requireNonNull(form, "form");
      return this;
    }

    public Builder key(CacheKey given) {
      Objects.requireNonNull(given, "given");
      return key(() -> given);
    }

    /** Where the key comes from: asked in each operation, and may throw {@link CacheException}. */
    public Builder key(Supplier<CacheKey> source) {
      key = Objects.requireNonNull(source, "source");
      return this;
    }

    /** Of zstd, 1 to 19; 3 if not given. */
    public Builder level(int chosen) {
      if (chosen < 1 || chosen > 19) {
        throw new CacheValidationException("The level is " + chosen + "; it goes from 1 to 19.");
      }
      level = chosen;
      return this;
    }

    /** How often a writer shows the others that it lives; 2 s if not given. */
    public Builder heartbeat(Duration interval) {
      positive("heartbeat", interval.toNanos());
      heartbeat = interval;
      return this;
    }

    /** How long a save waits for others that save; 10 min if not given. */
    public Builder saveWait(Duration most) {
      notNegative("saveWait", most.toNanos());
      saveWait = most;
      return this;
    }

    /** Is told how far an operation is, on the thread that runs it, some times a second. */
    public Builder progress(Consumer<CacheProgress> listener) {
      progress = Objects.requireNonNull(listener, "listener");
      return this;
    }

    /**
     * The settings.
     *
     * @throws CacheValidationException if one of them cannot be
     */
    public CompileCacheSettings build() {
      return new CompileCacheSettings(this);
    }

    private static long positive(String name, long value) {
      if (value < 1) {
        throw new CacheValidationException("%s is %d; it must be positive.".formatted(name, value));
      }
      return value;
    }

    private static long notNegative(String name, long value) {
      if (value < 0) {
        throw new CacheValidationException("%s is %d, below 0.".formatted(name, value));
      }
      return value;
    }
  }
}
