@NullMarked
package dev.iobus.backend;

import org.jspecify.annotations.NullMarked;
