package dev.windlass.tensor;

import dev.windlass.Status;
import dev.windlass.WindlassException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/**
 * Tensors in files of the safetensors format: one file, or a directory of several with an index.
 *
 * <p>Reading maps the files and checks their headers whole before anything is handed out: nothing
 * of a file that lies about itself is reachable. The tensors are views of the mapping, read-only,
 * for as long as the arena that was given. A file must not be truncated meanwhile, or an access
 * beyond its new end throws {@link InternalError}.
 *
 * <p>Immutable; any thread that the arena lets may read.
 */
public final class Safetensors {
  /** The name of the index in a directory of several files. */
  public static final String INDEX_NAME = "model.safetensors.index.json";

  /** The name of the only file in a directory. */
  public static final String FILE_NAME = "model.safetensors";

  private final Path path;
  private final List<Path> files;
  private final SequencedMap<String, Tensor> tensors;
  private final SequencedMap<String, String> metadata;

  Safetensors(
      Path path, List<Path> files, Map<String, Tensor> tensors, Map<String, String> metadata) {
    this.path = path;
    this.files = List.copyOf(files);
    this.tensors = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(tensors));
    this.metadata = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(metadata));
  }

  /**
   * Opens a file; an index, by its name ending in ".json", with all the files that it names; or a
   * directory that has {@value #INDEX_NAME} or {@value #FILE_NAME}.
   *
   * @param arena how long the tensors can be read
   * @throws WindlassException NOT_FOUND; PERMISSION; IO; CORRUPT, if a file is not what the format
   *     says, or MISMATCH, if index and files do not fit together: the message names file, tensor
   *     and offset; UNSUPPORTED, if a tensor is of a type that {@link DType} does not have
   */
  public static Safetensors open(Path path, Arena arena) {
    if (!Files.isDirectory(path)) {
      return String.valueOf(path.getFileName()).endsWith(".json")
          ? SafetensorsIndex.open(path, arena)
          : SafetensorsFile.open(path, arena);
    }
    Path index = path.resolve(INDEX_NAME);
    return Files.exists(index)
        ? SafetensorsIndex.open(index, arena)
        : SafetensorsFile.open(path.resolve(FILE_NAME), arena);
  }

  /** As {@link #write(Path, Map, Map)}, without metadata. */
  public static void write(Path file, Map<String, Tensor> tensors) {
    write(file, tensors, Map.of());
  }

  /**
   * Writes a file, all or nothing: under a name of its own first, which is given the right one when
   * its bytes are on the medium. A file that has been there is replaced.
   *
   * @param metadata whatever texts shall be kept with the tensors
   * @throws IllegalArgumentException if a tensor is of a type that the format does not have, or has
   *     a name that the format reserves
   * @throws WindlassException NOT_FOUND, if there is no such directory; PERMISSION; NO_SPACE; IO
   */
  public static void write(Path file, Map<String, Tensor> tensors, Map<String, String> metadata) {
    SafetensorsFile.write(file, tensors, metadata);
  }

  /**
   * Writes tensors to several files and an index into a directory that has no index yet. The index
   * comes last: a directory without one has no checkpoint.
   *
   * @param maxFileBytes of tensors in a file; one that is larger has a file of its own
   * @throws IllegalArgumentException as {@link #write(Path, Map, Map)}
   * @throws WindlassException STATE, if there is an index already; as {@link #write(Path, Map,
   *     Map)}
   */
  public static void writeSharded(
      Path directory,
      Map<String, Tensor> tensors,
      Map<String, String> metadata,
      long maxFileBytes) {
    SafetensorsIndex.write(directory, tensors, metadata, maxFileBytes);
  }

  /** What was opened: the file, or the index. */
  public Path path() {
    return path;
  }

  /** The files that have tensors. */
  public List<Path> files() {
    return files;
  }

  /** The tensors by name, in the order in which they lie in the files. */
  public SequencedMap<String, Tensor> tensors() {
    return tensors;
  }

  /**
   * The tensor of that name.
   *
   * @throws WindlassException NOT_FOUND
   */
  public Tensor tensor(String name) {
    Tensor tensor = tensors.get(name);
    if (tensor == null) {
      throw new WindlassException(
          Status.NOT_FOUND, 0, path + " has no tensor " + name + " among its " + tensors.size());
    }
    return tensor;
  }

  /** The texts kept with the tensors; of several files, those of the first that has such a key. */
  public SequencedMap<String, String> metadata() {
    return metadata;
  }

  /** The bytes of all tensors. */
  public long sizeBytes() {
    return tensors.values().stream().mapToLong(Tensor::sizeBytes).sum();
  }

  /** The path, and how much is there. */
  @Override
  public String toString() {
    return path + ": " + tensors.size() + " tensors, " + sizeBytes() + " bytes";
  }
}
