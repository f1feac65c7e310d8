package dev.windlass.memory;

import dev.windlass.Status;
import dev.windlass.WindlassException;
import dev.windlass.support.Bytes;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.List;

/**
 * What a child JVM runs that was started with the preloaded library and its emulated device. It
 * allocates as native code would, through {@code cudaMalloc}, and ends with a word if all is well.
 */
public final class PreloadProbe {
  static final String DONE = "all is well";

  private static final long MIB = 1 << 20;
  private static final long SIZE = 5 * MIB + 4096;

  private PreloadProbe() {}

  public static void main(String[] arguments) throws Throwable {
    switch (arguments[0]) {
      case "cycle" -> cycle(preload());
      case "backups" -> backups(preload(), Path.of(arguments[1]));
      case "limits" -> limits(preload());
      case "scopes" -> scopes(preload());
      case "environment" -> environment(preload());
      case "configuration" -> configuration(preload());
      default -> throw new AssertionError(arguments[0]);
    }
    System.out.println(DONE);
  }

  private static Preload preload() {
    return Preload.ofThisProcess().orElseThrow();
  }

  /** Two allocations of two tags, one pause each way, and every byte looked at. */
  private static void cycle(Preload preload) throws Throwable {
    MemorySegment weights;
    MemorySegment cache;
    try (PreloadScope _ = preload.scope(PreloadSettings.none().withTag("weights"))) {
      check(preload.info().interposing(), "it interposes within a scope");
      weights = Cuda.malloc(SIZE);
      try (PreloadScope _ = preload.scope(PreloadSettings.none().withTag("cache"))) {
        cache = Cuda.malloc(MIB);
      }
    }
    check(!preload.info().interposing(), "it interposes outside every scope");
    Bytes.fill(weights, 1);
    Bytes.fill(cache, 2);
    PreloadReport paused = preload.pause("weights");
    same(1, paused.regions());
    same(1, paused.done());
    check(paused.movedBytes() >= SIZE, paused + " moved too little");
    check(paused.memoryBytes() >= SIZE, paused + " gave too little back");
    check(paused.totalNs() > 0, paused + " took no time");
    same(1, preload.info("weights").paused());
    same(0, preload.info("weights").mappedBytes());
    check(preload.info("weights").backupBytes() >= SIZE, "the backup holds the bytes");
    same(0, preload.info("cache").paused());
    fails(Status.STATE, () -> preload.pause("weights"));
    same(1, preload.pause("weights", IfDone.SKIP).skipped());
    PreloadReport all = preload.pauseAll(IfDone.SKIP);
    same(2, all.regions());
    same(1, all.done());
    same(1, all.skipped());
    same(2, preload.resumeAll(IfDone.FAIL).done());
    fails(Status.STATE, () -> preload.resume("weights"));
    same(1, preload.resume("weights", IfDone.SKIP).skipped());
    same(-1, Bytes.firstDifference(weights, 1));
    same(-1, Bytes.firstDifference(cache, 2));
    Cuda.free(weights);
    same(1, preload.info().regions());
    preload.pause("cache");
    Cuda.free(cache);
    same(0, preload.info().regions());
    same(0, preload.info().failures());
  }

  private static void backups(Preload preload, Path folder) throws Throwable {
    fails(Status.STATE, () -> preload.preparePool(MIB));
    List<PreloadBackup> keeping =
        List.of(
            PreloadBackup.pageable(),
            PreloadBackup.pooled(16 * MIB),
            PreloadBackup.pooled(),
            PreloadBackup.inFile(folder));
    for (PreloadBackup backup : keeping) {
      MemorySegment memory;
      PreloadSettings settings =
          PreloadSettings.none().withTag("x").withBackup(backup).withVerify(true).withRetain(true);
      try (PreloadScope _ = preload.scope(settings)) {
        memory = Cuda.malloc(SIZE);
      }
      Bytes.fill(memory, 3);
      preload.pause("x");
      boolean inFile = backup instanceof PreloadBackup.InFile;
      PreloadInfo info = preload.info("x");
      check((inFile ? info.storedBytes() : info.backupBytes()) >= SIZE, backup + ": " + info);
      preload.resume("x");
      same(-1, Bytes.firstDifference(memory, 3));
      Cuda.free(memory);
    }
    MemorySegment dropped;
    try (PreloadScope _ =
        preload.scope(PreloadSettings.none().withTag("x").withBackup(PreloadBackup.none()))) {
      dropped = Cuda.malloc(SIZE);
    }
    same(0, preload.pause("x").movedBytes());
    preload.resume("x");
    Cuda.free(dropped);
    preload.preparePool(16 * MIB);
    fails(Status.NO_SPACE, () -> preload.preparePool(32 * MIB));
    PreloadBackup other = PreloadBackup.pooled(32 * MIB);
    fails(Status.STATE, () -> preload.scope(PreloadSettings.none().withBackup(other)));
    PreloadBackup nowhere = PreloadBackup.inFile(folder.resolve("none"));
    fails(Status.NOT_FOUND, () -> preload.scope(PreloadSettings.none().withBackup(nowhere)));
  }

  private static void limits(Preload preload) throws Throwable {
    preload.setMargin(60 * MIB);
    same(60 * MIB, preload.info().marginBytes());
    try (PreloadScope _ = preload.scope(PreloadSettings.none())) {
      check(Cuda.tryMalloc(16 * MIB) != 0, "the margin was not kept");
      PreloadInfo info = preload.info();
      same(1, info.failures());
      check(info.lastFailure().isPresent(), "the failure has a reason");
      preload.setMargin(0);
      Cuda.free(Cuda.malloc(16 * MIB));
    }
  }

  private static void scopes(Preload preload) throws Throwable {
    PreloadScope outer = preload.scope(PreloadSettings.none().withTag("outer"));
    PreloadScope inner = preload.scope(PreloadSettings.none().withEnabled(false));
    check(!preload.info().interposing(), "a scope that is not enabled interposes");
    refused(outer::close, "the outer scope was closed before the inner one");
    inner.close();
    inner.close();
    check(preload.info().interposing(), "the outer scope was not restored");
    inAnother(Thread.ofPlatform(), () -> refused(outer::close, "another thread has closed it"));
    inAnother(
        Thread.ofPlatform(),
        () -> check(!preload.info().interposing(), "a scope reaches another thread"));
    inAnother(
        Thread.ofVirtual(),
        () ->
            refused(
                () -> preload.scope(PreloadSettings.none()), "a virtual thread has got a scope"));
    // One that is not closed ends with its thread.
    inAnother(Thread.ofPlatform(), () -> preload.scope(PreloadSettings.none()));
    outer.close();
    check(!preload.info().interposing(), "it interposes outside every scope");
  }

  private static void environment(Preload preload) throws Throwable {
    MemorySegment memory = Cuda.malloc(MIB);
    same(1, preload.info("from-outside").regions());
    Cuda.free(memory);
  }

  private static void configuration(Preload preload) {
    fails(Status.INVALID_ARGUMENT, () -> preload.scope(PreloadSettings.none()));
    fails(Status.INVALID_ARGUMENT, () -> preload.pause("x"));
    fails(Status.INVALID_ARGUMENT, preload::info);
    fails(Status.INVALID_ARGUMENT, () -> preload.setMargin(1));
    fails(Status.INVALID_ARGUMENT, () -> preload.preparePool(1));
  }

  /** Runs it in a thread of its own, and passes on what it throws. */
  private static void inAnother(Thread.Builder builder, Runnable work) throws InterruptedException {
    Throwable[] thrown = new Throwable[1];
    Thread thread =
        builder.uncaughtExceptionHandler((_, failure) -> thrown[0] = failure).start(work);
    thread.join();
    check(thrown[0] == null, String.valueOf(thrown[0]));
  }

  private static void fails(Status status, Runnable call) {
    try {
      call.run();
    } catch (WindlassException failure) {
      check(failure.status() == status, failure + ", where " + status + " was expected");
      return;
    }
    throw new AssertionError("nothing was thrown, where " + status + " was expected");
  }

  private static void refused(Runnable call, String otherwise) {
    try {
      call.run();
    } catch (IllegalStateException expected) {
      return;
    }
    throw new AssertionError(otherwise);
  }

  private static void same(long expected, long found) {
    check(expected == found, "expected " + expected + " and found " + found);
  }

  private static void check(boolean kept, String what) {
    if (!kept) {
      throw new AssertionError(what);
    }
  }

  /** CUDA's runtime, or what stands before it, as the process resolves its names. */
  @SuppressWarnings("restricted")
  private static final class Cuda {
    private static final MethodHandle MALLOC =
        find(
            "cudaMalloc",
            FunctionDescriptor.of(
                ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_LONG));
    private static final MethodHandle FREE =
        find("cudaFree", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS));

    static MemorySegment malloc(long bytes) throws Throwable {
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment pointer = arena.allocate(ValueLayout.ADDRESS);
        int error = (int) MALLOC.invokeExact(pointer, bytes);
        check(error == 0, "cudaMalloc says " + error);
        return pointer.get(ValueLayout.ADDRESS, 0).reinterpret(bytes);
      }
    }

    static int tryMalloc(long bytes) throws Throwable {
      try (Arena arena = Arena.ofConfined()) {
        return (int) MALLOC.invokeExact(arena.allocate(ValueLayout.ADDRESS), bytes);
      }
    }

    static void free(MemorySegment memory) throws Throwable {
      int error = (int) FREE.invokeExact(memory);
      check(error == 0, "cudaFree says " + error);
    }

    private static MethodHandle find(String name, FunctionDescriptor type) {
      Linker linker = Linker.nativeLinker();
      MethodHandle dlsym =
          linker.downcallHandle(
              linker.defaultLookup().findOrThrow("dlsym"),
              FunctionDescriptor.of(ValueLayout.ADDRESS, ValueLayout.ADDRESS, ValueLayout.ADDRESS));
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment found =
            (MemorySegment) dlsym.invokeExact(MemorySegment.NULL, arena.allocateFrom(name));
        return linker.downcallHandle(found, type);
      } catch (Throwable failure) {
        throw new IllegalStateException(name + " was not found", failure);
      }
    }
  }
}
