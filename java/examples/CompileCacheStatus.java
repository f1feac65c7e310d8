import dev.windlass.compile.CacheEntry;
import dev.windlass.compile.CacheInfo;
import dev.windlass.compile.CacheListing;
import dev.windlass.compile.CompileCache;

/** Shows the state of the cache, and which archives there are. */
void main() {
  CompileCache cache = CompileCache.fromEnvironment();
  CacheInfo info = cache.info();
  IO.println("Environment: " + info.environmentKey());
  IO.println("Local cache: " + info.localCacheExists());
  IO.println("Remote cache: " + info.sharedCacheExists());

  CacheListing caches = cache.list();
  IO.println("Total caches: " + caches.totalCaches());
  for (CacheEntry entry : caches.caches()) {
    IO.println("  %s (%.1f MB)".formatted(entry.filename(), entry.bytes() / 1048576.0));
  }
}
