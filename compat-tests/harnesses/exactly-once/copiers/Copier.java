import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.RangeAssignor;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.ApplicationRecoverableException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.OutOfOrderSequenceException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** A copier of Kafka's own client; ../copier-lines.ts says what it is told and tells. */
public class Copier {
  /** As long as the broker may be away, and no longer: the process that takes over does the rest. */
  static final long RETRY_MS_MAX = 60_000;

  final String clientId;
  final Map<String, String[]> routes = new HashMap<>();
  final KafkaConsumer<String, String> consumer;
  final KafkaProducer<String, String> producer;
  final Random random;
  final int abortOneIn = Integer.parseInt(System.getenv("COPIER_ABORT_ONE_IN"));
  volatile boolean isLeaving;

  Copier(String[] args) {
    var bootstrap = args[0];
    clientId = args[1];
    var sessionMs = Integer.parseInt(System.getenv("COPIER_SESSION_MS"));
    random = new Random(Long.parseLong(args[4]));
    for (var route : Arrays.copyOfRange(args, 5, args.length)) {
      var parts = route.split(":");
      routes.put(parts[0], parts[1].split(","));
    }
    producer = new KafkaProducer<>(Map.of(
        ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap,
        ProducerConfig.CLIENT_ID_CONFIG, clientId,
        ProducerConfig.TRANSACTIONAL_ID_CONFIG, args[2],
        ProducerConfig.TRANSACTION_TIMEOUT_CONFIG, Integer.parseInt(System.getenv("COPIER_TRANSACTION_TIMEOUT_MS")),
        ProducerConfig.RECONNECT_BACKOFF_MAX_MS_CONFIG, 200,
        ProducerConfig.KEY_SERIALIZER_CLASS_CONFIG, StringSerializer.class,
        ProducerConfig.VALUE_SERIALIZER_CLASS_CONFIG, StringSerializer.class));
    var settings = new HashMap<String, Object>();
    settings.put(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap);
    settings.put(ConsumerConfig.CLIENT_ID_CONFIG, clientId);
    settings.put(ConsumerConfig.GROUP_ID_CONFIG, args[3]);
    settings.put(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG, sessionMs);
    settings.put(ConsumerConfig.MAX_POLL_INTERVAL_MS_CONFIG, Integer.parseInt(System.getenv("COPIER_POLL_MS_MAX")));
    settings.put(ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG, Integer.parseInt(System.getenv("COPIER_HEARTBEAT_MS")));
    settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
    settings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    settings.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
    settings.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, Integer.parseInt(System.getenv("COPIER_BATCH_MAX")));
    settings.put(ConsumerConfig.PARTITION_ASSIGNMENT_STRATEGY_CONFIG, RangeAssignor.class.getName());
    settings.put(ConsumerConfig.RECONNECT_BACKOFF_MAX_MS_CONFIG, 200);
    settings.put(ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG, StringDeserializer.class);
    settings.put(ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG, StringDeserializer.class);
    consumer = new KafkaConsumer<>(settings);
  }

  static void say(String line) {
    System.out.write((line + "\n").getBytes(StandardCharsets.UTF_8), 0, line.length() + 1);
    System.out.flush();
  }

  void run() {
    retried(producer::initTransactions);
    consumer.subscribe(List.copyOf(routes.keySet()));
    for (long number = 0; !isLeaving;) {
      var records = consumer.poll(Duration.ofMillis(200));
      if (records.isEmpty()) continue;
      var name = clientId + "." + ProcessHandle.current().pid() + "." + number++;
      try {
        if (copy(name, records)) continue;
      } catch (OutOfOrderSequenceException | AuthorizationException | ApplicationRecoverableException e) {
        throw e;
      } catch (KafkaException e) {
        System.err.println(clientId + ": aborts " + name + ": " + e);
      }
      retried(producer::abortTransaction);
      say("aborted " + name);
      rewind();
    }
    consumer.close();
    producer.close();
  }

  /** False when this was one to give up. */
  boolean copy(String name, ConsumerRecords<String, String> records) {
    var offsets = new HashMap<TopicPartition, OffsetAndMetadata>();
    for (var place : records.partitions()) {
      var line = new StringBuilder("took " + name + " " + place.topic() + " " + place.partition());
      line.append(' ').append(System.currentTimeMillis());
      for (var record : records.records(place)) {
        line.append(' ').append(record.offset()).append('=').append(record.value());
        offsets.put(place, new OffsetAndMetadata(record.offset() + 1));
      }
      say(line.toString());
    }
    var givesUp = random.nextInt(abortOneIn) == 0;
    producer.beginTransaction();
    for (ConsumerRecord<String, String> record : records) {
      var key = record.value().substring(0, record.value().indexOf('/'));
      for (var target : routes.get(record.topic())) producer.send(new ProducerRecord<>(target, key, key + "/" + name));
    }
    if (givesUp && random.nextBoolean()) return false;
    retried(() -> producer.sendOffsetsToTransaction(offsets, consumer.groupMetadata()));
    if (givesUp) return false;
    say("asked " + name + " " + System.currentTimeMillis());
    retried(producer::commitTransaction);
    say("committed " + name);
    return true;
  }

  /** Back to what is committed. */
  void rewind() {
    var committed = consumer.committed(consumer.assignment(), Duration.ofMillis(RETRY_MS_MAX));
    for (var entry : committed.entrySet()) {
      if (entry.getValue() == null) consumer.seekToBeginning(List.of(entry.getKey()));
      else consumer.seek(entry.getKey(), entry.getValue());
    }
  }

  /** A step that ran out of time may be taken again, and has no other outcome than its own. */
  static void retried(Runnable step) {
    long end = System.nanoTime() + RETRY_MS_MAX * 1_000_000;
    while (true) {
      try {
        step.run();
        return;
      } catch (TimeoutException e) {
        if (System.nanoTime() > end) throw e;
      }
    }
  }

  public static void main(String[] args) {
    Copier copier = new Copier(args);
    var main = Thread.currentThread();
    Runtime.getRuntime().addShutdownHook(new Thread(() -> {
      copier.isLeaving = true;
      try {
        main.join(10_000);
      } catch (InterruptedException e) {
        // The process ends either way.
      }
    }));
    try {
      copier.run();
    } catch (RuntimeException e) {
      System.err.println(copier.clientId + ": " + e);
      Runtime.getRuntime().halt(3);
    }
  }
}
