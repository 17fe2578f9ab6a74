/// Proof that the tests of this module find what they are there to find.
@NullMarked
package dev.iobus.backend.proof;

import org.jspecify.annotations.NullMarked;
