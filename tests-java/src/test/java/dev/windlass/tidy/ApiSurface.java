package dev.windlass.tidy;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.Executable;
import java.lang.reflect.Field;
import java.lang.reflect.Member;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Type;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.jar.JarFile;
import java.util.stream.Stream;

/** What the compiled Java library shows to its users: the public and protected signatures. */
final class ApiSurface {
  private ApiSurface() {}

  /** The public classes of the project on the class path and module path, the bindings excepted. */
  static List<Class<?>> publicClasses() {
    String paths =
        System.getProperty("java.class.path", "")
            + File.pathSeparator
            + System.getProperty("jdk.module.path", "");
    List<Class<?>> found = new ArrayList<>();
    for (String entry : paths.split(File.pathSeparator)) {
      classNames(Path.of(entry))
          .filter(name -> name.startsWith("dev.windlass."))
          .filter(name -> !name.startsWith("dev.windlass.bindings."))
          .map(ApiSurface::load)
          .filter(type -> isShown(type) && !isTest(type))
          .forEach(found::add);
    }
    return found;
  }

  /** Reports each shown signature that names the package or one below it. */
  static List<Finding> check(List<Class<?>> types, String packageName) {
    List<Finding> findings = new ArrayList<>();
    for (Class<?> type : types) {
      signatures(type)
          .filter(signature -> signature.contains(packageName + "."))
          .forEach(
              signature ->
                  findings.add(
                      new Finding(
                          type.getName().replace('.', '/') + ".java",
                          1,
                          "the public signature \"" + signature + "\" names " + packageName,
                          "Make it package-private, or take and return types of the public API")));
    }
    return findings;
  }

  private static Stream<String> signatures(Class<?> type) {
    Stream<String> supertypes =
        Stream.concat(
                Stream.ofNullable(type.getGenericSuperclass()),
                Arrays.stream(type.getGenericInterfaces()))
            .map(Type::getTypeName);
    Stream<String> bounds =
        Arrays.stream(type.getTypeParameters())
            .flatMap(parameter -> Arrays.stream(parameter.getBounds()))
            .map(Type::getTypeName);
    Stream<String> executables =
        Stream.<Executable>concat(
                Arrays.<Constructor<?>>stream(type.getDeclaredConstructors()),
                Arrays.<Method>stream(type.getDeclaredMethods()))
            .filter(ApiSurface::isShown)
            .map(Executable::toGenericString);
    Stream<String> fields =
        Arrays.stream(type.getDeclaredFields())
            .filter(ApiSurface::isShown)
            .map(Field::toGenericString);
    return Stream.of(supertypes, bounds, executables, fields).flatMap(each -> each);
  }

  private static boolean isShown(Member member) {
    return (member.getModifiers() & (Modifier.PUBLIC | Modifier.PROTECTED)) != 0
        && !member.isSynthetic();
  }

  /** Whether the class and all classes around it are public or protected. */
  private static boolean isShown(Class<?> type) {
    for (Class<?> each = type; each != null; each = each.getEnclosingClass()) {
      if ((each.getModifiers() & (Modifier.PUBLIC | Modifier.PROTECTED)) == 0) {
        return false;
      }
    }
    return !type.isAnonymousClass() && !type.isSynthetic();
  }

  private static boolean isTest(Class<?> type) {
    return type.getName().contains(".tidy.") || type.getSimpleName().endsWith("Test");
  }

  private static Class<?> load(String name) {
    try {
      return Class.forName(name, false, ApiSurface.class.getClassLoader());
    } catch (ClassNotFoundException e) {
      throw new IllegalStateException(name + " is on the class path and cannot be loaded", e);
    }
  }

  private static Stream<String> classNames(Path entry) {
    try {
      if (entry.toString().endsWith(".jar") && Files.isRegularFile(entry)) {
        try (JarFile jar = new JarFile(entry.toFile())) {
          return toClassNames(jar.stream().map(Object::toString).toList());
        }
      }
      // Only the project's own folder: an empty entry means whatever folder the test runs in.
      Path own = entry.resolve("dev/windlass");
      if (Files.isDirectory(own) && !entry.endsWith("test-classes")) {
        try (Stream<Path> files = Files.walk(own)) {
          return toClassNames(files.map(file -> entry.relativize(file).toString()).toList());
        }
      }
      return Stream.empty();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Stream<String> toClassNames(List<String> paths) {
    return paths.stream()
        .filter(path -> path.endsWith(".class") && !path.startsWith("META-INF"))
        .filter(path -> !path.endsWith("-info.class"))
        .map(path -> path.substring(0, path.length() - ".class".length()).replace('/', '.'));
  }
}
