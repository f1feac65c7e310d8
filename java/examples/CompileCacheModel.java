import dev.windlass.compile.CacheResult;
import dev.windlass.compile.CacheStatus;
import dev.windlass.compile.CompileCache;

/** A model's start: load what was compiled before; else compile, and save it for the next start. */
void main() {
  CompileCache cache = CompileCache.fromEnvironment();
  CacheResult loaded = cache.load();
  IO.println("load: " + loaded.status());
  if (loaded.status() == CacheStatus.ERROR) {
    IO.println("Run in eager mode, skipping torch compile: " + loaded.reason());
    return;
  }
  compileAndWarmUp();
  if (loaded.status() != CacheStatus.SUCCESS) {
    IO.println("save: " + cache.save().status());
  }
}

/** Here the model is compiled, and used once with inputs such as it will get. */
void compileAndWarmUp() {}
