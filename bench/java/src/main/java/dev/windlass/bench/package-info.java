/**
 * The benchmarks' table: {@link dev.windlass.bench.Report} runs the native benchmarks and the Java
 * ones, and compares what they measured with what the project promises.
 */
package dev.windlass.bench;
