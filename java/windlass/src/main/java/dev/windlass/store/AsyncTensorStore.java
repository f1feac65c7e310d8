package dev.windlass.store;

import dev.windlass.Status;
import dev.windlass.WindlassException;
import dev.windlass.tensor.Shape;
import dev.windlass.tensor.StateDict;
import dev.windlass.tensor.Tensor;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * The calls of a {@link TensorStore} that move bytes, as futures. Platform threads of the store's
 * make them, several at once; further ones wait for their turn. Memory that is passed must stay
 * until the future is done. Cancelling a future does not stop a call that has begun.
 */
public final class AsyncTensorStore {
  private static final int THREADS = 8;
  private static final long IDLE_SECONDS = 5;

  private final TensorStore store;
  private final ThreadPoolExecutor threads;

  AsyncTensorStore(TensorStore store) {
    this.store = store;
    this.threads =
        new ThreadPoolExecutor(
            THREADS,
            THREADS,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            work -> new Worker(this, work));
    threads.allowCoreThreadTimeOut(true);
  }

  /** Knows whose it is, since it cannot wait for its own end. */
  private static final class Worker extends Thread {
    private final AsyncTensorStore owner;

    Worker(AsyncTensorStore owner, Runnable work) {
      super(work, "windlass-store");
      this.owner = owner;
      setDaemon(true);
    }
  }

  private <T> CompletableFuture<T> call(Supplier<T> work) {
    try {
      return CompletableFuture.supplyAsync(work, threads);
    } catch (RejectedExecutionException e) {
      return CompletableFuture.failedFuture(closed());
    }
  }

  private CompletableFuture<Void> run(Runnable work) {
    try {
      return CompletableFuture.runAsync(work, threads);
    } catch (RejectedExecutionException e) {
      return CompletableFuture.failedFuture(closed());
    }
  }

  private WindlassException closed() {
    return new WindlassException(Status.STALE_HANDLE, 0, store + " is closed: open it again.");
  }

  public CompletableFuture<PutReport> put(String key, Tensor tensor) {
    return call(() -> store.put(key, tensor));
  }

  public CompletableFuture<PutReport> put(String key, Tensor tensor, TransportBuffers buffers) {
    return call(() -> store.put(key, tensor, buffers));
  }

  public CompletableFuture<PutReport> putBatch(List<? extends PutItem> items) {
    return call(() -> store.putBatch(items));
  }

  public CompletableFuture<PutReport> putBatch(
      List<? extends PutItem> items, PutOptions options, TransportBuffers buffers) {
    return call(() -> store.putBatch(items, options, buffers));
  }

  public CompletableFuture<Tensor> get(String key) {
    return call(() -> store.get(key));
  }

  public CompletableFuture<Leased> get(String key, TransportBuffers buffers) {
    return call(() -> store.get(key, buffers));
  }

  public CompletableFuture<SequencedMap<String, Tensor>> getBatch(Collection<String> keys) {
    return call(() -> store.getBatch(keys));
  }

  public CompletableFuture<Leased> getBatch(Collection<String> keys, TransportBuffers buffers) {
    return call(() -> store.getBatch(keys, buffers));
  }

  /** Done when the tensors have been overwritten. */
  public CompletableFuture<Void> getInto(Map<String, Tensor> targets) {
    return run(() -> store.getInto(targets));
  }

  public CompletableFuture<Tensor> getSlice(String key, long[] offsets, Shape shape) {
    return call(() -> store.getSlice(key, offsets, shape));
  }

  public CompletableFuture<Leased> lease(Collection<String> keys) {
    return call(() -> store.lease(keys));
  }

  public CompletableFuture<StateDictReport> putStateDict(
      String key, StateDict dict, StateDictOptions options) {
    return call(() -> store.putStateDict(key, dict, options));
  }

  public CompletableFuture<StateDictReport> putStateDict(
      String key, StateDict dict, StateDictOptions options, TransportBuffers buffers) {
    return call(() -> store.putStateDict(key, dict, options, buffers));
  }

  public CompletableFuture<ReceivedStateDict> getStateDict(String key, StateDictOptions options) {
    return call(() -> store.getStateDict(key, options));
  }

  public CompletableFuture<ReceivedStateDict> getStateDict(
      String key, StateDictOptions options, TransportBuffers buffers) {
    return call(() -> store.getStateDict(key, options, buffers));
  }

  public CompletableFuture<StateDictReport> getStateDictInto(
      String key, StateDict target, StateDictOptions options) {
    return call(() -> store.getStateDictInto(key, target, options));
  }

  /**
   * Waits for the calls that have begun or wait for their turn; not where one of them, or what
   * follows it, does the closing.
   */
  void close() {
    threads.shutdown();
    if (Thread.currentThread() instanceof Worker worker && worker.owner == this) {
      return;
    }
    boolean interrupted = false;
    while (!threads.isTerminated()) {
      try {
        threads.awaitTermination(Long.MAX_VALUE, TimeUnit.NANOSECONDS);
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
