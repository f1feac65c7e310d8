package dev.windlass.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.windlass.Status;
import dev.windlass.WindlassException;
import dev.windlass.store.Stores.Way;
import dev.windlass.support.ChildJvm;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Clients in processes of their own. */
@Timeout(180)
class StoreProcessesTest {
  private static ChildJvm.Running start(String what, Stores stores, int count) throws Exception {
    return new ChildJvm()
        .nativeAccess()
        .with(dev.windlass.store.TensorStore.class)
        .start(StoreProbe.class.getName(), what, stores.uri(), Integer.toString(count));
  }

  private static void assertDone(ChildJvm.Running child) throws Exception {
    ChildJvm.Result result = child.await();
    assertEquals(0, result.exitCode(), result.output());
    assertTrue(result.output().endsWith(StoreProbe.DONE), result.output());
  }

  @ParameterizedTest
  @EnumSource(
      value = Way.class,
      names = {"SHM", "TCP"})
  void aReaderInAnotherProcessNeverMixesTwoVersions(Way way) throws Exception {
    try (Stores stores = Stores.open(way)) {
      stores.store.putStateDict("dict", Versions.dict(0));
      ChildJvm.Running reader = start("read", stores, 0);
      List<ChildJvm.Running> writers = new ArrayList<>();
      for (int i = 0; i < 2; i++) {
        writers.add(start("write", stores, 40));
      }
      for (ChildJvm.Running writer : writers) {
        assertDone(writer);
      }
      stores.store.putBytes("stop", new byte[1]);
      assertDone(reader);
      assertEquals(39, Versions.requireOne(stores.store.getStateDict("dict").dict()));
    }
  }

  /**
   * Goal: a writer that dies in the middle of a put leaves the last version that it published.
   *
   * <p>Method: a child publishes without end and is killed once a few versions have been seen.
   */
  @ParameterizedTest
  @EnumSource(
      value = Way.class,
      names = {"SHM", "TCP"})
  void aWriterThatIsKilledLeavesAWholeVersionAndNoRoomTaken(Way way) throws Exception {
    try (Stores stores = Stores.open(way)) {
      stores.store.putStateDict("dict", Versions.dict(0));
      long first = version(stores);
      ChildJvm.Running writer = start("die", stores, 0);
      while (version(stores) < first + 5) {
        assertTrue(writer.process().isAlive(), "the writer ended by itself");
      }
      writer.process().destroyForcibly();
      writer.await();
      Versions.requireOne(stores.store.getStateDict("dict").dict());
      stores.store.putStateDict("dict", Versions.dict(1));
      while (stores.volume.info().sessions() > 1 || stores.volume.info().preparedSlots() > 0) {
        Thread.onSpinWait();
      }
      stores.store.deleteBatch(stores.store.keys().toList());
      assertEquals(0, stores.volume.info().usedBytes());
    }
  }

  private static long version(Stores stores) {
    try {
      return stores.store.getStateDict("dict").version();
    } catch (WindlassException e) {
      assertEquals(Status.CONFLICT, e.status());
      return 0;
    }
  }
}
