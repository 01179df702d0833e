import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;

/** A read_committed reader of Kafka's own client; ../readers.ts says what it is told and tells. */
public class CommittedReader {
  static final long DEADLINE_MS = 120_000;

  public static void main(String[] args) throws Exception {
    var places = new ArrayList<TopicPartition>();
    for (int at = 1; at < args.length; at++) {
      var parts = args[at].split(":");
      for (int partition = 0; partition < Integer.parseInt(parts[1]); partition++) {
        places.add(new TopicPartition(parts[0], partition));
      }
    }
    var ends = new HashMap<TopicPartition, Long>();
    var input = new BufferedReader(new InputStreamReader(System.in));
    for (var line = input.readLine(); line != null; line = input.readLine()) {
      var fields = line.split(" ");
      ends.put(new TopicPartition(fields[0], Integer.parseInt(fields[1])), Long.parseLong(fields[2]));
    }
    Map<String, Object> settings = Map.of("bootstrap.servers", args[0], "isolation.level", "read_committed", "key.deserializer",
        StringDeserializer.class, "value.deserializer", StringDeserializer.class, "fetch.max.wait.ms", 200);
    var deadline = System.nanoTime() + DEADLINE_MS * 1_000_000;
    try (var consumer = new KafkaConsumer<String, String>(settings)) {
      consumer.assign(places);
      consumer.seekToBeginning(places);
      while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
        if (System.nanoTime() > deadline) throw new IllegalStateException("not at the ends in time");
        var lines = new StringBuilder();
        for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(200))) {
          lines.append("read " + record.topic() + " " + record.partition() + " " + record.offset() + " " + record.value() + "\n");
        }
        System.out.print(lines);
      }
    }
    System.out.flush();
  }
}
