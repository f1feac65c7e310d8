package dev.windlass.store;

import dev.windlass.WindlassException;
import dev.windlass.store.CacheEntries.Entry;
import dev.windlass.store.CacheEntries.EntryId;
import dev.windlass.store.CacheEntries.Spec;
import dev.windlass.store.TransportBuffers.Name;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The buffers of a {@link TransportBufferCache}: lends them to puts and gets, and has them back.
 *
 * <p>A buffer gets in once the put or get that it was made for has succeeded. One that is lent may
 * go from the cache meanwhile; it is freed when it comes back. The library is never called with the
 * lock held.
 */
final class CacheLending {
  private final CacheOptions options;
  private final CacheLimit limit;
  private final ReentrantLock lock = new ReentrantLock();

  // All that follows is guarded by the lock.
  private final CacheEntries entries = new CacheEntries();
  private final List<TransportBuffer> quarantine = new ArrayList<>();
  private long hits;
  private long misses;
  private long reallocations;
  private long busy;
  private long bypasses;
  private long evictions;
  private long quarantined;
  private long registrationsSaved;

  CacheLending(CacheOptions options) {
    this.options = options;
    this.limit = new CacheLimit(options.limitBytes());
  }

  CacheOptions options() {
    return options;
  }

  Optional<TransportBuffer> newest(String name) {
    lock.lock();
    try {
      return Optional.ofNullable(entries.newest(name));
    } finally {
      lock.unlock();
    }
  }

  int size() {
    lock.lock();
    try {
      return entries.size();
    } finally {
      lock.unlock();
    }
  }

  CacheStatistics statistics() {
    lock.lock();
    try {
      return new CacheStatistics(
          entries.size(),
          entries.bytes(),
          limit.bytes(),
          hits,
          misses,
          reallocations,
          busy,
          bypasses,
          evictions,
          quarantined,
          registrationsSaved);
    } finally {
      lock.unlock();
    }
  }

  /** Takes over a buffer that has been claimed for this. */
  void put(String key, TransportBuffer buffer) {
    EntryId id = new EntryId(buffer.store(), key);
    List<TransportBuffer> gone = new ArrayList<>();
    lock.lock();
    try {
      TransportBuffer before = entries.put(id, new Entry(buffer, key, null));
      if (before != null) {
        gone.add(before);
      }
      gone.addAll(evicted(0, 0));
    } finally {
      lock.unlock();
    }
    gone.forEach(TransportBuffer::close);
  }

  boolean remove(String name) {
    return drop(all -> all.removeIf(id -> id.name().equals(name), _ -> true)) > 0;
  }

  void clear() {
    drop(all -> all.removeIf(_ -> true, _ -> true));
  }

  /** A key was deleted: what is kept for it goes. */
  void forget(StoreKeys store, List<String> keys) {
    Set<String> deleted = new HashSet<>(keys);
    drop(all -> all.removeIf(id -> id.store() == store, deleted::contains));
  }

  /** A store is closed: all that is its goes, that in quarantine too. */
  void forget(StoreKeys store) {
    List<TransportBuffer> doubtful;
    lock.lock();
    try {
      doubtful = quarantine.stream().filter(buffer -> buffer.store() == store).toList();
      quarantine.removeAll(doubtful);
    } finally {
      lock.unlock();
    }
    for (TransportBuffer buffer : doubtful) {
      buffer.close();
      buffer.giveBackRoom();
    }
    drop(all -> all.removeIf(id -> id.store() == store, _ -> true));
  }

  private interface Removal {
    List<TransportBuffer> from(CacheEntries entries);
  }

  private int drop(Removal removal) {
    List<TransportBuffer> gone;
    lock.lock();
    try {
      gone = removal.from(entries);
    } finally {
      lock.unlock();
    }
    gone.forEach(TransportBuffer::close);
    return gone.size();
  }

  /**
   * Lends the room for a put, opening it where there is none yet.
   *
   * @throws WindlassException MISMATCH in strict mode
   */
  Loan lendForPut(TensorStore store, Name name, Spec spec, long bytes) {
    EntryId id = new EntryId(store, name.name());
    List<TransportBuffer> gone = new ArrayList<>();
    Loan loan;
    lock.lock();
    try {
      loan = chooseForPut(id, name, spec, bytes, gone);
    } finally {
      lock.unlock();
    }
    gone.forEach(TransportBuffer::close);
    return loan.buffer() == null ? loan : opened(loan);
  }

  private Loan chooseForPut(
      EntryId id, Name name, Spec spec, long bytes, List<TransportBuffer> gone) {
    Entry entry = open(id);
    if (entries.isBeginning(id) || (entry != null && !entry.buffer.takeRoom())) {
      busy++;
      return Loan.none(id, name, spec);
    }
    if (entry != null && fits(id, entry, spec, bytes, gone)) {
      boolean ready = entry.buffer.hasRoom() || entry.buffer.isSmall();
      hits += ready ? 1 : 0;
      misses += ready ? 0 : 1;
      return new Loan(id, name, spec, entry.buffer, null, false);
    }
    if (!admits(spec, bytes, gone)) {
      return Loan.none(id, name, spec);
    }
    reallocations += entry == null ? 0 : 1;
    misses += entry == null ? 1 : 0;
    TransportBuffer buffer = new TransportBuffer(id.store(), spec.capacity(bytes));
    buffer.claim();
    buffer.takeRoom();
    entries.begin(id, name);
    return new Loan(id, name, spec, buffer, null, true);
  }

  /** The entry of this name, unless somebody else has closed its buffer. */
  private @Nullable Entry open(EntryId id) {
    Entry entry = entries.use(id);
    if (entry == null || !entry.buffer.isClosed()) {
      return entry;
    }
    entries.remove(id, entry.buffer);
    return null;
  }

  /** Whether an entry whose room was taken can be used; otherwise it has gone, or this throws. */
  private boolean fits(EntryId id, Entry entry, Spec spec, long bytes, List<TransportBuffer> gone) {
    if (entry.fits(spec, bytes)) {
      return true;
    }
    if (options.strict() && spec.dtype() != null) {
      entry.buffer.giveBackRoom();
      throw CacheEntries.mismatch(id, entry, spec);
    }
    entry.buffer.giveBackRoom();
    entries.remove(id, entry.buffer);
    gone.add(entry.buffer);
    return false;
  }

  /** Without its room there is no use in a buffer: then the put goes without, and says why. */
  private Loan opened(Loan loan) {
    TransportBuffer buffer = Objects.requireNonNull(loan.buffer());
    if (buffer.isSmall()) {
      return loan;
    }
    try {
      buffer.openRoom();
      return loan;
    } catch (RuntimeException e) {
      finish(loan, Loan.Outcome.FAILED);
      lock.lock();
      try {
        misses--;
        bypasses++;
      } finally {
        lock.unlock();
      }
      if (e instanceof WindlassException) {
        return Loan.none(loan.id(), loan.name(), loan.spec());
      }
      throw e;
    }
  }

  /** Takes the room of a put back. */
  void finish(Loan loan, Loan.Outcome outcome) {
    TransportBuffer buffer = loan.buffer();
    if (buffer == null) {
      return;
    }
    TransportBuffer before = null;
    boolean kept = false;
    lock.lock();
    try {
      boolean wanted = !loan.fresh() || (entries.end(loan.id()) && !loan.id().store().isClosed());
      if (outcome == Loan.Outcome.DOUBTFUL && !loan.id().store().isClosed()) {
        entries.remove(loan.id(), buffer);
        quarantined++;
        quarantine.add(buffer);
        return;
      }
      kept = !loan.fresh() || (wanted && outcome == Loan.Outcome.SUCCEEDED);
      if (kept && loan.fresh()) {
        before = entries.put(loan.id(), new Entry(buffer, loan.name().key(), loan.spec()));
      }
      entries.recount(loan.id(), buffer);
    } finally {
      lock.unlock();
    }
    if (!kept) {
      buffer.close();
    }
    buffer.giveBackRoom();
    if (before != null) {
      before.close();
    }
  }

  void countSaved(long registrations) {
    lock.lock();
    try {
      registrationsSaved += registrations;
    } finally {
      lock.unlock();
    }
  }

  /** Lends memory to receive in; none where it would not fit the limits. */
  Loan lendForGet(TensorStore store, Name name, Spec spec, long bytes) {
    EntryId id = new EntryId(store, name.name());
    List<TransportBuffer> gone = new ArrayList<>();
    Loan loan;
    lock.lock();
    try {
      loan = chooseForGet(id, name, spec, bytes, gone);
    } finally {
      lock.unlock();
    }
    gone.forEach(TransportBuffer::close);
    if (loan.buffer() == null || loan.receiver() != null) {
      return loan;
    }
    return new Loan(id, name, spec, loan.buffer(), loan.buffer().allocate(), loan.fresh());
  }

  private Loan chooseForGet(
      EntryId id, Name name, Spec spec, long bytes, List<TransportBuffer> gone) {
    Entry entry = open(id);
    boolean mismatched = entry != null && !entry.fits(spec, bytes);
    if (mismatched) {
      if (options.strict() && spec.dtype() != null) {
        throw CacheEntries.mismatch(id, entry, spec);
      }
      entries.remove(id, entry.buffer);
      gone.add(entry.buffer);
    }
    if (entry != null && !mismatched) {
      TransportBuffer.Receiver receiver = entry.buffer.takeIdle();
      if (receiver != null) {
        hits++;
        return new Loan(id, name, spec, entry.buffer, receiver, false);
      }
    }
    if (!admits(spec, bytes, gone)) {
      return Loan.none(id, name, spec);
    }
    reallocations += mismatched ? 1 : 0;
    misses += mismatched ? 0 : 1;
    if (entry != null && !mismatched) {
      return new Loan(id, name, spec, entry.buffer, null, false);
    }
    TransportBuffer buffer = new TransportBuffer(id.store(), spec.capacity(bytes));
    buffer.claim();
    return new Loan(id, name, spec, buffer, null, true);
  }

  /** The memory has what was asked for: from now on its buffer is known. */
  void received(Loan loan) {
    TransportBuffer buffer = loan.buffer();
    if (buffer == null) {
      return;
    }
    boolean kept = true;
    lock.lock();
    try {
      if (loan.fresh()) {
        kept = entries.use(loan.id()) == null && !loan.id().store().isClosed();
        if (kept) {
          entries.put(loan.id(), new Entry(buffer, loan.name().key(), loan.spec()));
        }
      } else {
        entries.recount(loan.id(), buffer);
      }
    } finally {
      lock.unlock();
    }
    if (!kept) {
      buffer.close();
    }
  }

  /** Takes memory back from whoever has read what is in it, or had nothing to read. */
  void giveBack(Loan loan, boolean succeeded) {
    TransportBuffer buffer = loan.buffer();
    if (buffer == null || loan.receiver() == null) {
      return;
    }
    if (!succeeded && loan.fresh()) {
      buffer.close();
    }
    buffer.giveBack(loan.receiver());
  }

  /** Evicts until the limits hold. */
  void trim() {
    drop(_ -> evicted(0, 0));
  }

  /** Whether a buffer may be made now, after evicting for it. */
  private boolean admits(Spec spec, long bytes, List<TransportBuffer> gone) {
    limit.lookUp(entries.bytes());
    long capacity = spec.capacity(bytes);
    if (capacity > limit.bytes()) {
      bypasses++;
      return false;
    }
    gone.addAll(evicted(1, capacity));
    return true;
  }

  private List<TransportBuffer> evicted(int moreEntries, long moreBytes) {
    List<TransportBuffer> gone =
        entries.evict((long) options.limitEntries() - moreEntries, limit.bytes() - moreBytes);
    evictions += gone.size();
    return gone;
  }
}
