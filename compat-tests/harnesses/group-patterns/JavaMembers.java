// Members of Java's client that subscribe to a pattern, each way it has: arguments BOOTSTRAP PATTERN; a line `NAME TOPIC…` for
// each assignment.
import java.time.Duration;
import java.util.Properties;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.SubscriptionPattern;
import org.apache.kafka.common.TopicPartition;

public class JavaMembers {
    private static String bootstrap;

    public static void main(String[] args) {
        bootstrap = args[0];
        String pattern = args[1];
        member("java-classic", "classic", consumer -> consumer.subscribe(Pattern.compile(pattern)));
        member("java-consumer", "consumer", consumer -> consumer.subscribe(Pattern.compile(pattern)));
        member("java-consumer-re2", "consumer", consumer -> consumer.subscribe(new SubscriptionPattern(pattern)));
    }

    private static void member(String name, String protocol, Consumer<KafkaConsumer<byte[], byte[]>> subscribe) {
        new Thread(() -> {
            Properties settings = new Properties();
            settings.put("bootstrap.servers", bootstrap);
            settings.put("group.id", name);
            settings.put("group.protocol", protocol);
            settings.put("metadata.max.age.ms", "1000");
            settings.put("enable.auto.commit", "false"); // see python-members.py
            String bytes = "org.apache.kafka.common.serialization.ByteArrayDeserializer";
            settings.put("key.deserializer", bytes);
            settings.put("value.deserializer", bytes);
            KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(settings);
            subscribe.accept(consumer);
            for (String last = null; ; ) {
                consumer.poll(Duration.ofMillis(200));
                TreeSet<String> topics = new TreeSet<>();
                for (TopicPartition partition : consumer.assignment()) topics.add(partition.topic());
                String shown = name + " " + String.join(" ", topics);
                if (shown.equals(last)) continue;
                last = shown;
                synchronized (System.out) {
                    System.out.println(shown);
                }
            }
        }).start();
    }
}
