package dev.iobus;

import static dev.iobus.BusSteps.opened;
import static dev.iobus.BusSteps.received;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.sim.Faults;
import dev.iobus.sim.SimDevice;
import dev.iobus.sim.SimDisk;
import dev.iobus.sim.SimScheduler;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(InSimulation.class)
final class SimBusTest extends BusContract implements SimHost {

  private final SimDisk disk = new SimDisk();
  private final SimScheduler scheduler =
      new SimScheduler(7, disk, new Faults(), SimDevice.NVME);

  @Override
  public SimDisk disk() {
    return disk;
  }

  @Override
  public SimScheduler scheduler() {
    return scheduler;
  }

  @Override
  public HostFiles host() {
    return new SimHostFiles(disk);
  }

  @Override
  @Test
  public void closeReleasesEveryDescriptor() throws IOException {
    Path path = directory.resolve("leak");
    disk.write(path, new byte[4096]);
    for (int round = 0; round < 20; round++) {
      try (Arena arena = Arena.ofShared();
          Bus bus = open(8)) {
        OpenFile file = opened(bus, bus.open(path));
        RegisteredFile registered = bus.register(file);
        bus.submit(bus.read(registered, arena.allocate(4096), 0));
        bus.submit(bus.open(path)); // Never dispatched.
        bus.submit(bus.open(path));
        bus.done(bus.dispatch()); // Perhaps an open that nobody ends.
        bus.submit(bus.close(file));
      }
      assertEquals(0, scheduler.openFiles());
    }
  }

  /// A simulation allocates.
  @Override
  @Test
  public void operationsAllocateNothingInSteadyState() {}

  /// As tasks of the simulation, for time does not wait for other threads.
  @Override
  @Test
  public void twoBussesSendEachOtherNumbers() throws IOException {
    int rounds = 200;
    Bus[] opened = new Bus[1];
    boolean[] ended = new boolean[1];
    try (Bus here = open(4)) {
      here.submit(here.inbox());
      scheduler.start("there", () -> answer(here, rounds, opened, ended));
      while (opened[0] == null) {
        scheduler.yield();
      }
      long message = 1;
      for (int i = 0; i < rounds; i++) {
        opened[0].post(message);
        message = received(here);
      }
      assertEquals(rounds + 1, message);
      while (!ended[0]) {
        scheduler.yield();
      }
    }
  }

  private void answer(Bus here, int rounds, Bus[] opened, boolean[] ended) {
    try (Bus there = open(4)) {
      there.submit(there.inbox());
      opened[0] = there;
      for (int i = 0; i < rounds; i++) {
        here.post(received(there) + 1);
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    ended[0] = true;
  }

  /// As tasks of the simulation, for time does not wait for other threads.
  @Override
  @Test
  public void behindTheLeastWaitTheFirstResultEndsIt() throws IOException {
    long second = 1_000_000_000L;
    try (Bus bus = open(4)) {
      bus.submit(bus.inbox());
      long start = nanoTime();
      assertEquals(0, bus.dispatchMinWait(2, 4, 1_000_000, 20_000_000, bus::done));
      assertTrue(nanoTime() - start >= 20_000_000);
      scheduler.start("poster", () -> later(() -> bus.post(7)));
      assertEquals(1, bus.dispatchMinWait(3, 4, 1_000_000, 30 * second, bus::done));
      scheduler.start("waker", () -> later(bus::wakeup));
      assertEquals(0, bus.dispatchMinWait(3, 4, 1_000_000, 30 * second, bus::done));
      assertTrue(nanoTime() - start < 20 * second);
    }
  }

  private void later(Runnable action) {
    scheduler.park(nanoTime() + 20_000_000);
    action.run();
  }

  @Test
  void simulatedBackendAndSchedulerBelongTogether() {
    BusOptions simulated = BusOptions.defaults().withBackend(BackendKind.SIMULATED);
    assertThrows(IOException.class, () -> SharedBus.open(simulated));
    BusOptions mixed =
        BusOptions.defaults().withBackend(BackendKind.NIO).withScheduler(scheduler);
    assertThrows(IOException.class, () -> Bus.open(mixed));
  }
}
