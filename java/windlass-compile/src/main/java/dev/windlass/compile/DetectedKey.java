package dev.windlass.compile;

import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The key of the machine and the Python packages that this process finds, and of the factors that
 * its environment gives.
 */
final class DetectedKey {
  private static final Set<String> GPU = Set.of(FactorNames.DEVICE_NAME, FactorNames.CUDA_VERSION);
  private static final Set<String> CPU =
      Set.of(FactorNames.CPU_ARCHITECTURE, FactorNames.PLATFORM_SYSTEM);

  private DetectedKey() {}

  static CacheKey of(KeyForm form, Map<String, String> environment) {
    FactorProbe probe =
        form == KeyForm.WIDE ? MachineProbe.wide(environment) : MachineProbe.narrow(environment);
    return of(form, probe, GivenFactors.of(environment));
  }

  /** What is given goes before what is found; what is given as nothing is left out. */
  static CacheKey of(KeyForm form, FactorProbe probe, Map<String, String> given) {
    if (form != KeyForm.WIDE) {
      return narrow(form, probe, given);
    }
    SortedMap<String, String> factors = new TreeMap<>(probe.factors());
    factors.putAll(given);
    factors.values().removeIf(String::isEmpty);
    return CacheKey.of(form, factors);
  }

  private static CacheKey narrow(KeyForm form, FactorProbe probe, Map<String, String> given) {
    Set<String> others = new HashSet<>(given.keySet());
    others.removeAll(GPU);
    others.removeAll(CPU);
    if (!others.isEmpty()) {
      throw new CacheValidationException(
          "The factors %s are given, which keys of the form %s do not have: set %s=wide."
              .formatted(others, form, SettingNames.KEY_FORM));
    }
    boolean whole = given.keySet().containsAll(GPU) || given.keySet().containsAll(CPU);
    SortedMap<String, String> factors = new TreeMap<>(whole ? Map.of() : probe.factors());
    factors.putAll(given);
    factors.keySet().retainAll(factors.keySet().containsAll(GPU) ? GPU : CPU);
    return CacheKey.of(form, factors);
  }
}
