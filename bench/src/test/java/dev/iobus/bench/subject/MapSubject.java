package dev.iobus.bench.subject;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentNavigableMap;
import java.util.concurrent.ConcurrentSkipListMap;
import org.jspecify.annotations.Nullable;

/// A subject that is right and keeps nothing on disk; tests override what shall go wrong.
public class MapSubject implements Subject {

  private final ConcurrentNavigableMap<byte[], byte[]> map =
      new ConcurrentSkipListMap<>(Arrays::compareUnsigned);

  @Override
  public void put(byte[] key, byte[] value, Sync sync) {
    map.put(key, value);
  }

  @Override
  public void delete(byte[] key, Sync sync) {
    map.remove(key);
  }

  @Override
  public void write(List<Change> changes, Sync sync) {
    for (Change change : changes) {
      byte[] value = change.value();
      if (value == null) {
        delete(change.key(), sync);
      } else {
        put(change.key(), value, sync);
      }
    }
  }

  @Override
  public byte @Nullable [] get(byte[] key) {
    return map.get(key);
  }

  @Override
  public List<byte @Nullable []> multiGet(List<byte[]> keys) {
    List<byte @Nullable []> values = new ArrayList<>();
    for (byte[] key : keys) {
      values.add(get(key));
    }
    return values;
  }

  @Override
  public long scan(byte @Nullable [] from, Direction direction, long limit, EntryVisitor visitor)
      throws Exception {
    ConcurrentNavigableMap<byte[], byte[]> ordered =
        direction == Direction.FORWARD ? map : map.descendingMap();
    ConcurrentNavigableMap<byte[], byte[]> part =
        from == null ? ordered : ordered.tailMap(from, true);
    long count = 0;
    for (Map.Entry<byte[], byte[]> entry : part.entrySet()) {
      if (count == limit) {
        break;
      }
      visitor.visit(entry.getKey(), entry.getValue());
      count++;
    }
    return count;
  }

  @Override
  public void compact() {}

  @Override
  public double stallNanos() {
    return Double.NaN;
  }

  @Override
  public String detail() {
    return "";
  }

  @Override
  public void close() {}
}
