package dev.windlass.tidy;

import static dev.windlass.tidy.Finding.assertFound;
import static dev.windlass.tidy.Finding.assertNone;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class TextTidyTest {
  @Test
  void everyTextFileIsClean() {
    assertNone(TextRules.check(SourceTree.ofRepository()));
  }

  @Test
  void theReadmeHasItsSamples() {
    SourceTree tree = SourceTree.ofRepository();
    assertTrue(tree.has("README.md"), "README.md was not found");
    tree.file("README.md").ifPresent(readme -> assertNone(TextRules.checkReadme(readme)));
  }

  @Test
  void aReadmeWithoutSamplesIsFound() {
    String text = "# A\n\n```java\nint a;\n```\n\n```sh\n./windlass demo\n```\n";
    List<Finding> findings = TextRules.checkReadme(new SourceFile("README.md", text));
    assertFound(findings, "README.md", 1, "no sample in cpp");
    assertFound(findings, "README.md", 1, "does not say ./windlass test");
    assertTrue(findings.size() == 2, findings::toString);
  }

  @Test
  void uncleanTextIsFound() {
    assertFound(check("a\nb \n"), "a.txt", 2, "blanks at the line's end");
    assertFound(check("a\n\tb\n"), "a.txt", 2, "a tab");
    assertFound(check("a\nb\r\n"), "a.txt", 2, "a carriage return");
    assertFound(check("a\nb"), "a.txt", 2, "the last line has no end");
    assertFound(check("a\n\n"), "a.txt", 2, "the file ends with an empty line");
    assertFound(check("a\n\uFFFD\n"), "a.txt", 2, "not UTF-8");
    assertNone(check("a\n\nb\n"));
    assertNone(check(""));
  }

  @Test
  void aRegistryThatIsNamedIsFound() {
    assertFound(check("\ncurl https://repo1." + "maven.org/maven2\n"), "a.txt", 2, "registry");
    assertFound(check("\ndeb http://deb." + "debian.org/ x\n"), "a.txt", 2, "registry");
    assertNone(check("http://maven.apache.org/POM/4.0.0\n"));
  }

  private static List<Finding> check(String text) {
    return TextRules.check(SourceTree.of("a.txt", text));
  }
}
