package dev.windlass.store;

import dev.windlass.Status;
import dev.windlass.WindlassException;
import dev.windlass.store.CacheEntries.Spec;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** The buffers that one put has from a cache, until it is closed. */
final class PutLoans implements AutoCloseable {
  /** Failures after which nobody knows whether the memory is still registered, or being written. */
  private static final Set<Status> IN_DOUBT =
      EnumSet.of(Status.DEVICE, Status.PERMISSION, Status.IO, Status.CORRUPT, Status.INTERNAL);

  private final CacheLending cache;
  private final List<Loan> loans = new ArrayList<>();
  private Loan.Outcome outcome = Loan.Outcome.FAILED;

  private PutLoans(CacheLending cache) {
    this.cache = cache;
  }

  /** Borrows one for each item, where it is to be had. */
  static PutLoans of(
      TensorStore store,
      List<? extends PutItem> items,
      TransportBufferCache from,
      List<TransportBuffers.Name> names) {
    PutLoans loans = new PutLoans(from.lending());
    store.attach(from);
    try {
      for (int i = 0; i < items.size(); i++) {
        PutItem item = items.get(i);
        loans.loans.add(loans.cache.lendForPut(store, names.get(i), spec(item), item.sizeBytes()));
      }
      return loans;
    } catch (RuntimeException e) {
      loans.close();
      throw e;
    }
  }

  /** Puts with borrowed buffers. The items have been checked. */
  static PutReport put(
      TensorStore store,
      List<? extends PutItem> items,
      PutOptions options,
      TransportBuffers buffers,
      List<TransportBuffers.Name> names) {
    try (PutLoans loans = of(store, items, buffers.cache(), names)) {
      try {
        return loans.succeeded(PutCall.put(store.handle(), items, loans.handles(), options));
      } catch (WindlassException e) {
        loans.failed(e);
        throw e;
      }
    }
  }

  /** What the buffers of items are called: one of each part of a tensor. */
  static List<TransportBuffers.Name> names(List<PutItem> items, TransportBuffers buffers) {
    List<TransportBuffers.Name> names =
        new ArrayList<>(buffers.names(items.stream().map(PutItem::key).toList()));
    for (int i = 0; i < items.size(); i++) {
      if (items.get(i) instanceof PutItem.OfSlice part) {
        TransportBuffers.Name whole = names.get(i);
        String name = whole.name() + "@" + part.slice().index();
        names.set(i, new TransportBuffers.Name(name, whole.key()));
      }
    }
    return names;
  }

  private static Spec spec(PutItem item) {
    return switch (item) {
      case PutItem.OfBytes _ -> Spec.BYTES;
      case PutItem.OfTensor whole -> new Spec(whole.tensor().dtype(), whole.tensor().shape());
      case PutItem.OfSlice part -> new Spec(part.tensor().dtype(), part.tensor().shape());
    };
  }

  /** For each item its buffer's handle, or 0. */
  long[] handles() {
    return loans.stream()
        .mapToLong(loan -> loan.buffer() == null ? 0 : loan.buffer().room())
        .toArray();
  }

  PutReport succeeded(PutReport report) {
    outcome = Loan.Outcome.SUCCEEDED;
    cache.countSaved(report.reused());
    return report;
  }

  void failed(WindlassException failure) {
    outcome = IN_DOUBT.contains(failure.status()) ? Loan.Outcome.DOUBTFUL : Loan.Outcome.FAILED;
  }

  @Override
  public void close() {
    loans.forEach(loan -> cache.finish(loan, outcome));
    cache.trim();
  }
}
