/// Jobs in the manner of fio: the same transfers on one file, through one bus and through others,
/// in alternation (A B A B A B).
///
/// Nouns, in the order in which one meets them.
/// - [Job]: what is done ([Access]), with which block size and depth, [Caching] and
///   [Registration].
/// - [BlockFile]: the file; every page of it says which one it is and which run wrote it
///   ([PageFormat]).
/// - [Blocks]: the blocks of one job for one run: which is next, and whether its transfer was
///   right.
/// - [Contender]: one way to do a job, and its [Outcome]: [BusContender], [SharedBusContender],
///   [BusThreadContender], [FileChannelContender], [FioContender] with [Fio] and [FioReport], and
///   the libraries that are a [BlockPeer]; [PageCacheContender] pins pages of storage's cache.
///   [Nops] do nothing, in the JVM of a [NopContender] whose program is [NopMain], and so does
///   [NopProgram], in C. A [ChildJvm] is a process that is asked by lines.
/// - [Entrant]: who takes part in a workload under which name, [BlockEntrant], [PeerEntrant],
///   [PageCacheEntrant];
///   [Lineup]: all who do one workload.
/// - [Trial]: one measured run, and what it cost the host; [Comparison]: all runs of a workload.
/// - [NopRows], [BlockRows]: the workloads on which iobus has aims, by [AimGroup].
/// - [EchoRows]: servers that echo, [BusEchoServer] and those of an [EchoPeer], measured by the
///   [EchoClient] of an [EchoContender].
/// - [BusJobs]: all that one call of [BusCommand] does.
///
/// ```
/// BusCommand ─> BusJobs ─┬> NopRows, BlockRows ─> Lineup ─> Entrant ─┐
///                        └> Comparison ─> Trial ─────────────────────┴> Contender ─> Blocks
/// ```
///
/// Invariants.
/// 1. Every transfer of every contender but fio is checked; what failed, was short, or brought
///    another page ends everything. A failing read is fast, and would look like a fast disk.
/// 2. After a run that wrote, every block that it wrote carries its mark, and no other does.
/// 3. All contenders have the same number of transfers in flight, and none allocates per transfer
///    in its own loop.
///
/// Start at [BusContender].
@NullMarked
package dev.iobus.bench.bus;

import org.jspecify.annotations.NullMarked;
