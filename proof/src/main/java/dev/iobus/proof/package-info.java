/// Proof that tests fail when the code is wrong: faults that are planted into a copy of it.
///
/// A [dev.iobus.proof.PlantedFault] names one method of one class and what is changed there. A
/// [dev.iobus.proof.FaultyClassLoader] loads all classes of this project once more, that one changed;
/// a [dev.iobus.proof.Campaign] runs a test there, which must fail. So what is tested is what is
/// shipped, and what is shipped has no place for faults.
///
/// And proof that decoders stand what they are given: a [dev.iobus.proof.FuzzTarget] decodes bytes that
/// nobody vouches for. [dev.iobus.proof.FuzzReplay] gives it what was worth keeping and some changes of
/// it, in every build; [dev.iobus.proof.JazzerRun] looks for more. [dev.iobus.proof.Checksums] makes
/// checksums right again, so that they do not keep the damage from the decoder.
///
/// For tests of the other modules; imported by nothing else.
@NullMarked
package dev.iobus.proof;

import org.jspecify.annotations.NullMarked;
