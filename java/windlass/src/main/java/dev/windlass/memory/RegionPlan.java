package dev.windlass.memory;

import dev.windlass.bindings.NativeCall;
import dev.windlass.bindings.WindlassAbi;
import dev.windlass.bindings.wl_region_options;
import java.lang.foreign.MemorySegment;

/** What a region is opened with, as the library wants to be told. */
final class RegionPlan {
  private RegionPlan() {}

  static MemorySegment options(NativeCall call, Backup backup, long chunkBytes) {
    MemorySegment options =
        call.allocate(wl_region_options.layout(), WindlassAbi::wl_region_options_init);
    wl_region_options.chunk_bytes(options, chunkBytes);
    wl_region_options.backup(options, kind(backup));
    switch (backup) {
      case Backup.None none -> {}
      case Backup.Pageable pageable -> {}
      case Backup.Pooled pooled -> wl_region_options.pool(options, pooled.pool().handle());
      case Backup.InFile file -> wl_region_options.directory(options, file.directory().handle());
      case Backup.Tiered tiered -> {
        wl_region_options.pool(options, tiered.pool().map(PagePool::handle).orElse(0L));
        wl_region_options.pageable_budget_bytes(options, tiered.pageableBytes());
        wl_region_options.directory(
            options, tiered.directory().map(BackupDirectory::handle).orElse(0L));
      }
    }
    if (backup instanceof Backup.Keeping keeping) {
      Backup.Traits traits = keeping.traits();
      wl_region_options.retain(options, traits.retains() ? 1 : 0);
      wl_region_options.verify(options, traits.verifies() ? 1 : 0);
      wl_region_options.reserve(options, traits.reserves() ? 1 : 0);
      wl_region_options.compression(options, code(traits.compression()));
    }
    return options;
  }

  private static int kind(Backup backup) {
    return switch (backup) {
      case Backup.None none -> WindlassAbi.WL_BACKUP_NONE();
      case Backup.Pageable pageable -> WindlassAbi.WL_BACKUP_PAGEABLE();
      case Backup.Pooled pooled -> WindlassAbi.WL_BACKUP_POOLED();
      case Backup.InFile file -> WindlassAbi.WL_BACKUP_FILE();
      case Backup.Tiered tiered -> WindlassAbi.WL_BACKUP_TIERED();
    };
  }

  private static int code(Compression compression) {
    return switch (compression) {
      case NONE -> WindlassAbi.WL_COMPRESSION_NONE();
      case AUTO -> WindlassAbi.WL_COMPRESSION_AUTO();
      case LZ4 -> WindlassAbi.WL_COMPRESSION_LZ4();
      case ZSTD -> WindlassAbi.WL_COMPRESSION_ZSTD();
      case BF16 -> WindlassAbi.WL_COMPRESSION_BF16();
      case FP16 -> WindlassAbi.WL_COMPRESSION_FP16();
      case FP32 -> WindlassAbi.WL_COMPRESSION_FP32();
    };
  }
}
