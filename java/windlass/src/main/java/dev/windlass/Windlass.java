package dev.windlass;

import dev.windlass.bindings.NativeCall;
import dev.windlass.bindings.WindlassAbi;
import dev.windlass.bindings.wl_feature_info;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The library itself.
 *
 * <p>The native part is loaded at the first use of anything. Where that fails, every use throws a
 * {@link WindlassException} that says what was tried and what to do.
 */
public final class Windlass {
  private Windlass() {}

  /** The native library's release, such as {@code 0.1.0}. */
  public static String version() {
    try (NativeCall _ = NativeCall.open(WindlassException::of)) {
      return WindlassAbi.wl_version().getString(0);
    }
  }

  /** The version of the C interface, such as {@code 0.1}. */
  public static String abiVersion() {
    try (NativeCall _ = NativeCall.open(WindlassException::of)) {
      int version = WindlassAbi.wl_abi_version();
      return (version >>> 16) + "." + (version & 0xffff);
    }
  }

  /** Looks at what this machine offers, now. */
  public static List<Feature> features() {
    List<Feature> features = new ArrayList<>();
    for (int feature = 0; feature < WindlassAbi.WL_FEATURE_COUNT(); feature++) {
      features.add(feature(feature));
    }
    return List.copyOf(features);
  }

  private static Feature feature(int feature) {
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      MemorySegment info =
          call.allocate(wl_feature_info.layout(), WindlassAbi::wl_feature_info_init);
      call.check(WindlassAbi.wl_feature_query(feature, info, call.error()));
      return new Feature(
          wl_feature_info.name(info).getString(0),
          wl_feature_info.present(info) != 0,
          wl_feature_info.detail(info).getString(0),
          wl_feature_info.remedy(info).getString(0));
    }
  }

  /**
   * Counts the native objects of this process by the name of their kind: all zero when everything
   * is closed.
   */
  public static Map<String, Long> liveObjects() {
    Map<String, Long> live = new LinkedHashMap<>();
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      MemorySegment count = call.allocate(ValueLayout.JAVA_LONG);
      for (int kind = 1; kind <= WindlassAbi.WL_KIND_LAST(); kind++) {
        call.check(WindlassAbi.wl_live_count(kind, count, call.error()));
        live.put(WindlassAbi.wl_kind_name(kind).getString(0), count.get(ValueLayout.JAVA_LONG, 0));
      }
    }
    return Collections.unmodifiableMap(live);
  }

  /**
   * Passes the native library's log lines on to the {@link System.Logger} named {@code
   * dev.windlass.native}, until it is closed. Lines that were written before the close are passed
   * on.
   */
  public static AutoCloseable forwardLog() {
    return LogForwarder.start();
  }
}
