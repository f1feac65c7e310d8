package dev.windlass.compile;

/** The environment variables that are settings: those of B10 Transfer, and Windlass' own. */
public final class SettingNames {
  public static final String LOCAL_DIR = "TORCHINDUCTOR_CACHE_DIR";
  public static final String SHARED_DIR = "B10FS_CACHE_DIR";
  public static final String WORK_DIR = "LOCAL_WORK_DIR";
  public static final String MAX_SIZE_MB = "MAX_CACHE_SIZE_MB";
  public static final String MAX_SAVES = "MAX_CONCURRENT_SAVES";
  public static final String ENABLED = "BASETEN_FS_ENABLED";

  /** Directories, with colons between, in which the three above may lie too. */
  public static final String ALLOWED_DIRS = "WINDLASS_COMPILE_ALLOWED_DIRS";

  /** What must stay free on the local file system, in MB. */
  public static final String MIN_LOCAL_MB = "WINDLASS_COMPILE_MIN_LOCAL_MB";

  /** What must stay free on the shared file system, in MB. */
  public static final String MIN_SHARED_MB = "WINDLASS_COMPILE_MIN_SHARED_MB";

  /** A file with the key that seals archives. */
  public static final String SEAL_KEY_FILE = "WINDLASS_COMPILE_SEAL_KEY_FILE";

  /** "directory", the default, or "unchecked"; see {@link Trust}. */
  public static final String TRUST = "WINDLASS_COMPILE_TRUST";

  /** "narrow", the default, "original" or "wide"; see {@link KeyForm}. */
  public static final String KEY_FORM = "WINDLASS_COMPILE_KEY_FORM";

  /** 1 saves and loads names that differ in case only; 0, the default, refuses them. */
  public static final String CASE_COLLISIONS = "WINDLASS_COMPILE_ALLOW_CASE_COLLISIONS";

  private SettingNames() {}
}
