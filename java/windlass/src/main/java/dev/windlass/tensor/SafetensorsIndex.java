package dev.windlass.tensor;

import dev.windlass.Status;
import dev.windlass.WindlassException;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * An index of several files: which tensor is in which of them.
 *
 * <p>The files lie in the index's directory, or below it. What the system's links in there lead to
 * is the business of whoever made them: caches of models consist of links.
 */
final class SafetensorsIndex {
  private static final String TOTAL_SIZE = "total_size";

  private final Path index;
  private final Map<String, String> weights = new LinkedHashMap<>();
  private final Map<String, String> metadata = new LinkedHashMap<>();
  private boolean hasWeights;

  private SafetensorsIndex(Path index) {
    this.index = index;
  }

  static Safetensors open(Path index, Arena arena) {
    SafetensorsIndex read = new SafetensorsIndex(index);
    read.parse(text(index));
    Map<String, Safetensors> files = new LinkedHashMap<>();
    for (String name : read.weights.values()) {
      if (!files.containsKey(name)) {
        files.put(name, SafetensorsFile.open(read.sibling(name), arena));
      }
    }
    Map<String, String> metadata = new LinkedHashMap<>(read.metadata);
    Map<String, Tensor> tensors = LinkedHashMap.newLinkedHashMap(read.weights.size());
    files.forEach(
        (name, file) -> {
          file.tensors()
              .forEach(
                  (weight, tensor) -> {
                    if (name.equals(read.weights.get(weight))) {
                      tensors.put(weight, tensor);
                    }
                  });
          file.metadata().forEach(metadata::putIfAbsent);
        });
    read.checkAllThere(tensors);
    List<Path> paths = files.values().stream().map(Safetensors::path).toList();
    return new Safetensors(index, paths, tensors, metadata);
  }

  private Path sibling(String name) {
    try {
      return index.resolveSibling(name);
    } catch (InvalidPathException e) {
      throw corrupt(index, "no file of this system can be called '" + name + "'");
    }
  }

  private static byte[] text(Path index) {
    if (Files.exists(index) && !Files.isRegularFile(index)) {
      throw new WindlassException(
          Status.INVALID_ARGUMENT, 0, index + " is not a regular file: name one.");
    }
    try (InputStream input = Files.newInputStream(index)) {
      byte[] text = input.readNBytes((int) SafetensorsHeader.MAX_BYTES + 1);
      if (text.length > SafetensorsHeader.MAX_BYTES) {
        throw corrupt(index, "it has more than " + SafetensorsHeader.MAX_BYTES + " bytes");
      }
      return text;
    } catch (IOException e) {
      throw FileFailure.reading(index, e);
    }
  }

  private void parse(byte[] text) {
    JsonReader json = new JsonReader(text, what -> corrupt(index, "it " + what));
    json.object(
        key -> {
          switch (key) {
            case "weight_map" -> {
              hasWeights = true;
              json.object(weight -> weights.put(weight, fileName(weight, json.string())));
            }
            case "metadata" -> json.object(name -> keepText(name, json));
            default -> json.skip();
          }
        });
    json.end();
    if (!hasWeights) {
      throw corrupt(index, "it has no weight_map");
    }
  }

  /**
   * Texts are kept; what else tools write there, such as the total size, is only checked as JSON.
   */
  private void keepText(String name, JsonReader json) {
    if (json.isString()) {
      metadata.put(name, json.string());
    } else if (name.equals(TOTAL_SIZE) && !json.isNumber()) {
      throw json.refuse("has a total_size that is no number");
    } else {
      json.skip();
    }
  }

  private String fileName(String weight, String name) {
    if (!isInside(name)) {
      throw corrupt(
          index,
          "the file '" + name + "' of the tensor " + weight + " is not inside the directory");
    }
    return name;
  }

  /** Whether a name leads from a directory to what is in or below it, and is spelled plainly. */
  private static boolean isInside(String name) {
    if (name.indexOf('\\') >= 0 || name.indexOf('\0') >= 0) {
      return false;
    }
    for (String part : name.split("/", -1)) {
      if (part.isEmpty() || part.equals(".") || part.equals("..")) {
        return false;
      }
    }
    return true;
  }

  private void checkAllThere(Map<String, Tensor> tensors) {
    weights.forEach(
        (weight, file) -> {
          if (!tensors.containsKey(weight)) {
            throw new WindlassException(
                Status.MISMATCH,
                0,
                "%s says that the tensor %s is in %s, and it is not there: are both of one version?"
                    .formatted(index, weight, file));
          }
        });
  }

  static void write(
      Path directory,
      Map<String, Tensor> tensors,
      Map<String, String> metadata,
      long maxFileBytes) {
    if (maxFileBytes < 1) {
      throw new IllegalArgumentException("A file cannot have at most " + maxFileBytes + " bytes.");
    }
    if (metadata.containsKey(TOTAL_SIZE)) {
      throw new IllegalArgumentException("The index has its own " + TOTAL_SIZE + ".");
    }
    Path index = directory.resolve(Safetensors.INDEX_NAME);
    if (Files.exists(index)) {
      throw new WindlassException(
          Status.STATE, 0, "There is an index already: " + index + ". Write to a new directory.");
    }
    List<Map<String, Tensor>> files = split(tensors, maxFileBytes);
    Map<String, String> weights = new TreeMap<>();
    for (int i = 0; i < files.size(); i++) {
      String name = "model-%05d-of-%05d.safetensors".formatted(i + 1, files.size());
      SafetensorsFile.write(directory.resolve(name), files.get(i), metadata);
      files.get(i).keySet().forEach(tensor -> weights.put(tensor, name));
    }
    long total = tensors.values().stream().mapToLong(Tensor::sizeBytes).sum();
    byte[] text = text(weights, new TreeMap<>(metadata), total);
    try (AtomicFile output = AtomicFile.create(index)) {
      output.append(MemorySegment.ofArray(text));
      output.commit();
    } catch (IOException e) {
      throw FileFailure.writing(index, e);
    }
  }

  /** Fills one file after the other, in the order that the caller's map has. */
  private static List<Map<String, Tensor>> split(Map<String, Tensor> tensors, long maxFileBytes) {
    List<Map<String, Tensor>> files = new ArrayList<>();
    long bytes = 0;
    for (Map.Entry<String, Tensor> named : tensors.entrySet()) {
      long size = named.getValue().sizeBytes();
      if (files.isEmpty() || (bytes > 0 && size > maxFileBytes - bytes)) {
        files.add(new LinkedHashMap<>());
        bytes = 0;
      }
      files.getLast().put(named.getKey(), named.getValue());
      bytes += size;
    }
    return files;
  }

  private static byte[] text(
      Map<String, String> weights, Map<String, String> metadata, long totalBytes) {
    StringBuilder json = new StringBuilder("{\n  \"metadata\": {");
    metadata.forEach((key, value) -> member(json, key, value).append(','));
    json.append("\n    \"").append(TOTAL_SIZE).append("\": ").append(totalBytes);
    json.append("\n  },\n  \"weight_map\": {");
    String separator = "";
    for (Map.Entry<String, String> weight : weights.entrySet()) {
      json.append(separator);
      member(json, weight.getKey(), weight.getValue());
      separator = ",";
    }
    return json.append("\n  }\n}\n").toString().getBytes(StandardCharsets.UTF_8);
  }

  private static StringBuilder member(StringBuilder json, String key, String value) {
    json.append("\n    ");
    JsonText.append(json, key);
    json.append(": ");
    JsonText.append(json, value);
    return json;
  }

  private static WindlassException corrupt(Path index, String what) {
    return new WindlassException(
        Status.CORRUPT, 0, index + " is not a sound index of safetensors files: " + what + ".");
  }
}
