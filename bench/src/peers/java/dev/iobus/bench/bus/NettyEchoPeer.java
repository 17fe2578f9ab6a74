package dev.iobus.bench.bus;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.uring.IoUring;
import io.netty.channel.uring.IoUringIoHandler;
import io.netty.channel.uring.IoUringServerSocketChannel;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/// Netty's io_uring transport, with one event loop and its own choice of everything else.
public final class NettyEchoPeer implements EchoPeer {

  /// For the service loader.
  public NettyEchoPeer() {}

  @Override
  public String name() {
    return "netty";
  }

  @Override
  public EchoServer start() throws Exception {
    if (!IoUring.isAvailable()) {
      throw new HostLacksException(
          "Netty has no io_uring here: " + IoUring.unavailabilityCause().getMessage());
    }
    EventLoopGroup loop = new MultiThreadIoEventLoopGroup(1, IoUringIoHandler.newFactory());
    try {
      Channel channel =
          new ServerBootstrap()
              .group(loop)
              .channel(IoUringServerSocketChannel.class)
              .childOption(ChannelOption.TCP_NODELAY, true)
              .childHandler(new Connection())
              .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
              .sync()
              .channel();
      return new Server(loop, channel);
    } catch (Exception e) {
      Future<?> _ = loop.shutdownGracefully();
      throw e;
    }
  }

  private static final class Connection extends ChannelInitializer<SocketChannel> {

    @Override
    protected void initChannel(SocketChannel channel) {
      channel.pipeline().addLast(new Echo());
    }
  }

  /// Writes what it reads, and flushes when nothing more is there to be read.
  private static final class Echo extends ChannelInboundHandlerAdapter {

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
      // A void promise tells of failures through the pipeline.
      Future<?> _ = context.write(message, context.voidPromise());
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
      context.flush();
    }
  }

  private record Server(EventLoopGroup loop, Channel channel) implements EchoServer {

    @Override
    public int port() {
      return ((InetSocketAddress) channel.localAddress()).getPort();
    }

    @Override
    public String describe() {
      return "netty 4.2.18, io_uring, one event loop";
    }

    @Override
    public void close() {
      channel.close().syncUninterruptibly();
      loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
    }
  }
}
