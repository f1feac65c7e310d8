package dev.windlass.tidy;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Finds the functions of a source file by matching braces.
 *
 * <p>A function is a block outside any other function whose head has a parameter list and declares
 * no type. Lambdas and local classes count as part of the function around them.
 */
final class Functions {
  /** One function: its name, the lines of its head and closing brace, and their number. */
  record Function(String name, int firstLine, int lastLine) {
    int lines() {
      return lastLine - firstLine + 1;
    }
  }

  private enum Block {
    FUNCTION,
    OTHER
  }

  private static final Pattern DIRECTIVE = Pattern.compile("(?m)^[ \\t]*#(?:.*\\\\\\n)*.*$");
  private static final Pattern ANNOTATION = Pattern.compile("@(?!interface)[\\w.]+(\\([^()]*\\))?");
  private static final Pattern ATTRIBUTE =
      Pattern.compile("(alignas|__attribute__)\\s*\\(+[^()]*\\)*(\\([^()]*\\))?\\)*");
  private static final Pattern TYPE =
      Pattern.compile("\\b(class|struct|union|enum|namespace|interface|record)\\b");
  private static final Pattern COMPACT =
      Pattern.compile("static|(public |protected |private )?[A-Z]\\w*");
  private static final Pattern LABEL = Pattern.compile("\\b(public|private|protected)\\s*:");
  private static final Pattern NAME = Pattern.compile("([\\w:~]+|operator\\W{1,3})\\s*\\(");
  private static final Pattern TEST = Pattern.compile("TEST(?:_[FP])?\\s*\\(([^)]*)\\)");

  private final SourceFile file;
  private final String code;
  private final List<Function> found = new ArrayList<>();
  private final Deque<Block> blocks = new ArrayDeque<>();
  private int functionStart;
  private String functionName = "";
  private int depthInFunction;

  private Functions(SourceFile file) {
    this.file = file;
    this.code =
        file.isJava()
            ? file.code()
            : DIRECTIVE.matcher(file.code()).replaceAll(m -> m.group().replaceAll("[^\\n]", " "));
  }

  static List<Function> of(SourceFile file) {
    Functions functions = new Functions(file);
    functions.scan();
    return functions.found;
  }

  private void scan() {
    int headStart = 0;
    for (int at = 0; at < code.length(); at++) {
      char c = code.charAt(at);
      if (c == '{') {
        open(headStart, at);
      } else if (c == '}') {
        close(at);
      }
      if (c == '{' || c == '}' || c == ';') {
        headStart = at + 1;
      }
    }
  }

  private void open(int headStart, int at) {
    if (depthInFunction > 0) {
      depthInFunction++;
      return;
    }
    String head = LABEL.matcher(code.substring(headStart, at)).replaceAll("").strip();
    boolean function = isFunction(head);
    blocks.push(function ? Block.FUNCTION : Block.OTHER);
    if (function) {
      int start = headStart;
      Matcher label = LABEL.matcher(code).region(headStart, at);
      while (label.find()) {
        start = label.end();
      }
      while (Character.isWhitespace(code.charAt(start))) {
        start++;
      }
      functionStart = start;
      functionName = nameOf(head);
      depthInFunction = 1;
    }
  }

  private void close(int at) {
    if (depthInFunction > 1) {
      depthInFunction--;
    } else if (!blocks.isEmpty() && blocks.pop() == Block.FUNCTION) {
      depthInFunction = 0;
      found.add(new Function(functionName, file.lineOf(functionStart), file.lineOf(at)));
    }
  }

  private boolean isFunction(String head) {
    String bare = ANNOTATION.matcher(head).replaceAll("");
    bare = ATTRIBUTE.matcher(bare).replaceAll("").strip();
    if (file.isJava()) {
      return !isJavaType(bare) && (bare.contains(")") || COMPACT.matcher(bare).matches());
    }
    return bare.contains(")");
  }

  private static boolean isJavaType(String head) {
    Matcher type = TYPE.matcher(head);
    return type.find() && !head.substring(0, type.start()).contains("(");
  }

  private static String nameOf(String head) {
    Matcher test = TEST.matcher(head);
    if (test.find()) {
      return test.group(1).replaceAll("\\s*,\\s*", ".");
    }
    Matcher name = NAME.matcher(ANNOTATION.matcher(head).replaceAll(""));
    return name.find() ? name.group(1) : head;
  }
}
