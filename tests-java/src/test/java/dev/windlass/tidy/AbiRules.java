package dev.windlass.tidy;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The manners of the ABI headers, which foreign languages depend on. */
final class AbiRules {
  private static final Map<Pattern, String> FORBIDDEN =
      Map.of(
          Pattern.compile("\\binline\\b"), "an inline function cannot be called from elsewhere",
          Pattern.compile("(?m)^[ \\t]*#[ \\t]*define[ \\t]+\\w+\\("), "a function-like macro",
          Pattern.compile("\\bunion\\b"), "a union",
          Pattern.compile("\\benum\\s+\\w"), "a named enum, whose size is the compiler's affair",
          Pattern.compile("\\(\\s*\\*"), "a callback");

  private static final Pattern STRUCT =
      Pattern.compile("typedef\\s+struct\\s*(\\w*)\\s*\\{([^}]*)\\}\\s*(\\w+)\\s*;");
  private static final Pattern WRONG_FIELD =
      Pattern.compile("\\b(bool|_Bool|long|size_t|ssize_t|off_t|time_t)\\b");
  private static final Pattern BIT_FIELD = Pattern.compile("\\w\\s*:\\s*\\d+\\s*;");
  private static final Pattern FUNCTION =
      Pattern.compile("^WL_API\\s+([\\w\\s]+[\\w*])\\s+\\*?\\s*(\\w+)\\s*\\(([^()]*)\\)$");
  private static final Pattern NAME = Pattern.compile("wl_[a-z][a-z0-9]*(_[a-z0-9]+)+");

  /** Functions about the library itself, which need no noun. */
  private static final Set<String> NOUNLESS = Set.of("wl_version");

  /** Fixed for ever, since they are the caller's or travel as they are, so without a size. */
  private static final Set<String> SIZELESS =
      Set.of(
          "wl_archive_entry",
          "wl_condition",
          "wl_entry",
          "wl_entry_info",
          "wl_error",
          "wl_export_name",
          "wl_export_piece",
          "wl_pull_item",
          "wl_put_item",
          "wl_rdma_device",
          "wl_rdma_gid",
          "wl_rdma_port",
          "wl_read",
          "wl_region_outcome",
          "wl_slice");

  private final List<Finding> findings = new ArrayList<>();
  private final Map<String, SourceFile> functions = new TreeMap<>();
  private final Set<String> structs = new TreeSet<>();

  private AbiRules() {}

  static List<Finding> check(SourceTree tree) {
    AbiRules rules = new AbiRules();
    List<SourceFile> headers = headers(tree);
    headers.forEach(rules::collect);
    headers.forEach(rules::checkText);
    headers.forEach(rules::checkStructs);
    headers.forEach(file -> rules.eachStatement(file, rules::checkFunction));
    return rules.findings;
  }

  /** The names of all functions that the headers declare. */
  static Set<String> functions(SourceTree tree) {
    AbiRules rules = new AbiRules();
    headers(tree).forEach(rules::collect);
    return rules.functions.keySet();
  }

  private static List<SourceFile> headers(SourceTree tree) {
    return tree.under("native/include/").filter(SourceFile::isNative).toList();
  }

  private void collect(SourceFile file) {
    eachStatement(
        file,
        (source, offset, statement) -> {
          Matcher matcher = FUNCTION.matcher(statement);
          if (matcher.matches()) {
            functions.put(matcher.group(2), source);
          }
        });
    STRUCT.matcher(file.code()).results().forEach(found -> structs.add(found.group(3)));
  }

  private void checkText(SourceFile file) {
    FORBIDDEN.forEach(
        (pattern, what) ->
            pattern
                .matcher(file.code())
                .results()
                .forEach(
                    found ->
                        report(
                            file,
                            found.start(),
                            "an ABI header has " + what,
                            "Plain C11 that every foreign function interface can read:"
                                + " functions, typedefs of fixed width, structs, constants")));
  }

  private void checkStructs(SourceFile file) {
    STRUCT.matcher(file.code()).results().forEach(found -> checkStruct(file, found));
  }

  private void checkStruct(SourceFile file, MatchResult found) {
    String name = found.group(3);
    String body = found.group(2);
    if (!found.group(1).equals(name)) {
      report(file, found.start(), "the struct's tag is not " + name, "Name both alike");
    }
    WRONG_FIELD
        .matcher(body)
        .results()
        .forEach(
            wrong ->
                report(
                    file,
                    found.start(2) + wrong.start(),
                    name + " has a field of type " + wrong.group(),
                    "Use a type of fixed width, such as int32_t or uint64_t"));
    BIT_FIELD
        .matcher(body)
        .results()
        .forEach(
            wrong ->
                report(
                    file,
                    found.start(2) + wrong.start(),
                    name + " has a bit-field",
                    "Use a whole int32_t; bindings skip bit-fields"));
    if (!SIZELESS.contains(name)) {
      checkSized(file, found.start(), name, body);
    }
  }

  private void checkSized(SourceFile file, int offset, String name, String body) {
    if (!body.strip().startsWith("uint32_t struct_size;")) {
      report(
          file,
          offset,
          name + " does not begin with uint32_t struct_size",
          "Begin with it, so that the struct can grow");
    }
    if (!functions.containsKey(name + "_init")) {
      report(
          file,
          offset,
          name + " has no " + name + "_init",
          "Declare it, so that defaults live in one place");
    }
  }

  private interface StatementCheck {
    void accept(SourceFile file, int offset, String statement);
  }

  /** Calls check for each statement outside structs and enums, its blanks folded. */
  private void eachStatement(SourceFile file, StatementCheck check) {
    String code =
        blank(
            file.code(),
            Pattern.compile(
                "(?m)^[ \\t]*#(?:.*\\\\\\n"
                    + ")*.*$|\\bextern\\s+\"[^\"]*\"\\s*\\{|typedef\\s+struct[^}]*\\}|"
                    + "\\benum\\s*\\w*\\s*\\{[^}]*\\}"));
    int start = 0;
    for (int end = code.indexOf(';'); end >= 0; end = code.indexOf(';', start)) {
      String statement = code.substring(start, end);
      int offset = start + statement.length() - statement.stripLeading().length();
      check.accept(file, offset, statement.strip().replaceAll("\\s+", " ").replaceAll("^} ?", ""));
      start = end + 1;
    }
  }

  private static String blank(String text, Pattern pattern) {
    return pattern.matcher(text).replaceAll(found -> found.group().replaceAll("[^\\n]", " "));
  }

  private void checkFunction(SourceFile file, int offset, String statement) {
    if (!statement.contains("(")) {
      return;
    }
    Matcher matcher = FUNCTION.matcher(statement);
    if (!matcher.matches()) {
      report(
          file,
          offset,
          "\"" + statement + "\" is not declared with WL_API",
          "Begin every function with it: what is not exported does not belong into a header");
      return;
    }
    String name = matcher.group(2);
    if (!NAME.matcher(name).matches() && !NOUNLESS.contains(name)) {
      report(file, offset, name + " is not named wl_<noun>_<verb>", "Rename it");
    }
    String parameters = matcher.group(3);
    if (matcher.group(1).equals("wl_status") && !parameters.endsWith("wl_error* error")) {
      report(
          file,
          offset,
          name + " returns a status and has no wl_error* error at its end",
          "Add it, so that a failure can say what to do");
    }
    for (String struct : structs) {
      checkByValue(file, offset, matcher.toMatchResult(), struct);
    }
  }

  private void checkByValue(SourceFile file, int offset, MatchResult function, String struct) {
    Pattern byValue = Pattern.compile("\\b" + struct + "\\b(?!\\s*\\*)");
    if (byValue.matcher(function.group(3)).find() || function.group(1).equals(struct)) {
      report(
          file,
          offset,
          function.group(2) + " passes " + struct + " by value",
          "Pass a pointer to the caller's");
    }
  }

  private void report(SourceFile file, int offset, String rule, String wayOut) {
    findings.add(new Finding(file.path(), file.lineOf(offset), rule, wayOut));
  }
}
