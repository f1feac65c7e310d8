package dev.windlass.bindings;

import java.util.Objects;
import java.util.function.ToLongFunction;

/** Regions' handles, for other packages of ours: the class of regions shows them to nobody else. */
public final class RegionHandles {
  private static volatile ToLongFunction<Object> handles;

  private RegionHandles() {}

  /** Called once by the class of regions, before there is one. */
  public static void provide(ToLongFunction<Object> function) {
    handles = function;
  }

  /** The handle of a region. */
  public static long of(Object region) {
    return Objects.requireNonNull(handles, "There is no region yet.").applyAsLong(region);
  }
}
