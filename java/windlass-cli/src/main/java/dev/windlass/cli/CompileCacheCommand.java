package dev.windlass.cli;

import dev.windlass.compile.CacheProgress;
import dev.windlass.compile.CacheResult;
import dev.windlass.compile.CacheStatus;
import dev.windlass.compile.CompileCache;
import dev.windlass.compile.CompileCacheSettings;
import dev.windlass.compile.UsageCheck;
import dev.windlass.compile.UsageReport;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/** Keeps what torch.compile and vLLM compile in a shared directory, for the next cold start. */
final class CompileCacheCommand implements Command {
  /** Exit code: there is no archive, or no record of a load. */
  static final int DOES_NOT_EXIST = 3;

  /** Exit code: it was not needed. */
  static final int SKIPPED = 4;

  /** Exit code of verify-used: what was loaded was not used. */
  static final int NOT_USED = 5;

  /** Exit code of verify-used: it cannot be told. */
  static final int CANNOT_TELL = 6;

  private static final List<String> ACTIONS =
      List.of(
          "load",
          "save",
          "info",
          "list",
          "clear",
          "explain",
          "verify",
          "verify-used",
          "transfer",
          "vllm");

  private final Map<String, String> environment;

  CompileCacheCommand() {
    this(System.getenv());
  }

  CompileCacheCommand(Map<String, String> environment) {
    this.environment = environment;
  }

  @Override
  public String name() {
    return "compile-cache";
  }

  @Override
  public String summary() {
    return "keeps what torch.compile and vLLM compile in a shared directory, for the next cold"
        + " start";
  }

  @Override
  public String synopsis() {
    return "load|save|info|explain|vllm|… [--json] [--shared DIR] [--local DIR]";
  }

  @Override
  public String details() {
    return CompileCacheHelp.TEXT;
  }

  @Override
  public int run(List<String> arguments, Terminal terminal) {
    if (arguments.isEmpty() || !ACTIONS.contains(arguments.getFirst())) {
      throw new UsageException(notAnAction(arguments));
    }
    try (CacheLog _ = new CacheLog(terminal)) {
      return run(arguments.getFirst(), arguments.subList(1, arguments.size()), terminal);
    }
  }

  private int run(String action, List<String> words, Terminal terminal) {
    if (action.equals("vllm")) {
      return new CompileCacheVllm(environment, terminal).run(words);
    }
    List<String> names = words.stream().takeWhile(word -> !word.startsWith("--")).toList();
    requireNames(action, names.size());
    CompileCacheOptions options =
        CompileCacheOptions.parse(words.subList(names.size(), words.size()), environment, Set.of());
    return run(action, names, options, terminal);
  }

  private int run(
      String action, List<String> names, CompileCacheOptions options, Terminal terminal) {
    CacheBars bars = new CacheBars(terminal, !options.json());
    Consumer<CacheProgress> progress = bars::update;
    CompileCacheSettings settings = options.settings(progress);
    CompileCache cache = CompileCache.of(settings);
    CompileCacheReports reports = new CompileCacheReports(terminal, options.json());
    return switch (action) {
      case "load" -> told(reports, bars, cache.load(), action);
      case "save" -> told(reports, bars, cache.save(), action);
      case "clear" -> told(reports, bars, cache.clearLocal(), action);
      case "verify" ->
          told(
              reports,
              bars,
              names.isEmpty() ? cache.verify() : cache.verify(names.getFirst()),
              action);
      case "transfer" ->
          told(
              reports,
              bars,
              cache.transfer(Path.of(names.getFirst()), Path.of(names.getLast())),
              action);
      case "info" -> reports.info(cache.info(), settings);
      case "list" -> reports.list(cache.list(), settings);
      case "explain" -> reports.explanation(cache.explain());
      default -> verifyUsed(reports, settings.localDirectory());
    };
  }

  private static int told(
      CompileCacheReports reports, CacheBars bars, CacheResult result, String action) {
    bars.finish();
    reports.result(action, result);
    return exitCode(result.status());
  }

  static int exitCode(CacheStatus status) {
    return switch (status) {
      case SUCCESS -> OK;
      case ERROR -> FAILED;
      case DOES_NOT_EXIST -> DOES_NOT_EXIST;
      case SKIPPED -> SKIPPED;
    };
  }

  private static int verifyUsed(CompileCacheReports reports, Path local) {
    try {
      UsageReport report = UsageCheck.of(local);
      reports.usage(report);
      return switch (report.verdict()) {
        case USED, USED_IN_PART -> OK;
        case NOT_USED, COMPILED_ANEW -> NOT_USED;
        case CANNOT_TELL -> CANNOT_TELL;
        case NO_RECORD -> DOES_NOT_EXIST;
      };
    } catch (IOException e) {
      return reports.failure("verify-used", String.valueOf(e.getMessage()));
    }
  }

  private static void requireNames(String action, int given) {
    if (action.equals("transfer") && given != 2) {
      throw new UsageException("transfer takes two files: what to copy, and where to");
    }
    if (action.equals("verify") ? given > 1 : !action.equals("transfer") && given > 0) {
      throw new UsageException(
          action.equals("verify")
              ? "verify takes the name of one archive, as list shows it, or none"
              : action + " takes no names");
    }
  }

  private static String notAnAction(List<String> arguments) {
    String all = "say what to do: " + String.join(", ", ACTIONS);
    if (arguments.isEmpty()) {
      return all;
    }
    String word = arguments.getFirst();
    return Names.nearest(word, ACTIONS)
        .map(near -> "\"%s\" is nothing it does; did you mean %s?".formatted(word, near))
        .orElse("\"%s\" is nothing it does; %s".formatted(word, all));
  }
}
