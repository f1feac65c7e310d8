package dev.windlass.store;

import dev.windlass.tensor.DType;
import dev.windlass.tensor.Shape;
import dev.windlass.tensor.Tensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.stream.Stream;

/** A volume of this process, and the way to it that a test is about. */
final class Stores implements AutoCloseable {
  static final long MIB = 1 << 20;

  /** How a store reaches its volume. */
  enum Way {
    LOCAL,
    SHM,
    TCP
  }

  /** What the contract is run over. */
  record Setting(Way way, boolean cached) {
    static Stream<Setting> all() {
      return Stream.of(Way.values())
          .flatMap(way -> Stream.of(new Setting(way, false), new Setting(way, true)));
    }
  }

  final Volume volume;
  final TensorStore store;
  private final Way way;
  private final Path folder;
  private final String uri;

  private Stores(Way way, VolumeOptions options) {
    this.way = way;
    try {
      folder = Files.createTempDirectory("windlass-store");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    volume = Volume.open(options);
    try {
      uri =
          switch (way) {
            case LOCAL -> "";
            case SHM -> volume.listen("shm://" + folder.resolve("volume.sock"));
            case TCP -> volume.listen("tcp://127.0.0.1:0");
          };
      store = another();
    } catch (RuntimeException e) {
      volume.close();
      throw e;
    }
  }

  static Stores open(Way way) {
    return open(way, VolumeOptions.usual().withLimitBytes(256 * MIB).withSegmentBytes(8 * MIB));
  }

  static Stores open(Way way, VolumeOptions options) {
    return new Stores(way, options);
  }

  String uri() {
    return uri;
  }

  /** A further store on the same volume. */
  TensorStore another() {
    return switch (way) {
      case LOCAL -> TensorStore.open(volume);
      case SHM -> TensorStore.open(uri, StoreOptions.usual().withTransport(Transport.SHM));
      case TCP -> TensorStore.open(uri, StoreOptions.usual().withTransport(Transport.TCP));
    };
  }

  /** Elements that a seed determines; any bits, so that nothing but a copy of bytes keeps them. */
  static Tensor random(DType dtype, Shape shape, long seed) {
    Tensor tensor = Tensor.allocate(dtype, shape);
    SplittableRandom random = new SplittableRandom(seed);
    for (long at = 0; at < tensor.sizeBytes(); at++) {
      tensor.data().set(ValueLayout.JAVA_BYTE, at, (byte) random.nextInt());
    }
    return tensor;
  }

  /** Numbers, so that casts have something to do. */
  static Tensor numbers(Shape shape, long seed) {
    float[] values = new float[Math.toIntExact(shape.elements())];
    SplittableRandom random = new SplittableRandom(seed);
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextDouble(-100, 100);
    }
    return Tensor.of(shape, values);
  }

  @Override
  public void close() {
    store.close();
    volume.close();
    try {
      Files.deleteIfExists(folder.resolve("volume.sock"));
      Files.delete(folder);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
