package dev.windlass.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Lays the rows out as text: each with its figures, their spread, and what was compared. */
final class Table {
  private static final List<String> HEADINGS =
      List.of("item", "ours", "limit", "peer", "ours/limit", "ours/peer", "target", "met?");

  private Table() {}

  static String of(List<Row> rows) {
    List<List<String>> lines = new ArrayList<>();
    lines.add(HEADINGS);
    for (Row row : rows) {
      lines.add(List.of());
      addLines(row, lines);
    }
    int[] widths = new int[HEADINGS.size()];
    for (List<String> line : lines) {
      for (int column = 0; column < line.size(); column++) {
        widths[column] = Math.max(widths[column], line.get(column).length());
      }
    }
    StringBuilder out = new StringBuilder();
    for (List<String> line : lines) {
      StringBuilder laidOut = new StringBuilder();
      for (int column = 0; column < line.size(); column++) {
        laidOut.append(
            String.format(Locale.ROOT, "%-" + (widths[column] + 2) + "s", line.get(column)));
      }
      out.append(laidOut.toString().stripTrailing()).append('\n');
    }
    rows.stream()
        .filter(row -> !row.problem().isEmpty())
        .map(row -> "\nnot run: " + row.item().title() + ": " + row.problem() + "\n")
        .forEach(out::append);
    return out.toString();
  }

  private static void addLines(Row row, List<List<String>> lines) {
    Item item = row.item();
    lines.add(
        List.of(
            (item.number() + " " + item.title()).strip(),
            median(row, Row.OURS),
            median(row, Row.LIMIT),
            median(row, Row.PEER),
            ratio(row, Row.LIMIT),
            ratio(row, Row.PEER),
            row.targetText(),
            row.metText()));
    if (!row.problem().isEmpty()) {
      return;
    }
    lines.add(
        List.of(
            "  limit: " + item.limit(),
            spread(row, Row.OURS),
            spread(row, Row.LIMIT),
            spread(row, Row.PEER),
            ratioSpread(row, Row.LIMIT),
            ratioSpread(row, Row.PEER)));
    lines.add(
        List.of(
            "  peer:  " + item.peer(),
            processor(row, Row.OURS),
            processor(row, Row.LIMIT),
            processor(row, Row.PEER)));
    row.sides().keySet().stream()
        .filter(side -> !List.of(Row.OURS, Row.LIMIT, Row.PEER).contains(side))
        .forEach(
            side ->
                lines.add(
                    List.of(
                        "  beside: " + side.replace('_', ' ') + " " + median(row, side),
                        "ours is " + ratio(row, side) + " of it")));
  }

  private static String median(Row row, String side) {
    return row.side(side)
        .map(found -> figure(found.rate().median()) + " " + row.item().unit().label())
        .orElse("–");
  }

  private static String spread(Row row, String side) {
    return row.side(side).map(found -> range(found.rate())).orElse("");
  }

  private static String ratio(Row row, String side) {
    Optional<Samples> ratio = row.ratioTo(side);
    return ratio.map(found -> figure(found.median())).orElse("–");
  }

  private static String ratioSpread(Row row, String side) {
    return row.ratioTo(side).map(Table::range).orElse("");
  }

  private static String processor(Row row, String side) {
    return row.side(side)
        .flatMap(Side::cpuSecondsPerGigabyte)
        .map(found -> String.format(Locale.ROOT, "%.3f CPU s/GB", found.median()))
        .orElse("");
  }

  private static String range(Samples samples) {
    return figure(samples.min()) + "–" + figure(samples.max());
  }

  private static String figure(double value) {
    return String.format(Locale.ROOT, value < 100 ? "%.2f" : "%.0f", value);
  }
}
