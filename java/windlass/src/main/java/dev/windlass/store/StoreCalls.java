package dev.windlass.store;

import dev.windlass.WindlassException;
import dev.windlass.bindings.NativeCall;
import dev.windlass.bindings.WindlassAbi;
import dev.windlass.bindings.wl_entry_info;
import dev.windlass.bindings.wl_store_info;
import dev.windlass.bindings.wl_store_options;
import dev.windlass.bindings.wl_volume_info;
import dev.windlass.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The library's calls on stores, but for those that move bytes. */
final class StoreCalls {
  /** For keys that are listed: a page of them. */
  private static final long NAMES_BYTES = 256 << 10;

  private StoreCalls() {}

  /**
   * Some keys.
   *
   * @param more whether there are further ones behind the last
   */
  record KeyPage(List<String> keys, boolean more) {}

  static long open(String uri, StoreOptions options) {
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      MemorySegment store = call.allocate(ValueLayout.JAVA_LONG);
      call.check(
          WindlassAbi.wl_store_open(
              call.allocate(uri), struct(call, options), store, call.error()));
      return store.get(ValueLayout.JAVA_LONG, 0);
    }
  }

  static long openLocal(Volume volume, StoreOptions options) {
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      MemorySegment store = call.allocate(ValueLayout.JAVA_LONG);
      call.check(
          WindlassAbi.wl_store_open_local(
              volume.handle(), struct(call, options), store, call.error()));
      return store.get(ValueLayout.JAVA_LONG, 0);
    }
  }

  private static MemorySegment struct(NativeCall call, StoreOptions options) {
    MemorySegment struct =
        call.allocate(wl_store_options.layout(), WindlassAbi::wl_store_options_init);
    wl_store_options.transport(struct, options.transport().code());
    options.secret().ifPresent(secret -> wl_store_options.secret(struct, call.allocate(secret)));
    wl_store_options.lanes(struct, options.lanes());
    wl_store_options.connect_timeout_ns(struct, Durations.nanos(options.connectTimeout()));
    wl_store_options.call_timeout_ns(struct, Durations.nanos(options.callTimeout()));
    return struct;
  }

  static StoreInfo info(long store) {
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      MemorySegment info = call.allocate(wl_store_info.layout(), WindlassAbi::wl_store_info_init);
      call.check(WindlassAbi.wl_store_get_info(store, info, call.error()));
      return Structs.storeInfo(info);
    }
  }

  static VolumeInfo volumeInfo(long store) {
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      MemorySegment info = call.allocate(wl_volume_info.layout(), WindlassAbi::wl_volume_info_init);
      call.check(WindlassAbi.wl_store_get_volume_info(store, info, call.error()));
      return Structs.volumeInfo(info);
    }
  }

  /** For each key what is there; empty for one of which nothing is. */
  static List<Optional<EntryInfo>> describe(long store, List<String> keys) {
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      Keys names = Keys.of(call, keys);
      MemorySegment infos = call.allocate(wl_entry_info.layout(), names.count());
      call.check(
          WindlassAbi.wl_store_describe(
              store,
              names.pointers(),
              names.lengths(),
              names.count(),
              infos,
              Math.toIntExact(wl_entry_info.layout().byteSize()),
              call.error()));
      List<Optional<EntryInfo>> found = new ArrayList<>(keys.size());
      for (int i = 0; i < keys.size(); i++) {
        found.add(entryInfo(wl_entry_info.asSlice(infos, i)));
      }
      return found;
    }
  }

  private static Optional<EntryInfo> entryInfo(MemorySegment info) {
    int kind = wl_entry_info.kind(info);
    int missing = wl_entry_info.missing_count(info);
    if (kind < 0 && missing == 0) {
      return Optional.empty();
    }
    int dtype = wl_entry_info.dtype(info);
    return Optional.of(
        new EntryInfo(
            kind == WindlassAbi.WL_ENTRY_BYTES() ? EntryKind.BYTES : EntryKind.TENSOR,
            dtype == 0 ? Optional.empty() : Optional.of(DType.of(dtype)),
            LeaseCalls.shape(wl_entry_info.shape(info), wl_entry_info.rank(info)),
            wl_entry_info.bytes(info),
            wl_entry_info.version(info),
            wl_entry_info.shard_count(info),
            missing,
            wl_entry_info.pinned(info) != 0));
  }

  static long remove(long store, List<String> keys, boolean mustExist) {
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      Keys names = Keys.of(call, keys);
      MemorySegment removed = call.allocate(ValueLayout.JAVA_LONG);
      call.check(
          WindlassAbi.wl_store_remove(
              store,
              names.pointers(),
              names.lengths(),
              names.count(),
              mustExist ? 1 : 0,
              removed,
              call.error()));
      return removed.get(ValueLayout.JAVA_LONG, 0);
    }
  }

  static KeyPage listKeys(long store, String prefix, boolean byComponent, String after) {
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      MemorySegment names = call.allocate(NAMES_BYTES);
      MemorySegment count = call.allocate(ValueLayout.JAVA_LONG);
      MemorySegment more = call.allocate(ValueLayout.JAVA_INT);
      call.check(
          WindlassAbi.wl_store_list_keys(
              store,
              call.allocate(prefix),
              byComponent ? 1 : 0,
              call.allocate(after),
              names,
              NAMES_BYTES,
              count,
              more,
              call.error()));
      List<String> keys = new ArrayList<>();
      long at = 0;
      for (long i = 0; i < count.get(ValueLayout.JAVA_LONG, 0); i++) {
        long end = at;
        while (names.get(ValueLayout.JAVA_BYTE, end) != 0) {
          end++;
        }
        keys.add(names.asSlice(at, end - at + 1).getString(0));
        at = end + 1;
      }
      return new KeyPage(keys, more.get(ValueLayout.JAVA_INT, 0) != 0);
    }
  }

  static void pin(long store, List<String> keys, boolean pinned) {
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      Keys names = Keys.of(call, keys);
      call.check(
          WindlassAbi.wl_store_pin(
              store,
              names.pointers(),
              names.lengths(),
              names.count(),
              pinned ? 1 : 0,
              call.error()));
    }
  }

  static void close(long store) {
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      call.check(WindlassAbi.wl_store_close(store, call.error()));
    }
  }
}
