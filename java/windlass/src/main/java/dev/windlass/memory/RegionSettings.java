package dev.windlass.memory;

import java.util.Objects;
import java.util.Optional;

/**
 * What regions are opened with in a {@linkplain Regions set}. What is left unsaid is as in the
 * scope around, and where none says it, as {@link Regions} has it.
 *
 * @param tag what they are paused and resumed by
 * @param enabled false: they are no members of the set, so that no call by tag reaches them
 * @param chunkBytes in what pieces memory is taken, saved and given back
 */
public record RegionSettings(
    Optional<String> tag,
    Optional<Device> device,
    Optional<Backup> backup,
    Optional<Boolean> enabled,
    Optional<Long> chunkBytes) {

  private static final RegionSettings NONE =
      new RegionSettings(
          Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty());

  public RegionSettings {
    Objects.requireNonNull(tag, "tag");
    Objects.requireNonNull(device, "device");
    Objects.requireNonNull(backup, "backup");
    Objects.requireNonNull(enabled, "enabled");
    Objects.requireNonNull(chunkBytes, "chunkBytes");
  }

  /** Says nothing. */
  public static RegionSettings none() {
    return NONE;
  }

  public RegionSettings withTag(String value) {
    return new RegionSettings(Optional.of(value), device, backup, enabled, chunkBytes);
  }

  public RegionSettings withDevice(Device value) {
    return new RegionSettings(tag, Optional.of(value), backup, enabled, chunkBytes);
  }

  public RegionSettings withBackup(Backup value) {
    return new RegionSettings(tag, device, Optional.of(value), enabled, chunkBytes);
  }

  public RegionSettings withEnabled(boolean value) {
    return new RegionSettings(tag, device, backup, Optional.of(value), chunkBytes);
  }

  public RegionSettings withChunkBytes(long value) {
    return new RegionSettings(tag, device, backup, enabled, Optional.of(value));
  }

  /** What is said here, and where this is silent, in the other. */
  RegionSettings over(RegionSettings around) {
    return new RegionSettings(
        tag.or(around::tag),
        device.or(around::device),
        backup.or(around::backup),
        enabled.or(around::enabled),
        chunkBytes.or(around::chunkBytes));
  }
}
