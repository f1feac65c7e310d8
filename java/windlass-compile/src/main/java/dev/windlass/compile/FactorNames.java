package dev.windlass.compile;

/** The names of the usual factors. */
public final class FactorNames {
  /** Such as {@code NVIDIA GeForce RTX 4090}. */
  public static final String DEVICE_NAME = "device_name";

  /** That of CUDA that torch was built with, such as {@code 12.1}. */
  public static final String CUDA_VERSION = "cuda_version";

  /** Such as {@code 8.9}. */
  public static final String COMPUTE_CAPABILITY = "compute_capability";

  public static final String DRIVER_VERSION = "driver_version";

  /** As Python's {@code platform.machine()} says it: {@code x86_64}. */
  public static final String CPU_ARCHITECTURE = "cpu_architecture";

  /** As Python's {@code platform.system()} says it: {@code Linux}. */
  public static final String PLATFORM_SYSTEM = "platform_system";

  public static final String TORCH_VERSION = "torch_version";
  public static final String TRITON_VERSION = "triton_version";
  public static final String VLLM_VERSION = "vllm_version";
  public static final String MODEL = "model";
  public static final String CONFIG_HASH = "config_hash";
  public static final String TENSOR_PARALLEL_RANK = "tensor_parallel_rank";
  public static final String TENSOR_PARALLEL_SIZE = "tensor_parallel_size";

  private FactorNames() {}
}
