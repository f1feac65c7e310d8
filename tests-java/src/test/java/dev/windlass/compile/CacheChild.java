package dev.windlass.compile;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;

/** What child processes of the tests run. */
final class CacheChild {
  private CacheChild() {}

  /** The words are: what to do, a directory, and what belongs to it. */
  public static void main(String[] words) throws Exception {
    switch (words[0]) {
      case "halt" ->
          halt(new CacheFolders(Path.of(words[1])), Links.system(), Step.valueOf(words[2]));
      case "halt-without-links" ->
          halt(
              new CacheFolders(Path.of(words[1])), WithoutLinksTest.none(), Step.valueOf(words[2]));
      case "rounds" -> rounds(Path.of(words[1]), words[2]);
      case "probe" -> probe();
      case "mounted" -> mounted(new CacheFolders(Path.of(words[1])));
      case "fault" -> fault(new CacheFolders(Path.of(words[1])), Path.of(words[2]));
      default -> throw new IllegalArgumentException(words[0]);
    }
  }

  /** Ends at a step as a kill ends it: nothing is cleaned up. */
  private static void halt(CacheFolders folders, Links links, Step last) {
    Step.Listener halting =
        step -> {
          if (step == last) {
            Runtime.getRuntime().halt(9);
          }
        };
    CacheContext context =
        new CacheContext(
            folders.settings().build(), new NativeArchives(), links, Ticker.system(), halting);
    CompileCache cache = new CompileCache(() -> context);
    CacheResult result = last.name().startsWith("SAVE") ? cache.save() : cache.load();
    System.out.println("did not come to " + last + ": " + result);
  }

  /**
   * Several threads, each with directories of its own, save and load under a key that is another in
   * each round, and check what they get.
   */
  private static void rounds(Path root, String name) throws InterruptedException {
    CountDownLatch start = new CountDownLatch(1);
    Thread[] threads = new Thread[CacheProcessesTest.THREADS];
    for (int index = 0; index < threads.length; index++) {
      String writer = name + "-" + index;
      threads[index] =
          new Thread(
              () -> {
                try {
                  start.await();
                  for (int round = 0; round < CacheProcessesTest.ROUNDS; round++) {
                    round(root, writer, round);
                  }
                } catch (InterruptedException | RuntimeException e) {
                  System.out.println("FAILED " + writer + ": " + e);
                }
              });
      threads[index].start();
    }
    start.countDown();
    for (Thread thread : threads) {
      thread.join();
    }
  }

  private static void round(Path root, String writer, int round) {
    CacheFolders own = new CacheFolders(root.resolve(writer));
    CompileCache cache =
        CompileCache.of(
            own.settings()
                .sharedDirectory(root.resolve("shared"))
                .key(CacheProcessesTest.key(round))
                .build());
    own.compile(writer);
    CacheResult saved = cache.save();
    System.out.println("save " + round + " " + saved.status() + " " + saved.reason());
    own.clear();
    CacheResult loaded = cache.load();
    System.out.println("load " + round + " " + loaded.status() + " " + loaded.reason());
    Set<String> writers = new TreeSet<>();
    CacheFolders.contents(own.local).values().stream()
        .filter(content -> !content.isEmpty())
        .forEach(content -> writers.add(content.substring(0, content.length() - 2)));
    int files = CacheFolders.contents(own.local).size();
    System.out.println("found " + round + " " + files + " files of " + List.copyOf(writers));
    own.clear();
    if (!own.leftovers().isEmpty()) {
      System.out.println("FAILED " + writer + " left " + own.leftovers());
    }
  }

  /** Asks the driver that this process finds. */
  private static void probe() {
    System.out.println(CudaProbe.look().gpu());
    Map<String, String> factors = MachineProbe.wide(Map.of()).factors();
    System.out.println(factors.get(FactorNames.DEVICE_NAME));
    System.out.println(factors.get(FactorNames.COMPUTE_CAPABILITY));
  }

  /** Loads to a local directory that a file system is mounted on, then to one within it. */
  private static void mounted(CacheFolders folders) {
    System.out.println("load " + folders.cache().load());
    System.out.println("local " + CacheFolders.names(folders.local));
    System.out.println("beside " + CacheFolders.names(folders.local.getParent()));
    CompileCache within =
        CompileCache.of(folders.settings().localDirectory(folders.local.resolve("within")).build());
    System.out.println("within " + within.load());
    System.out.println("found " + CacheFolders.contents(folders.local).keySet());
    System.out.println("save " + folders.cache().save().status());
    System.out.println("clear " + folders.cache().clearLocal());
    System.out.println("cleared " + CacheFolders.names(folders.local));
  }

  /** Saves to and loads from a directory that something is wrong with. */
  private static void fault(CacheFolders folders, Path shared) throws IOException {
    CompileCache cache = CompileCache.of(folders.settings().sharedDirectory(shared).build());
    folders.compile();
    byte[] large = new byte[1 << 20];
    new Random(1).nextBytes(large);
    Files.write(folders.local.resolve("large"), large);
    System.out.println("save " + cache.save());
    System.out.println("info " + cache.info().problem());
    folders.clear();
    System.out.println("load " + cache.load());
    System.out.println("local " + Files.exists(folders.local));
    System.out.println("work " + CacheFolders.names(folders.work));
    System.out.println("shared " + CacheFolders.contents(shared).keySet());
  }
}
