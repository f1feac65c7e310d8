package dev.windlass.store;

import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/** Keys, page after page. */
final class KeyPages implements Iterator<String> {
  private final long store;
  private final String prefix;
  private final boolean byComponent;
  private StoreCalls.KeyPage page;
  private int next;

  private KeyPages(long store, String prefix, boolean byComponent) {
    this.store = store;
    this.prefix = prefix;
    this.byComponent = byComponent;
    this.page = StoreCalls.listKeys(store, prefix, byComponent, "");
  }

  static Stream<String> stream(long store, String prefix, boolean byComponent) {
    Iterator<String> keys = new KeyPages(store, prefix, byComponent);
    int traits = Spliterator.ORDERED | Spliterator.DISTINCT | Spliterator.NONNULL;
    return StreamSupport.stream(Spliterators.spliteratorUnknownSize(keys, traits), false);
  }

  @Override
  public boolean hasNext() {
    while (next == page.keys().size() && page.more()) {
      page = StoreCalls.listKeys(store, prefix, byComponent, page.keys().getLast());
      next = 0;
    }
    return next < page.keys().size();
  }

  @Override
  public String next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    return page.keys().get(next++);
  }
}
