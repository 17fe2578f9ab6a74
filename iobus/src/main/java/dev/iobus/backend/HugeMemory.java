package dev.iobus.backend;

import dev.iobus.posix.Errno;
import dev.iobus.posix.Libc;
import java.io.BufferedReader;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// Memory on huge pages of Linux, mmap(2) and madvise(2): reserved ones (`MAP_HUGETLB`) where there
/// are enough, else transparent ones (`MADV_HUGEPAGE`). Most hosts reserve none, and grant
/// transparent ones to who asks; who has reserved some wants them used.
///
/// All pages are there on return: a huge page that cannot be had is told here, and is no signal
/// (SIGBUS) at its first use. Immutable.
///
/// @param memory as many bytes as were asked for, all zero
/// @param shortfall why not all of it is on huge pages, in words; null when all is
public record HugeMemory(MemorySegment memory, @Nullable String shortfall) {

  private static final Path PAGE_BYTES =
      Path.of("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size");
  private static final Path MAPPINGS = Path.of("/proc/self/smaps");
  private static final long PAGE_BYTES_USUAL = 2 << 20;
  private static final int ACCESS = Libc.PROT_READ | Libc.PROT_WRITE;
  private static final int PRIVATE = Libc.MAP_PRIVATE | Libc.MAP_ANONYMOUS;

  /// Maps memory that the arena unmaps.
  ///
  /// @param bytes at least 1
  static HugeMemory map(Arena arena, long bytes) {
    long page = pageBytes();
    long length = (bytes + page - 1) / page * page;
    try (Arena call = Arena.ofConfined()) {
      MemorySegment errno = Libc.newErrnoCapture(call);
      long reserved = mapReserved(errno, length, page);
      if (reserved >= 0) {
        return new HugeMemory(segment(arena, reserved, length).asSlice(0, bytes), null);
      }
      long address = mapAligned(errno, length, page);
      if (address < 0) {
        return new HugeMemory(arena.allocate(bytes, page), "mmap: " + Errno.name((int) -address));
      }
      MemorySegment memory = segment(arena, address, length);
      int advised = Libc.madvise(errno, address, length, Libc.MADV_HUGEPAGE);
      if (Libc.madvise(errno, address, length, Libc.MADV_POPULATE_WRITE) < 0) {
        memory.fill((byte) 0); // Before 5.14.
      }
      long huge = advised < 0 ? 0 : hugeBytes(address, length);
      String shortfall =
          huge == length
              ? null
              : "of "
                  + length
                  + " bytes "
                  + huge
                  + " are on huge pages: "
                  + (advised < 0 ? "madvise: " + Errno.name(-advised) : "the host gave no more")
                  + ", and has not enough reserved ("
                  + Errno.name((int) -reserved)
                  + "; vm.nr_hugepages)";
      return new HugeMemory(memory.asSlice(0, bytes), shortfall);
    }
  }

  /// Returns the address, or a negated error number. Before 5.14 (`MADV_POPULATE_WRITE`) nothing could
  /// be told of a page that is not there.
  private static long mapReserved(MemorySegment errno, long length, long page) {
    int size = Long.numberOfTrailingZeros(page) << Libc.MAP_HUGE_SHIFT;
    long address = Libc.mmap(errno, length, ACCESS, PRIVATE | Libc.MAP_HUGETLB | size, -1, 0);
    if (address < 0) {
      return address;
    }
    int populated = Libc.madvise(errno, address, length, Libc.MADV_POPULATE_WRITE);
    if (populated < 0) {
      Libc.munmap(errno, address, length);
      return populated;
    }
    return address;
  }

  /// Maps one page more, and gives back what lies before and behind the aligned part.
  private static long mapAligned(MemorySegment errno, long length, long page) {
    long address = Libc.mmap(errno, length + page, ACCESS, PRIVATE, -1, 0);
    if (address < 0) {
      return address;
    }
    long aligned = (address + page - 1) & -page;
    if (aligned > address) {
      Libc.munmap(errno, address, aligned - address);
    }
    long behind = address + page - aligned;
    if (behind > 0) {
      Libc.munmap(errno, aligned + length, behind);
    }
    return aligned;
  }

  private static MemorySegment segment(Arena arena, long address, long length) {
    return MemorySegment.ofAddress(address)
        .reinterpret(
            length,
            arena,
            mapped -> {
              try (Arena call = Arena.ofConfined()) {
                Libc.munmap(Libc.newErrnoCapture(call), mapped.address(), length);
              }
            });
  }

  private static long pageBytes() {
    try {
      long bytes = Long.parseLong(Files.readString(PAGE_BYTES).strip());
      return Long.bitCount(bytes) == 1 ? bytes : PAGE_BYTES_USUAL;
    } catch (IOException | NumberFormatException e) {
      return PAGE_BYTES_USUAL; // A kernel without transparent ones may have reserved ones.
    }
  }

  /// How much of a mapping the kernel has put on huge pages, proc(5). It may have joined the mapping
  /// with one of the same kind beside it, whose normal pages then count against this one.
  private static long hugeBytes(long address, long length) {
    try (BufferedReader lines = Files.newBufferedReader(MAPPINGS)) {
      boolean inside = false;
      long size = 0;
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        String[] words = line.split("\\s+");
        int dash = words[0].indexOf('-');
        if (dash > 0 && !words[0].endsWith(":")) {
          long from = Long.parseUnsignedLong(words[0], 0, dash, 16);
          long to = Long.parseUnsignedLong(words[0], dash + 1, words[0].length(), 16);
          inside = from <= address && address < to;
          size = to - from;
        } else if (inside && words[0].equals("AnonHugePages:")) {
          long normal = size - Long.parseLong(words[1]) * 1024;
          return Math.max(0, length - normal);
        }
      }
    } catch (IOException | NumberFormatException e) {
      return 0; // Not known, so not claimed.
    }
    return 0;
  }
}
