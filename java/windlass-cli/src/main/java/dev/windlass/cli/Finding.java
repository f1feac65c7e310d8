package dev.windlass.cli;

import dev.windlass.Feature;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One thing that doctor looked for.
 *
 * @param detail what was found, or why it is not there
 * @param remedy what to do about it; empty where nothing need be done
 */
record Finding(String name, Presence presence, String detail, String remedy) {

  /** Whether it is there. */
  enum Presence {
    PRESENT,
    ABSENT,
    /** It could not be looked for. */
    UNKNOWN
  }

  static Finding present(String name, String detail) {
    return new Finding(name, Presence.PRESENT, detail, "");
  }

  static Finding absent(String name, String detail, String remedy) {
    return new Finding(name, Presence.ABSENT, detail, remedy);
  }

  static Finding unknown(String name, String detail) {
    return new Finding(name, Presence.UNKNOWN, detail, "");
  }

  static Finding of(Feature feature) {
    Presence presence = feature.present() ? Presence.PRESENT : Presence.ABSENT;
    return new Finding(feature.name(), presence, feature.detail(), feature.remedy());
  }

  /** For {@link Json}. */
  Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("name", name);
    map.put("state", presence.name().toLowerCase(java.util.Locale.ROOT));
    map.put("detail", detail);
    map.put("remedy", remedy);
    return map;
  }
}
