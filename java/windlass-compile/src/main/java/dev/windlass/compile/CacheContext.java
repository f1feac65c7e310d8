package dev.windlass.compile;

/** What the operations of a cache work with. */
record CacheContext(
    CompileCacheSettings settings,
    Archives archives,
    Links links,
    Ticker ticker,
    Step.Listener steps) {
  static CacheContext of(CompileCacheSettings settings) {
    return new CacheContext(
        settings, new NativeArchives(), Links.system(), Ticker.system(), step -> {});
  }

  Watch watch() {
    return new Watch(settings.progress());
  }
}
