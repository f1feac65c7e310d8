package dev.windlass.bindings;

import dev.windlass.Windlass;
import dev.windlass.WindlassException;

/** What a child JVM runs: it loads the library and says in one line per try how that went. */
public final class LoadProbe {
  private LoadProbe() {}

  public static void main(String[] arguments) {
    for (int i = 0; i < 2; i++) {
      try {
        System.out.println("version " + Windlass.version());
      } catch (WindlassException e) {
        System.out.println(e.getMessage());
      }
    }
    if (NativeLibrary.outcome() instanceof NativeLibrary.Outcome.Loaded loaded) {
      System.out.println("from " + loaded.file());
    }
  }
}
