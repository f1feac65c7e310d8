package dev.windlass.memory;

import java.util.Objects;
import java.util.Optional;

/**
 * What memory is like that is allocated in a {@linkplain Preload#scope scope}. What is left unsaid
 * is as in the scope around; around the outermost it is as the environment variables have it, or
 * enabled and pageable.
 *
 * @param tag what it is paused and resumed by
 * @param backup where its bytes go
 * @param enabled false: it is CUDA's own memory, and never paused
 * @param retain the backup keeps its room after a resume, for the next pause
 * @param verify with checksums taken at pause and compared at resume; files always have them
 */
public record PreloadSettings(
    Optional<String> tag,
    Optional<PreloadBackup> backup,
    Optional<Boolean> enabled,
    Optional<Boolean> retain,
    Optional<Boolean> verify) {

  private static final PreloadSettings NONE =
      new PreloadSettings(
          Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty());

  public PreloadSettings {
    Objects.requireNonNull(tag, "tag");
    Objects.requireNonNull(backup, "backup");
    Objects.requireNonNull(enabled, "enabled");
    Objects.requireNonNull(retain, "retain");
    Objects.requireNonNull(verify, "verify");
  }

  /** Says nothing. */
  public static PreloadSettings none() {
    return NONE;
  }

  public PreloadSettings withTag(String value) {
    return new PreloadSettings(Optional.of(value), backup, enabled, retain, verify);
  }

  public PreloadSettings withBackup(PreloadBackup value) {
    return new PreloadSettings(tag, Optional.of(value), enabled, retain, verify);
  }

  public PreloadSettings withEnabled(boolean value) {
    return new PreloadSettings(tag, backup, Optional.of(value), retain, verify);
  }

  public PreloadSettings withRetain(boolean value) {
    return new PreloadSettings(tag, backup, enabled, Optional.of(value), verify);
  }

  public PreloadSettings withVerify(boolean value) {
    return new PreloadSettings(tag, backup, enabled, retain, Optional.of(value));
  }
}
