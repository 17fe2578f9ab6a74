/// Programs on the parts of this module, each of one file, to start from.
@NullMarked
package dev.iobus.storage.examples;

import org.jspecify.annotations.NullMarked;
