import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** BOOTSTRAP TOPIC COUNT: a producer and a consumer with their defaults; they live until the process is stopped. */
public class JavaClients {
  public static void main(String[] args) throws Exception {
    var settings = new HashMap<String, Object>(Map.of("bootstrap.servers", args[0], "group.id", "java-readers",
        "auto.offset.reset", "earliest", "key.serializer", StringSerializer.class, "value.serializer", StringSerializer.class,
        "key.deserializer", StringDeserializer.class, "value.deserializer", StringDeserializer.class));
    var count = Integer.parseInt(args[2]);
    settings.put("client.id", "java-producer");
    var producer = new KafkaProducer<String, String>(settings);
    for (int number = 0; number < count; number++) producer.send(new ProducerRecord<>(args[1], String.valueOf(number)));
    producer.flush();
    settings.put("client.id", "java-consumer");
    var consumer = new KafkaConsumer<String, String>(settings);
    consumer.subscribe(List.of(args[1]));
    for (int read = 0; read < count;) read += consumer.poll(Duration.ofMillis(100)).count();
    var timeout = Duration.ofSeconds(30);
    System.out.println("ready " + producer.clientInstanceId(timeout) + " " + consumer.clientInstanceId(timeout));
    var isOver = new boolean[] {false};
    var main = Thread.currentThread();
    Runtime.getRuntime().addShutdownHook(new Thread(() -> {
      isOver[0] = true;
      try {
        main.join();
      } catch (InterruptedException e) {
        System.out.println(e);
      }
    }));
    while (!isOver[0]) consumer.poll(Duration.ofMillis(100));
    consumer.close();
    producer.close();
  }
}
