package dev.windlass;

/** What became of a call, as the library says it; the twin of {@code wl_status}. */
public enum Status {
  OK(0, "The call did what it says."),
  INVALID_ARGUMENT(1, "An argument is outside what the call takes: correct the call."),
  STALE_HANDLE(2, "The handle was closed, or never was one: open the object again."),
  WRONG_KIND(3, "The handle names an object of another kind: pass the right one."),
  STATE(4, "The object is not in a state in which this can be done: bring it there first."),
  NO_MEMORY(
      5, "The machine or the device has not enough memory: free some, ask for less, or try later."),
  NO_SPACE(6, "A limit that was set is reached: raise it, or free some of what it holds."),
  NOT_FOUND(7, "What was named does not exist."),
  UNSUPPORTED(8, "This build, machine or object cannot do that."),
  VERSION(9, "Caller and library are of ABI versions that do not fit: install matching ones."),
  PERMISSION(10, "The operating system forbids it: the message names the permission or limit."),
  CORRUPT(
      11, "Bytes read back are not the bytes that were written: their place cannot be trusted."),
  IO(12, "Reading or writing failed: the system code has the reason."),
  DEVICE(13, "The device or its driver refused: the system code has its code."),
  TIMEOUT(14, "What was waited for did not come within the time given."),
  LIBRARY(15, "A shared library could not be found, verified or loaded."),
  INTERNAL(16, "A fault in Windlass itself: please report it with the message."),
  CONFLICT(17, "What is there has changed since it was looked at: look again."),
  UNAVAILABLE(
      18,
      "Whoever should answer cannot be reached, or went away: see that it runs, then try again."),
  MISMATCH(
      19,
      "What is there is of another kind, type or shape than was asked for: ask for what it is."),
  INCOMPLETE(20, "Parts of what was named are not there yet: put them, or wait for whoever does.");

  private static final Status[] BY_CODE = values();

  private final int code;
  private final String meaning;

  Status(int code, String meaning) {
    this.code = code;
    this.meaning = meaning;
  }

  /**
   * The status with this number.
   *
   * @throws IllegalArgumentException if there is none
   */
  public static Status of(int code) {
    if (code < 0 || code >= BY_CODE.length) {
      throw new IllegalArgumentException(
          "No status has the number " + code + "; they go from 0 to " + (BY_CODE.length - 1) + ".");
    }
    return BY_CODE[code];
  }

  /** The number, as in C. */
  public int code() {
    return code;
  }

  /** What it means and what to do about it, in a sentence. */
  public String meaning() {
    return meaning;
  }
}
