package dev.windlass.support;

import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/**
 * A JVM of the JDK that runs the tests, with the packaged jar and the tests' classes on its class
 * path.
 */
public final class ChildJvm {
  private static final long TIMEOUT_SECONDS = 120;

  /** How it ended. Standard output and standard error are one text. */
  public record Result(int exitCode, String output) {}

  /** One that runs. */
  public record Running(Process process, Path output) {
    public Result await() throws IOException, InterruptedException {
      if (!process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor();
        throw new IllegalStateException("a child JVM hangs; it said: " + Files.readString(output));
      }
      Result result = new Result(process.exitValue(), Files.readString(output).strip());
      Files.delete(output);
      return result;
    }
  }

  private final List<String> before = new ArrayList<>();
  private final List<String> arguments = new ArrayList<>();
  private final Map<String, String> environment = new TreeMap<>();
  private String classPath = jarOf(ChildJvm.class) + File.pathSeparator + windlassJar();

  /** Words that come before the command, such as those of unshare. */
  public ChildJvm under(String... words) {
    before.addAll(List.of(words));
    return this;
  }

  public ChildJvm option(String option) {
    arguments.add(option);
    return this;
  }

  public ChildJvm property(String name, Object value) {
    return option("-D" + name + "=" + value);
  }

  public ChildJvm nativeAccess() {
    return option("--enable-native-access=ALL-UNNAMED");
  }

  public ChildJvm environment(String name, Object value) {
    environment.put(name, value.toString());
    return this;
  }

  /** Another jar in place of the packaged one; or none, if only the tests' classes are wanted. */
  public ChildJvm jar(Path jar) {
    classPath = jarOf(ChildJvm.class) + File.pathSeparator + jar;
    return this;
  }

  /** The jar of a further class on the class path. */
  public ChildJvm with(Class<?> type) {
    classPath += File.pathSeparator + jarOf(type);
    return this;
  }

  public Running start(String... mainAndArguments) throws IOException {
    List<String> command = new ArrayList<>(before);
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:TieredStopAtLevel=1", "-Xshare:auto", "-Xmx64m"));
    command.addAll(arguments);
    command.addAll(List.of("-cp", classPath));
    command.addAll(List.of(mainAndArguments));
    Path output = Files.createTempFile("windlass-child", ".txt");
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().remove("XDG_CACHE_HOME");
    builder.environment().remove("JAVA_TOOL_OPTIONS");
    builder.environment().putAll(environment);
    return new Running(builder.redirectOutput(output.toFile()).start(), output);
  }

  public Result run(String... mainAndArguments) throws IOException, InterruptedException {
    return start(mainAndArguments).await();
  }

  /** The packaged jar, with which these tests run. */
  public static Path windlassJar() {
    return jarOf(dev.windlass.Windlass.class);
  }

  /** Where a class comes from: a jar, or a folder. */
  public static Path jarOf(Class<?> type) {
    try {
      return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }
}
