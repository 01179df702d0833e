import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** A producer and a consumer of Kafka's own client; ../members.ts says what they are told and tell. */
public class JavaMember {
  static final long SETTLE_NS = 60_000_000_000L;
  static volatile boolean isOver = false;
  static volatile int read = 0;

  public static void main(String[] args) throws Exception {
    var topic = args[2];
    var runNs = (long) (Double.parseDouble(args[3]) * 1e9);
    var settings = new HashMap<String, Object>(Map.of("bootstrap.servers", args[0], "client.id", topic,
        "security.protocol", "SASL_PLAINTEXT", "sasl.mechanism", args[1], "sasl.jaas.config", jaas(args[1], args[4])));
    var consuming = new Thread(() -> consume(settings, topic));
    consuming.start();
    var sent = new AtomicInteger();
    var producing = new HashMap<>(settings);
    producing.put("key.serializer", StringSerializer.class);
    producing.put("value.serializer", StringSerializer.class);
    try (var producer = new KafkaProducer<String, String>(producing)) {
      var end = System.nanoTime() + runNs;
      for (int number = 0; System.nanoTime() < end; number++) {
        producer.send(new ProducerRecord<>(topic, String.valueOf(number)), (metadata, error) -> {
          if (error == null) sent.incrementAndGet();
          else System.out.println("odd not delivered: " + error);
        });
        Thread.sleep(2);
      }
    }
    var end = System.nanoTime() + SETTLE_NS;
    while (read < sent.get() && System.nanoTime() < end) Thread.sleep(50);
    isOver = true;
    consuming.join();
    System.out.println("sent " + sent.get());
    System.out.println("read " + read);
    System.exit(0);
  }

  static void consume(Map<String, Object> settings, String topic) {
    var consuming = new HashMap<>(settings);
    consuming.putAll(Map.of("group.id", topic, "auto.offset.reset", "earliest", "key.deserializer", StringDeserializer.class,
        "value.deserializer", StringDeserializer.class, "fetch.max.wait.ms", 200));
    try (var consumer = new KafkaConsumer<String, String>(consuming)) {
      consumer.subscribe(List.of(topic));
      while (!isOver) {
        for (var record : consumer.poll(Duration.ofMillis(100))) {
          var number = Integer.parseInt(record.value());
          if (number != read) System.out.println("odd " + number + " where " + read + " is due");
          read = number + 1;
        }
      }
    } catch (RuntimeException error) {
      System.out.println("error " + error);
    }
  }

  static String jaas(String mechanism, String tokenSeconds) {
    var security = "org.apache.kafka.common.security.";
    return mechanism.equals("OAUTHBEARER")
        ? security + "oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub=\"alice\" "
            + "unsecuredLoginLifetimeSeconds=\"" + tokenSeconds + "\";"
        : security + "scram.ScramLoginModule required username=\"alice\" password=\"alice-secret\";";
  }
}
