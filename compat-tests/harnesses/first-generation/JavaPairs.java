import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** Pairs of Java consumers with their defaults; see run.ts for the arguments and the lines that this prints. */
public class JavaPairs {
  /** Longer than the first heartbeat, at which a member would hear that there is another one. */
  static final long WATCHED_MS = 3500;
  static final int AT_ONCE = 10;

  static String bootstrap, topic, groupPrefix;
  static int pairs, apartMsMax;

  /** Polls until it is told to end; `generations` has the ids of those it was part of. */
  static class Member extends Thread implements ConsumerRebalanceListener {
    final List<Integer> generations = new CopyOnWriteArrayList<>();
    final KafkaConsumer<byte[], byte[]> consumer;
    volatile int partitions;
    volatile boolean isOver;

    Member(String group) {
      var bytes = ByteArrayDeserializer.class.getName();
      consumer = new KafkaConsumer<>(Map.of("bootstrap.servers", bootstrap, "group.id", group, "key.deserializer", bytes,
          "value.deserializer", bytes));
    }

    @Override public void onPartitionsAssigned(Collection<TopicPartition> added) {
      generations.add(consumer.groupMetadata().generationId());
      partitions = consumer.assignment().size();
    }

    @Override public void onPartitionsRevoked(Collection<TopicPartition> revoked) {}

    @Override public void run() {
      consumer.subscribe(List.of(topic), this);
      while (!isOver) consumer.poll(Duration.ofMillis(10));
      consumer.close();
    }
  }

  static void meet(int nth) throws Exception {
    int apartMs = Math.round((float) apartMsMax * nth / Math.max(pairs - 1, 1));
    var group = groupPrefix + "-" + nth;
    var members = List.of(new Member(group), new Member(group));
    long started = System.nanoTime();
    members.get(0).start();
    Thread.sleep(apartMs);
    members.get(1).start();
    while (elapsedMs(started) < 15_000 && !members.stream().allMatch(member -> member.partitions == 1)) Thread.sleep(5);
    long tookMs = elapsedMs(started);
    Thread.sleep(WATCHED_MS);
    var met = members.stream().map(member -> member.generations.size()).toList();
    System.out.printf("pair %d %d %d %d%n", apartMs, tookMs, met.get(0), met.get(1));
    for (var member : members) member.isOver = true;
    for (var member : members) member.join();
  }

  static long elapsedMs(long sinceNanos) {
    return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - sinceNanos);
  }

  public static void main(String[] args) throws Exception {
    bootstrap = args[0];
    topic = args[1];
    groupPrefix = args[2];
    pairs = Integer.parseInt(args[3]);
    apartMsMax = Integer.parseInt(args[4]);
    var workers = Executors.newFixedThreadPool(AT_ONCE);
    var meetings = new java.util.ArrayList<java.util.concurrent.Future<?>>();
    for (int nth = 0; nth < pairs; nth++) {
      int which = nth;
      meetings.add(workers.submit(() -> { meet(which); return null; }));
    }
    for (var meeting : meetings) meeting.get();
    workers.shutdown();
  }
}
