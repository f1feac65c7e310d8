package dev.windlass.bindings;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/** File descriptors as the system has them: numbers. Java has no way to close one. */
public final class Descriptors {
  private static final class Once {
    static final MethodHandle CLOSE = find();
  }

  private Descriptors() {}

  /** Closes it; false where there is none of this number. */
  public static boolean close(int descriptor) {
    try {
      return (int) Once.CLOSE.invokeExact(descriptor) == 0;
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException("descriptor " + descriptor + " could not be closed", e);
    }
  }

  @SuppressWarnings("restricted")
  private static MethodHandle find() {
    Linker linker = Linker.nativeLinker();
    return linker.downcallHandle(
        linker.defaultLookup().findOrThrow("close"),
        FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
  }
}
