package dev.iobus;

import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/// What a `recvMessage` has brought. Immutable.
///
/// @param length bytes received, over all parts
/// @param sender its address; null where the protocol tells none, as on a connected stream
/// @param truncated whether the message was longer than the parts together; the rest is lost
public record ReceivedMessage(int length, @Nullable SocketAddress sender, boolean truncated) {}
