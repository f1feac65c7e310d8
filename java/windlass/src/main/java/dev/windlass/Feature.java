package dev.windlass;

/**
 * Something that a machine may or may not have.
 *
 * @param detail what was found, or why it is off
 * @param remedy what to do to have it; empty when it is there
 */
public record Feature(String name, boolean present, String detail, String remedy) {}
