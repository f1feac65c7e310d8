package dev.windlass.store;

/** What is under a key. It does not change for as long as the key exists. */
public enum EntryKind {
  BYTES,
  TENSOR
}
