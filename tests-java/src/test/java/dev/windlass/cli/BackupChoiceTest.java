package dev.windlass.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class BackupChoiceTest {
  @ParameterizedTest
  @EnumSource
  void eachChoiceIsReadFromItsWord(BackupChoice choice) {
    assertEquals(choice, BackupChoice.parse(choice.word()));
  }

  @Test
  void anythingElseIsRefusedWithTheChoices() {
    UsageException wrong = assertThrows(UsageException.class, () -> BackupChoice.parse("pooling"));
    assertEquals(
        "\"pooling\" is no backup: it is one of pooled, pageable, none; did you mean pooled?",
        wrong.getMessage());
  }
}
