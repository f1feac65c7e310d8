/**
 * Holds both trees to the rules of the house: who may look at whom, how long things may be, what
 * nobody calls, and that each source has its test. A rule's class says what it is about; its test
 * applies it to the repository, and to small bad examples that it must find.
 */
@NullMarked
package dev.windlass.tidy;

import org.jspecify.annotations.NullMarked;
