package dev.windlass.store;

import dev.windlass.WindlassException;
import dev.windlass.bindings.NativeCall;
import dev.windlass.bindings.RegionHandles;
import dev.windlass.bindings.WindlassAbi;
import dev.windlass.bindings.wl_offer_info;
import dev.windlass.bindings.wl_offer_options;
import dev.windlass.tensor.StateDict;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/** The library's calls on offers. */
final class OfferCalls {
  private OfferCalls() {}

  static Offer open(long volume, List<? extends PutItem> given, OfferOptions options) {
    List<PutItem> items = PutCall.require(given);
    items.forEach(OfferCalls::requireNative);
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      MemorySegment struct =
          call.allocate(wl_offer_options.layout(), WindlassAbi::wl_offer_options_init);
      wl_offer_options.publish(struct, PutCall.struct(call, options.publish()));
      wl_offer_options.pause_timeout_ns(struct, Durations.nanos(options.pauseTimeout()));
      long[] regions = options.regions().stream().mapToLong(RegionHandles::of).toArray();
      wl_offer_options.region_count(struct, regions.length);
      wl_offer_options.regions(struct, call.allocate(LeaseCalls.atLeastOne(regions)));
      MemorySegment handle = call.allocate(ValueLayout.JAVA_LONG);
      call.check(
          WindlassAbi.wl_volume_offer(
              volume,
              PutCall.structs(call, items, new long[0]),
              items.size(),
              struct,
              handle,
              call.error()));
      return new Offer(handle.get(ValueLayout.JAVA_LONG, 0), items);
    }
  }

  /** The values of a state dict, and its marker, in memory that lives as long as the item. */
  static List<PutItem> items(String key, StateDict dict) {
    List<PutItem> items = new ArrayList<>();
    dict.tensors().forEach((way, tensor) -> items.add(PutItem.of(key + "/" + way, tensor)));
    dict.bytes().forEach((way, bytes) -> items.add(PutItem.of(key + "/" + way, bytes)));
    byte[] mapping = dict.mapping().encode();
    MemorySegment marker = Arena.ofAuto().allocate(mapping.length);
    marker.copyFrom(MemorySegment.ofArray(mapping));
    items.add(PutItem.of(StateDictMarker.key(key), marker));
    return items;
  }

  private static void requireNative(PutItem item) {
    MemorySegment memory =
        switch (item) {
          case PutItem.OfBytes bytes -> bytes.bytes();
          case PutItem.OfTensor whole -> whole.tensor().data();
          case PutItem.OfSlice part -> part.tensor().data();
        };
    if (!memory.isNative() && memory.byteSize() > 0) {
      throw new IllegalArgumentException(
          "\""
              + Keys.shown(item.key())
              + "\" lies in the Java heap, where it does not stay in one place: offer native"
              + " memory.");
    }
  }

  static void beginUpdate(long offer, long timeoutNs, boolean force) {
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      call.check(WindlassAbi.wl_offer_begin_update(offer, timeoutNs, force ? 1 : 0, call.error()));
    }
  }

  static long publish(long offer) {
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      MemorySegment version = call.allocate(ValueLayout.JAVA_LONG);
      call.check(WindlassAbi.wl_offer_publish(offer, version, call.error()));
      return version.get(ValueLayout.JAVA_LONG, 0);
    }
  }

  static OfferInfo info(long offer) {
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      MemorySegment info = call.allocate(wl_offer_info.layout(), WindlassAbi::wl_offer_info_init);
      call.check(WindlassAbi.wl_offer_get_info(offer, info, call.error()));
      return new OfferInfo(
          state(wl_offer_info.state(info)),
          wl_offer_info.version(info),
          wl_offer_info.values(info),
          wl_offer_info.bytes(info),
          wl_offer_info.published(info),
          wl_offer_info.readers(info),
          wl_offer_info.taken_back(info));
    }
  }

  private static OfferState state(int number) {
    if (number == WindlassAbi.WL_OFFER_OFFERED()) {
      return OfferState.OFFERED;
    }
    return number == WindlassAbi.WL_OFFER_UPDATING() ? OfferState.UPDATING : OfferState.STALE;
  }

  static void close(long offer, long timeoutNs) {
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      call.check(WindlassAbi.wl_offer_close(offer, timeoutNs, call.error()));
    }
  }
}
