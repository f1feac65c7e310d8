package dev.windlass.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.windlass.Status;
import dev.windlass.WindlassException;
import dev.windlass.store.Stores.Setting;
import dev.windlass.store.Stores.Way;
import dev.windlass.support.Bytes;
import dev.windlass.tensor.DType;
import dev.windlass.tensor.Shape;
import dev.windlass.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The contract of every way to a volume, with a cache and without. */
class TensorStoreTest {
  private static final Shape SHAPE = Shape.of(37, 19);

  /** The calls with or without the cache, so that a test is written once. */
  private static final class Client implements AutoCloseable {
    private final Stores stores;
    private final TensorStore store;
    private final TransportBufferCache cache = new TransportBufferCache();
    private final boolean cached;

    Client(Setting setting) {
      this.stores = Stores.open(setting.way());
      this.store = stores.store;
      this.cached = setting.cached();
    }

    PutReport put(List<PutItem> items) {
      return cached ? store.putBatch(items, cache) : store.putBatch(items);
    }

    void put(String key, Tensor tensor) {
      put(List.of(PutItem.of(key, tensor)));
    }

    Tensor get(String key) {
      return getBatch(List.of(key)).values().iterator().next();
    }

    Map<String, Tensor> getBatch(List<String> keys) {
      if (!cached) {
        return store.getBatch(keys);
      }
      try (Leased leased = store.getBatch(keys, cache)) {
        Map<String, Tensor> copies = new LinkedHashMap<>();
        for (String key : leased.keys()) {
          Tensor tensor = leased.tensor(key);
          copies.put(key, Tensor.copyOf(tensor.dtype(), tensor.shape(), tensor.data()));
        }
        return copies;
      }
    }

    @Override
    public void close() {
      stores.close();
      assertEquals(0, cache.size(), "a closed store's buffers are gone");
    }
  }

  private static void assertStatus(Status status, String named, Runnable call) {
    WindlassException thrown = assertThrows(WindlassException.class, call::run);
    assertEquals(status, thrown.status(), thrown.getMessage());
    assertTrue(String.valueOf(thrown.getMessage()).contains(named), thrown.getMessage());
  }

  @ParameterizedTest
  @MethodSource("dev.windlass.store.Stores$Setting#all")
  void everyTypeComesBackWithItsShapeAndBytes(Setting setting) {
    try (Client client = new Client(setting)) {
      for (DType dtype : DType.values()) {
        Tensor tensor = Stores.random(dtype, SHAPE, dtype.code());
        for (int round = 0; round < 2; round++) {
          client.put("t/" + dtype, tensor);
          assertTrue(tensor.hasSameContent(client.get("t/" + dtype)), dtype.toString());
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("dev.windlass.store.Stores$Setting#all")
  void sizesFromNothingToMegabytesComeBack(Setting setting) {
    try (Client client = new Client(setting)) {
      for (long size : new long[] {0, 1, 63, 4095, 4096, 4097, 65536, 65537, 3 << 20, 9 << 20}) {
        Tensor tensor = Stores.random(DType.U8, Shape.of(size), size);
        client.put("size", tensor);
        assertTrue(tensor.hasSameContent(client.get("size")), size + " bytes");
      }
      Tensor scalar = Tensor.of(Shape.scalar(), 0.5f);
      client.put("scalar", scalar);
      assertTrue(scalar.hasSameContent(client.get("scalar")));
    }
  }

  @ParameterizedTest
  @MethodSource("dev.windlass.store.Stores$Setting#all")
  void theLastPutIsWhatIsRead(Setting setting) {
    try (Client client = new Client(setting)) {
      for (int round = 0; round < 5; round++) {
        Tensor tensor = Stores.random(DType.F32, SHAPE, round);
        client.put("key", tensor);
        assertTrue(tensor.hasSameContent(client.get("key")), "round " + round);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("dev.windlass.store.Stores$Setting#all")
  void aBatchIsOfOneVersionAndComesBackInTheOrderAskedFor(Setting setting) {
    try (Client client = new Client(setting)) {
      List<PutItem> items = new ArrayList<>();
      List<String> keys = new ArrayList<>();
      for (int i = 0; i < 200; i++) {
        keys.add("batch/" + i);
        items.add(PutItem.of("batch/" + i, Stores.random(DType.F16, Shape.of(i), i)));
      }
      PutReport report = client.put(items);
      assertTrue(report.version() > 0);
      Map<String, Tensor> got = client.getBatch(keys.reversed());
      assertEquals(keys.reversed(), List.copyOf(got.keySet()));
      for (PutItem item : items) {
        Tensor tensor = ((PutItem.OfTensor) item).tensor();
        assertTrue(tensor.hasSameContent(got.get(item.key())), item.key());
        assertEquals(report.version(), client.store.describe(item.key()).orElseThrow().version());
      }
    }
  }

  @ParameterizedTest
  @MethodSource("dev.windlass.store.Stores$Setting#all")
  void aMissingKeyIsNamedAndFailsTheWholeBatch(Setting setting) {
    try (Client client = new Client(setting)) {
      client.put("here", Stores.random(DType.U8, SHAPE, 1));
      assertStatus(Status.NOT_FOUND, "not/here", () -> client.get("not/here"));
      assertStatus(
          Status.NOT_FOUND, "not/here", () -> client.getBatch(List.of("here", "not/here")));
      assertFalse(client.store.exists("not/here"));
    }
  }

  @ParameterizedTest
  @MethodSource("dev.windlass.store.Stores$Setting#all")
  void aConditionThatDoesNotHoldPublishesNothing(Setting setting) {
    try (Client client = new Client(setting)) {
      Tensor first = Stores.random(DType.U8, SHAPE, 1);
      Tensor second = Stores.random(DType.U8, SHAPE, 2);
      client.put("key", first);
      long version = client.store.describe("key").orElseThrow().version();
      List<PutItem> items = List.of(PutItem.of("key", second), PutItem.of("other", second));
      PutOptions stale = PutOptions.usual().onlyIf("key", version + 1);
      assertStatus(Status.CONFLICT, "key", () -> client.store.putBatch(items, stale));
      assertStatus(Status.CONFLICT, "key", () -> client.store.putBatch(items, stale, client.cache));
      assertTrue(first.hasSameContent(client.get("key")));
      assertFalse(client.store.exists("other"));
      PutOptions right = PutOptions.usual().onlyIf("key", version).removing(List.of("gone"));
      client.store.putBatch(items, right, client.cache);
      assertTrue(second.hasSameContent(client.get("key")));
    }
  }

  @ParameterizedTest
  @EnumSource(Way.class)
  void bytesAreOfAnotherKindThanTensors(Way way) {
    try (Stores stores = Stores.open(way);
        TransportBufferCache cache = new TransportBufferCache()) {
      TensorStore store = stores.store;
      byte[] bytes = Bytes.of(100_000, 7);
      store.putBytes("bytes", bytes);
      store.putBytes("cached", MemorySegment.ofArray(bytes), cache);
      store.putBytes("empty", new byte[0]);
      assertArrayEquals(bytes, store.getBytes("bytes"));
      assertArrayEquals(new byte[0], store.getBytes("empty"));
      try (Leased leased = store.getBytes("cached", cache)) {
        assertEquals(EntryKind.BYTES, leased.kind("cached"));
        assertEquals(-1, leased.bytes().mismatch(MemorySegment.ofArray(bytes)));
      }
      store.put("tensor", Stores.random(DType.U8, SHAPE, 1));
      assertStatus(Status.MISMATCH, "bytes", () -> store.get("bytes"));
      assertStatus(Status.MISMATCH, "tensor", () -> store.getBytes("tensor"));
      assertStatus(Status.MISMATCH, "tensor", () -> store.putBytes("tensor", bytes));
    }
  }

  @ParameterizedTest
  @EnumSource(Way.class)
  void inPlaceNothingIsOverwrittenUnlessAllFits(Way way) {
    try (Stores stores = Stores.open(way)) {
      TensorStore store = stores.store;
      Tensor a = Stores.random(DType.F32, SHAPE, 1);
      Tensor b = Stores.random(DType.I64, Shape.of(5), 2);
      store.putBatch(List.of(PutItem.of("a", a), PutItem.of("b", b)));
      Tensor intoA = Tensor.allocate(DType.F32, SHAPE);
      Tensor intoB = Tensor.allocate(DType.I64, Shape.of(5));
      store.getInto("a", intoA);
      assertTrue(a.hasSameContent(intoA));
      Tensor zeros = Tensor.allocate(DType.F32, SHAPE);
      intoA.data().fill((byte) 0);
      Tensor otherType = Tensor.allocate(DType.U64, Shape.of(5));
      Tensor otherShape = Tensor.allocate(DType.I64, Shape.of(5, 1));
      assertStatus(Status.MISMATCH, "b", () -> store.getInto(Map.of("a", intoA, "b", otherType)));
      assertStatus(Status.MISMATCH, "b", () -> store.getInto(Map.of("a", intoA, "b", otherShape)));
      assertTrue(zeros.hasSameContent(intoA));
      assertThrows(IllegalArgumentException.class, () -> store.getInto("a", intoA.asReadOnly()));
      store.getInto(Map.of("a", intoA, "b", intoB));
      assertTrue(a.hasSameContent(intoA) && b.hasSameContent(intoB));
    }
  }

  @ParameterizedTest
  @EnumSource(Way.class)
  void aFullVolumeSaysSoAndKeepsWhatItHas(Way way) {
    VolumeOptions small =
        VolumeOptions.usual().withLimitBytes(8 * Stores.MIB).withSegmentBytes(2 * Stores.MIB);
    try (Stores stores = Stores.open(way, small);
        TransportBufferCache cache = new TransportBufferCache()) {
      TensorStore store = stores.store;
      Tensor first = Stores.random(DType.U8, Shape.of(4 * Stores.MIB), 1);
      Tensor large = Tensor.allocate(DType.U8, Shape.of(16 * Stores.MIB));
      store.put("first", first);
      assertStatus(Status.NO_SPACE, "", () -> store.put("large", large));
      assertStatus(Status.NO_SPACE, "", () -> store.put("large", large, cache));
      assertEquals(0, cache.size());
      assertTrue(first.hasSameContent(store.get("first")));
    }
  }

  @ParameterizedTest
  @EnumSource(Way.class)
  void whatIsEmptyTwiceOrNoKeyIsRefusedBeforeAnythingIsSent(Way way) {
    try (Stores stores = Stores.open(way)) {
      TensorStore store = stores.store;
      Tensor tensor = Stores.random(DType.U8, SHAPE, 1);
      PutItem item = PutItem.of("key", tensor);
      List<Runnable> wrong =
          List.of(
              () -> store.putBatch(List.of()),
              () -> store.putBatch(List.of(item, item)),
              () -> store.getBatch(List.of()),
              () -> store.getBatch(List.of("a", "a")),
              () -> store.deleteBatch(List.of()),
              () -> store.put("", tensor),
              () -> store.put("a\0b", tensor),
              () -> store.put("\ud800", tensor),
              () -> store.get("k".repeat(64 << 10)));
      for (Runnable call : wrong) {
        assertThrows(IllegalArgumentException.class, call::run);
      }
      assertEquals(List.of(), store.keys().toList());
    }
  }

  @ParameterizedTest
  @EnumSource(Way.class)
  void keysMayHaveAnyCharacters(Way way) {
    try (Stores stores = Stores.open(way)) {
      List<String> keys =
          List.of(" ", "/", "a//b", "../x", "\n\t", "ключ", "𝛑/é", "\u0001", "k".repeat(4096));
      for (String key : keys) {
        stores.store.putBytes(key, key.getBytes(UTF_8));
      }
      for (String key : keys) {
        assertArrayEquals(key.getBytes(UTF_8), stores.store.getBytes(key));
      }
      assertEquals(keys.size(), stores.store.keys().distinct().count());
    }
  }

  @ParameterizedTest
  @EnumSource(Way.class)
  void theTransportIsTheOneAskedForAndItsReasonIsTold(Way way) {
    try (Stores stores = Stores.open(way)) {
      StoreInfo info = stores.store.info();
      assertEquals(Transport.valueOf(way.name()), info.transport());
      assertFalse(info.reason().isEmpty());
      stores.store.put("key", Stores.random(DType.U8, SHAPE, 1));
      assertEquals(1, stores.store.volumeInfo().entries());
      assertEquals(stores.volume.info().nonce(), info.volumeNonce());
    }
  }

  @ParameterizedTest
  @EnumSource(Way.class)
  void afterTheVolumeHasGoneCallsSayUnavailable(Way way) {
    StoreOptions quick = StoreOptions.usual().withConnectTimeout(Duration.ofMillis(200));
    Tensor tensor = Stores.random(DType.U8, SHAPE, 1);
    try (Stores stores = Stores.open(way);
        TransportBufferCache cache = new TransportBufferCache();
        TensorStore store =
            way == Way.LOCAL
                ? TensorStore.open(stores.volume, quick)
                : TensorStore.open(stores.uri(), quick)) {
      store.put("key", tensor, cache);
      stores.volume.close();
      assertStatus(Status.UNAVAILABLE, "", () -> store.get("key"));
      assertStatus(Status.UNAVAILABLE, "", () -> store.put("key", tensor, cache));
    }
  }

  @Test
  void localIsAVolumeOfTheStoresOwn() {
    Tensor tensor = Stores.random(DType.BF16, SHAPE, 3);
    try (TensorStore one = TensorStore.open("local:");
        TensorStore other = TensorStore.open("local:")) {
      one.put("key", tensor);
      assertTrue(tensor.hasSameContent(one.get("key")));
      assertFalse(other.exists("key"));
    }
  }

  @Test
  void whereNobodyListensItIsUnavailableAndAnAddressMustBeOne() {
    StoreOptions quick = StoreOptions.usual().withConnectTimeout(Duration.ofMillis(200));
    assertStatus(
        Status.UNAVAILABLE, "nobody", () -> TensorStore.open("shm://windlass-nobody", quick));
    assertStatus(Status.UNAVAILABLE, "", () -> TensorStore.open("tcp://127.0.0.1:1", quick));
    assertStatus(Status.INVALID_ARGUMENT, "", () -> TensorStore.open("ftp://x"));
  }

  @Test
  void overTcpTheSecretMustBeTheSame() {
    String secret = "a secret of at least 16 bytes";
    try (Volume volume = Volume.open()) {
      String uri = volume.listen("tcp://127.0.0.1:0", ListenOptions.usual().withSecret(secret));
      StoreOptions tcp = StoreOptions.usual().withTransport(Transport.TCP);
      assertStatus(Status.PERMISSION, "", () -> TensorStore.open(uri, tcp));
      assertStatus(
          Status.PERMISSION,
          "",
          () -> TensorStore.open(uri, tcp.withSecret("another secret of 16 bytes")));
      try (TensorStore store = TensorStore.open(uri, tcp.withSecret(secret))) {
        store.putBytes("key", new byte[] {1});
      }
    }
  }

  @Test
  void closingTwiceIsHarmlessAndUseAfterwardsIsAStaleHandle() {
    TensorStore store = TensorStore.open("local:");
    store.close();
    store.close();
    assertStatus(Status.STALE_HANDLE, "", () -> store.get("key"));
    assertStatus(Status.STALE_HANDLE, "", store::info);
    assertStatus(Status.STALE_HANDLE, "", () -> store.exists("key"));
  }
}
