/// What faults are planted into, to test the planting.
@NullMarked
package dev.iobus.planted;

import org.jspecify.annotations.NullMarked;
