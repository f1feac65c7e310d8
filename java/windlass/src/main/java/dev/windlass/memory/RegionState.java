package dev.windlass.memory;

/** Whether there are pages behind a region's addresses. */
public enum RegionState {
  ACTIVE,
  PAUSED
}
