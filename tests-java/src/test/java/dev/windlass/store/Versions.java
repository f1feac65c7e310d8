package dev.windlass.store;

import dev.windlass.tensor.DType;
import dev.windlass.tensor.Shape;
import dev.windlass.tensor.StateDict;
import dev.windlass.tensor.Tensor;
import java.lang.foreign.ValueLayout;
import java.util.LinkedHashMap;
import java.util.Map;

/** State dicts each of whose tensors says of which version it is, in every byte. */
final class Versions {
  private static final int MOST_LAYERS = 12;

  private Versions() {}

  static StateDict dict(int version) {
    int layers = 1 + version * 7 % MOST_LAYERS;
    Map<String, Object> value = new LinkedHashMap<>();
    for (int i = 0; i < layers; i++) {
      Tensor tensor = Tensor.allocate(DType.U8, Shape.of(1000L * (i + 1)));
      tensor.data().fill((byte) version);
      value.put("layer" + i, tensor);
    }
    value.put("version", version);
    return StateDict.of(value);
  }

  /** Throws unless the dict is of one version; returns which. */
  static int requireOne(StateDict dict) {
    byte version = -1;
    for (Map.Entry<String, Tensor> each : dict.tensors().entrySet()) {
      Tensor tensor = each.getValue();
      byte first = tensor.data().get(ValueLayout.JAVA_BYTE, 0);
      if (version == -1) {
        version = first;
      }
      for (long at = 0; at < tensor.sizeBytes(); at++) {
        byte there = tensor.data().get(ValueLayout.JAVA_BYTE, at);
        if (there != version) {
          throw new AssertionError(
              "%s has version %d at %d, and others %d"
                  .formatted(each.getKey(), there, at, version));
        }
      }
    }
    int expected = 1 + version * 7 % MOST_LAYERS;
    if (dict.tensors().size() != expected) {
      throw new AssertionError(
          "version %d has %d tensors, not %d".formatted(version, dict.tensors().size(), expected));
    }
    return version;
  }
}
