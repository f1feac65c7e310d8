package dev.windlass.cli;

/** The long help of compile-cache. */
final class CompileCacheHelp {
  static final String TEXT =
      """

        load                fills the local directory with what was saved for this environment
        save                saves the local directory for this environment
        info, list          the state for this environment; all archives, the newest first
        explain             why a load would hit or miss: the nearest keys, and what differs
        verify [ARCHIVE]    checks an archive as a load does, and writes nothing
        verify-used         whether a server has read what was loaded, or compiled anew
        clear               removes the local directory
        transfer FROM TO    copies a file: the target is whole, or as it was
        vllm [-- COMMAND…]  loads; unless that succeeds, waits for the vLLM server and saves.
                            With a command runs it, passes signals on and its exit code back

      Options, which go before the environment's variables:
        --shared DIR        where the archives are (B10FS_CACHE_DIR); switches the cache on
        --local DIR         where the server keeps what it compiles (TORCHINDUCTOR_CACHE_DIR)
        --work DIR          where archives are made (LOCAL_WORK_DIR)
        --limit 1G          a larger archive is not saved (MAX_CACHE_SIZE_MB)
        --spare 1G          what stays free on both sides; 0: nothing need
        --key FORM          narrow (GPU and CUDA, the default), original, or wide
        --factor NAME=VALUE one more factor of the key, which then is wide; several may be given
        --model ID          the factor model; --config FILE: the factor config_hash
        --seal-key-file F   authenticates archives with the key in the file
        --unchecked         trusts a shared directory that others can write to
        --allow-case-collisions   saves and loads names that differ in case only
        --json              the result as JSON

      Of vllm, besides:
        --url URL           what answers 200 once the server is ready (B10_TRANSFER_VLLM_URL)
        --timeout 1800      seconds to wait in all (B10_TRANSFER_TIMEOUT_S)
        --interval 2        seconds between two requests (B10_TRANSFER_INTERVAL_S)
        --request-timeout 5 seconds for one request

      Exit codes: 0 done, 1 failed, 2 called wrongly, 3 nothing there, 4 not needed. verify-used: 0
      used, 5 not used, 6 cannot be told. vllm: 0 fine, 1 the wait broke off, 2 the server was not
      ready in time, 3 the save failed, 64 called wrongly; with a command, the exit code of that.
      """;

  private CompileCacheHelp() {}
}
