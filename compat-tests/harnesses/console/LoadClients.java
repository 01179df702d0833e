import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** BOOTSTRAP TOPIC GROUP: writes two hundred records a second, and reads them with the consumer protocol, until it is stopped. */
public class LoadClients {
  public static void main(String[] args) throws Exception {
    var settings = new HashMap<String, Object>(Map.of("bootstrap.servers", args[0], "group.id", args[2], "group.protocol",
        "consumer", "auto.offset.reset", "earliest", "auto.commit.interval.ms", "500", "key.serializer", StringSerializer.class,
        "value.serializer", StringSerializer.class, "key.deserializer", StringDeserializer.class, "value.deserializer",
        StringDeserializer.class));
    settings.put("client.id", "clickstream-producer");
    settings.put("linger.ms", "5");
    var producer = new KafkaProducer<String, String>(settings);
    settings.put("client.id", "clickstream-consumer");
    var consumer = new KafkaConsumer<String, String>(settings);
    consumer.subscribe(List.of(args[1]));
    var isFirst = true;
    for (long number = 0;; number++) {
      var visitor = "visitor-" + number % 97;
      var path = "/products/" + number % 31;
      producer.send(new ProducerRecord<>(args[1], visitor, "{\"path\":\"" + path + "\",\"ms\":" + number % 400 + "}"));
      if (number % 20 != 0) continue;
      var read = consumer.poll(Duration.ofMillis(100)).count();
      if (isFirst && read > 0) System.out.println("ready");
      isFirst = isFirst && read == 0;
    }
  }
}
