package dev.windlass.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.windlass.Status;
import dev.windlass.WindlassException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class FileFailureTest {
  private static final Path FILE = Path.of("/data/model.safetensors");

  private static Status statusOf(IOException cause) {
    WindlassException failure = FileFailure.writing(FILE, cause);
    assertSame(cause, failure.getCause());
    assertTrue(failure.getMessage().contains(FILE.toString()));
    return failure.status();
  }

  @Test
  void eachFailureHasItsStatus() {
    assertEquals(Status.NOT_FOUND, statusOf(new NoSuchFileException("/data")));
    assertEquals(Status.PERMISSION, statusOf(new AccessDeniedException("/data")));
    assertEquals(Status.NO_SPACE, statusOf(new IOException("No space left on device")));
    assertEquals(Status.NO_SPACE, statusOf(new IOException("Disk quota exceeded")));
    assertEquals(Status.IO, statusOf(new IOException("Input/output error")));
    assertEquals(Status.IO, statusOf(new IOException()));
  }
}
