package dev.windlass.bench;

import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * One row of the table: an item with what was measured, or with the reason why nothing was.
 *
 * @param sides ours, limit, peer, and whatever else was measured beside them
 */
record Row(Item item, Map<String, Side> sides, String problem) {
  static final String OURS = "ours";
  static final String LIMIT = "limit";
  static final String PEER = "peer";

  static Row measured(Item item, Map<String, Side> sides) {
    return new Row(item, sides, "");
  }

  static Row without(Item item, String problem) {
    return new Row(item, Map.of(), problem);
  }

  Optional<Side> side(String name) {
    return Optional.ofNullable(sides.get(name));
  }

  /** How many times as good ours is as that side. */
  Optional<Samples> ratioTo(String name) {
    return side(OURS)
        .flatMap(ours -> side(name).map(other -> item.unit().ratio(ours.rate(), other.rate())));
  }

  /** Whether all that is promised was measured and held; empty where nothing is promised. */
  Optional<Boolean> met() {
    if (item.limitTarget().isEmpty() && item.peerTarget().isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(holds(item.limitTarget(), LIMIT) && holds(item.peerTarget(), PEER));
  }

  private boolean holds(OptionalDouble target, String side) {
    return target.isEmpty()
        || ratioTo(side).map(ratio -> ratio.median() >= target.getAsDouble()).orElse(false);
  }

  String targetText() {
    StringBuilder text = new StringBuilder();
    item.limitTarget()
        .ifPresent(target -> text.append(String.format(Locale.ROOT, "≥ %.2f limit", target)));
    item.peerTarget()
        .ifPresent(
            target ->
                text.append(text.isEmpty() ? "" : ", ")
                    .append(String.format(Locale.ROOT, "≥ %.1f peer", target)));
    return text.isEmpty() ? "–" : text.toString();
  }

  String metText() {
    return problem.isEmpty() ? met().map(yes -> yes ? "yes" : "NO").orElse("–") : "not run";
  }
}
