/// What the subcommands share on the command line: the exit codes, the readers of sizes, threads
/// and names, and [OutputOptions], which says where data and numbers go.
@NullMarked
package dev.iobus.bench.command;

import org.jspecify.annotations.NullMarked;
