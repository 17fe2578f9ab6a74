package dev.iobus.simulation;

import static dev.iobus.simulation.Operations.require;

import dev.iobus.BufferPool;
import dev.iobus.Bus;
import dev.iobus.BusOptions;
import dev.iobus.OpenSocket;
import dev.iobus.Result;
import dev.iobus.SocketType;
import dev.iobus.sim.Faults;
import dev.iobus.sim.PlannedFault;
import dev.iobus.sim.Scenario;
import dev.iobus.sim.SimDisk;
import dev.iobus.sim.SimScheduler;
import dev.iobus.sim.SimTally;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;

/// Clients send to a server that gives everything back, over sockets that are short of room, slow and
/// break. Each seed switches some of what may happen off.
///
/// What must hold: bytes come in order, none is lost and none comes twice, until the connection breaks,
/// if it may; each operation has one last result; no descriptor, buffer, task or memory is left.
///
/// Thread-safe.
public final class SocketScenario implements Scenario<SocketPart> {

  private static final Path DIRECTORY = Path.of("/sockets");
  private static final int PORT = 4000;
  private static final int CAPACITY = 64;
  private static final int CLIENTS_MAX = 4;
  private static final int PARTS_MAX = 12;
  private static final int FAULTS_MAX = 12;

  /// Of the kinds of which one client's sockets have that many.
  private static final int HORIZON = 80;

  /// Pauses and deadlines are from a microsecond to four and a half minutes, each order of magnitude
  /// as often.
  private static final int PAUSE_DOUBLINGS = 29;

  /// Far more than any run needs.
  private static final long SWITCH_POINTS_MAX = 2_000_000;

  /// A scenario.
  public SocketScenario() {}

  @Override
  public List<SocketPart> plan(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    List<SocketPart> plan = new ArrayList<>();
    boolean resets = random.nextBoolean();
    if (random.nextInt(4) > 0) {
      for (PlannedFault fault :
          PlannedFault.drawOfNetwork(random, FAULTS_MAX, resets, HORIZON)) {
        plan.add(new SocketPart.Fails(fault));
      }
    }
    int large = 2 + random.nextInt(12);
    int asksOf4 = 2 + random.nextInt(3);
    int clients = 1 + random.nextInt(CLIENTS_MAX);
    for (int i = clients * (1 + random.nextInt(PARTS_MAX)); i > 0; i--) {
      int client = random.nextInt(clients);
      plan.add(random.nextInt(4) < asksOf4 ? asks(random, client, large) : other(random, client));
    }
    return List.copyOf(plan);
  }

  private static SocketPart asks(SplittableRandom random, int client, int large) {
    SocketPart.Way[] ways = SocketPart.Way.values();
    int bytes = 1 + random.nextInt(random.nextInt(large) == 0 ? 30_000 : 2_000);
    return new SocketPart.Asks(client, bytes, ways[random.nextInt(ways.length)]);
  }

  private static SocketPart other(SplittableRandom random, int client) {
    Duration time = Duration.ofNanos(1000L << random.nextInt(PAUSE_DOUBLINGS));
    return switch (random.nextInt(3)) {
      case 0 -> new SocketPart.Thinks(client, time);
      case 1 -> new SocketPart.WaitsInVain(client, time);
      default -> new SocketPart.Reconnects(client);
    };
  }

  @Override
  public void run(long seed, List<SocketPart> parts, SimTally tally) throws IOException {
    Faults faults = new Faults();
    boolean mayBreak = false;
    Map<Integer, List<SocketPart>> byClient = new TreeMap<>();
    for (SocketPart part : parts) {
      switch (part) {
        case SocketPart.Fails fails -> {
          fails.fault().addTo(faults);
          mayBreak |= fails.fault().kind() == PlannedFault.Kind.ERROR;
        }
        case SocketPart.Asks asks -> of(byClient, asks.client()).add(asks);
        case SocketPart.Thinks thinks -> of(byClient, thinks.client()).add(thinks);
        case SocketPart.WaitsInVain waits -> of(byClient, waits.client()).add(waits);
        case SocketPart.Reconnects reconnects -> of(byClient, reconnects.client()).add(reconnects);
      }
    }
    SimDisk disk = new SimDisk();
    disk.createDirectories(DIRECTORY);
    SimScheduler host = new SimScheduler(seed, disk, faults);
    host.limitSwitchPoints(SWITCH_POINTS_MAX);
    boolean breaks = mayBreak;
    boolean ended = host.run(() -> exchange(host, seed, byClient, breaks));
    require(ended, "power was lost");
    tally.add(host);
    List<String> left = host.leftovers();
    require(left.isEmpty(), left + " are left");
  }

  private static List<SocketPart> of(Map<Integer, List<SocketPart>> byClient, int client) {
    return byClient.computeIfAbsent(client, key -> new ArrayList<>());
  }

  private static void exchange(
      SimScheduler host, long seed, Map<Integer, List<SocketPart>> byClient, boolean mayBreak)
      throws IOException {
    SplittableRandom random = new SplittableRandom(~seed);
    boolean named = random.nextInt(4) == 0;
    StandardProtocolFamily family =
        named ? StandardProtocolFamily.UNIX : StandardProtocolFamily.INET;
    SocketAddress address =
        named
            ? UnixDomainSocketAddress.of(DIRECTORY.resolve("echo"))
            : new InetSocketAddress(InetAddress.getLoopbackAddress(), PORT);
    int buffers = 1 << random.nextInt(4);
    int bytes = 64 << random.nextInt(6);
    try (Bus bus =
            Bus.open(BusOptions.defaults().withScheduler(host).withCapacity(CAPACITY));
        BufferPool pool =
            random.nextBoolean()
                ? bus.newPool(buffers, bytes)
                : bus.newIncrementalPool(buffers, bytes)) {
      OpenSocket listening = listening(bus, family, address, 1 + random.nextInt(3));
      EchoServer server =
          new EchoServer(bus, listening, pool, random.nextBoolean(), byClient.size());
      byClient.forEach(
          (number, own) -> {
            EchoClient client = new EchoClient(host, family, address, mayBreak, number);
            host.start(
                "client " + number,
                () -> {
                  try {
                    client.run(own);
                  } catch (IOException e) {
                    throw new AssertionError("client " + number, e);
                  }
                  bus.post(1);
                });
          });
      server.serve();
    }
    for (int i = 0; i < 100 && host.tasks() > 1; i++) {
      host.yield(); // A client that has told its end has not ended yet.
    }
  }

  private static OpenSocket listening(
      Bus bus, StandardProtocolFamily family, SocketAddress address, int backlog)
      throws IOException {
    Operations operations = new Operations(bus);
    OpenSocket[] socket = new OpenSocket[1];
    operations.enqueue(bus.socket(family, SocketType.STREAM), r -> socket[0] = r.endSocket());
    operations.awaitAll();
    operations.enqueue(bus.bind(socket[0], address), Result::endBind);
    operations.awaitAll();
    operations.enqueue(bus.listen(socket[0], backlog), Result::endListen);
    operations.awaitAll();
    return socket[0];
  }
}
