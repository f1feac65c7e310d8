package dev.windlass.compile;

/** Compares texts with numbers in them as people do: 3.9 comes before 3.10. */
final class NaturalOrder {
  private NaturalOrder() {}

  static int compare(String one, String other) {
    int left = 0;
    int right = 0;
    while (left < one.length() && right < other.length()) {
      int leftEnd = endOfRun(one, left);
      int rightEnd = endOfRun(other, right);
      int order = compareRuns(one.substring(left, leftEnd), other.substring(right, rightEnd));
      if (order != 0) {
        return order;
      }
      left = leftEnd;
      right = rightEnd;
    }
    return Integer.compare(one.length() - left, other.length() - right);
  }

  private static boolean isDigit(char letter) {
    return letter >= '0' && letter <= '9';
  }

  /** Where the digits end that begin here, or else what is none. */
  private static int endOfRun(String text, int start) {
    boolean digits = isDigit(text.charAt(start));
    int end = start + 1;
    while (end < text.length() && isDigit(text.charAt(end)) == digits) {
      end++;
    }
    return end;
  }

  private static int compareRuns(String one, String other) {
    if (!isDigit(one.charAt(0)) || !isDigit(other.charAt(0))) {
      return one.compareTo(other);
    }
    String left = one.replaceFirst("^0+(?=.)", "");
    String right = other.replaceFirst("^0+(?=.)", "");
    int order = Integer.compare(left.length(), right.length());
    return order != 0 ? order : left.compareTo(right);
  }
}
