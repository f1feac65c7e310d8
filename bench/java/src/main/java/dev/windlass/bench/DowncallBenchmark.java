package dev.windlass.bench;

import dev.windlass.bindings.WindlassAbi;
import java.lang.foreign.Linker;
import java.lang.invoke.MethodHandle;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** What a call into the library costs, whatever it does: the library's version, which it knows. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class DowncallBenchmark {
  @SuppressWarnings("restricted")
  private static final MethodHandle CRITICAL =
      Linker.nativeLinker()
          .downcallHandle(
              WindlassAbi.wl_abi_version$address(),
              WindlassAbi.wl_abi_version$descriptor(),
              Linker.Option.critical(false));

  /** Only JNI needs its library loaded beforehand. */
  @State(Scope.Benchmark)
  public static class Jni {
    @Setup
    public void load() {
      JniNop.load();
    }
  }

  @Benchmark
  public int bindings() {
    return WindlassAbi.wl_abi_version();
  }

  @Benchmark
  public int critical() throws Throwable {
    return (int) CRITICAL.invokeExact();
  }

  @Benchmark
  public int jni(Jni library) {
    return JniNop.version();
  }
}
