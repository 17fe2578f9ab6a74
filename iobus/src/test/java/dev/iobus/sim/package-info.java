@org.jspecify.annotations.NullMarked
package dev.iobus.sim;
