package dev.windlass.cli;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.function.IntConsumer;

/**
 * Signals of POSIX: those that come in, and those that are sent on.
 *
 * <p>The JDK hands them over through a class that its compiler warns of, and which every JDK has;
 * so it is called by reflection. A JDK without it leaves signals as they are.
 */
final class Signals {
  /** Those that ask a process to end, or to look at its configuration anew. */
  static final List<String> PASSED_ON = List.of("TERM", "INT", "HUP");

  private Signals() {}

  /**
   * Has a signal handed over, by its number, instead of ending this process. The handler runs in a
   * thread of its own.
   *
   * @return whether it could be had
   */
  static boolean handle(String name, IntConsumer handler) {
    try {
      Class<?> signal = Class.forName("sun.misc.Signal");
      Class<?> handlers = Class.forName("sun.misc.SignalHandler");
      Object handling =
          Proxy.newProxyInstance(
              Signals.class.getClassLoader(),
              new Class<?>[] {handlers},
              (proxy, method, arguments) -> {
                if (method.getName().equals("handle")) {
                  handler.accept((int) signal.getMethod("getNumber").invoke(arguments[0]));
                  return null;
                }
                return ofObject(method.getName(), proxy, arguments);
              });
      Object named = signal.getConstructor(String.class).newInstance(name);
      signal.getMethod("handle", signal, handlers).invoke(null, named, handling);
      return true;
    } catch (ReflectiveOperationException none) {
      return false;
    }
  }

  /** A proxy answers for what every object has, too. */
  @SuppressWarnings("ReferenceEquality") // That is what equals is here.
  private static Object ofObject(String method, Object proxy, Object[] arguments) {
    return switch (method) {
      case "hashCode" -> System.identityHashCode(proxy);
      case "equals" -> proxy == arguments[0];
      default -> "windlass";
    };
  }

  /** Sends a signal to a process; whether there was one. */
  @SuppressWarnings("restricted")
  static boolean send(long process, int number) {
    Linker linker = Linker.nativeLinker();
    MethodHandle kill =
        linker.downcallHandle(
            linker.defaultLookup().findOrThrow("kill"),
            FunctionDescriptor.of(
                ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
    try {
      return (int) kill.invokeExact(Math.toIntExact(process), number) == 0;
    } catch (Throwable impossible) {
      throw new IllegalStateException(impossible);
    }
  }
}
