// The walk of ../../harnesses/transaction-walks/walk.ts through KafkaProducer and KafkaConsumer, one source for kafka-clients 2.8
// to 4.x.
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.ProducerFencedException;

public class Transactions {
    private static String bootstrap;
    private static String topic;
    private static String group;
    private static String transactionalId;
    private static TopicPartition place;

    public static void main(String[] args) throws Exception {
        bootstrap = args[0];
        topic = args[1];
        group = args[2];
        transactionalId = args[3];
        place = new TopicPartition(topic, 0);
        try {
            walk();
        } catch (Throwable error) {
            error.printStackTrace();
            Runtime.getRuntime().halt(1); // the client's threads may not let go
        }
        System.exit(0);
    }

    private static void walk() throws Exception {
        KafkaProducer<String, String> first = open();
        first.beginTransaction();
        send(first, "c1");
        send(first, "c2");
        show("open");
        first.commitTransaction();
        show("commit");

        first.beginTransaction();
        send(first, "a1");
        first.abortTransaction();
        show("abort");

        // A member of the group: its generation goes with the offsets.
        try (KafkaConsumer<String, String> member = consumer(group, "read_committed")) {
            member.subscribe(Collections.singletonList(topic));
            while (member.assignment().isEmpty()) member.poll(Duration.ofMillis(100));
            first.beginTransaction();
            send(first, "o1");
            sendOffset(first, member, 1);
            first.abortTransaction();
            System.out.println("offset of an aborted transaction: " + committedOffset(member));
            first.beginTransaction();
            send(first, "o2");
            sendOffset(first, member, 2);
            first.commitTransaction();
            System.out.println("offset of a committed transaction: " + committedOffset(member));
        }

        first.beginTransaction();
        send(first, "f1");
        KafkaProducer<String, String> second = open();
        second.beginTransaction();
        send(second, "s1");
        second.commitTransaction();
        try {
            first.commitTransaction();
            System.out.println("the first instance was not fenced");
        } catch (KafkaException error) {
            boolean isFenced = false;
            for (Throwable of = error; of != null; of = of.getCause()) {
                isFenced |= of instanceof ProducerFencedException || of instanceof InvalidProducerEpochException;
            }
            if (!isFenced) throw error;
        }
        show("fenced");
    }

    private static KafkaProducer<String, String> open() {
        Properties properties = new Properties();
        properties.put("bootstrap.servers", bootstrap);
        properties.put("transactional.id", transactionalId);
        properties.put("max.block.ms", "30000");
        properties.put("key.serializer", "org.apache.kafka.common.serialization.StringSerializer");
        properties.put("value.serializer", "org.apache.kafka.common.serialization.StringSerializer");
        KafkaProducer<String, String> producer = new KafkaProducer<>(properties);
        producer.initTransactions();
        return producer;
    }

    private static void send(KafkaProducer<String, String> producer, String value) throws Exception {
        producer.send(new ProducerRecord<>(topic, 0, (String) null, value)).get();
    }

    private static void sendOffset(KafkaProducer<String, String> producer, KafkaConsumer<?, ?> member, long offset) {
        producer.sendOffsetsToTransaction(Collections.singletonMap(place, new OffsetAndMetadata(offset)), member.groupMetadata());
    }

    private static String committedOffset(KafkaConsumer<?, ?> member) {
        Map<TopicPartition, OffsetAndMetadata> committed = member.committed(Collections.singleton(place));
        return committed.get(place) == null ? "none" : String.valueOf(committed.get(place).offset());
    }

    private static KafkaConsumer<String, String> consumer(String group, String isolation) {
        Properties properties = new Properties();
        properties.put("bootstrap.servers", bootstrap);
        properties.put("group.id", group);
        properties.put("enable.auto.commit", "false");
        properties.put("auto.offset.reset", "earliest");
        properties.put("isolation.level", isolation);
        properties.put("fetch.max.wait.ms", "100");
        properties.put("key.deserializer", "org.apache.kafka.common.serialization.StringDeserializer");
        properties.put("value.deserializer", "org.apache.kafka.common.serialization.StringDeserializer");
        return new KafkaConsumer<>(properties);
    }

    private static void show(String step) {
        System.out.println(step + " committed=" + read("read_committed") + " uncommitted=" + read("read_uncommitted"));
    }

    private static String read(String isolation) {
        List<String> values = new ArrayList<>();
        try (KafkaConsumer<String, String> consumer = consumer(group + "-reader", isolation)) {
            List<TopicPartition> places = Collections.singletonList(place);
            consumer.assign(places);
            consumer.seekToBeginning(places);
            // With read_committed this is the last stable offset.
            long end = consumer.endOffsets(places).get(place);
            while (consumer.position(place) < end) {
                for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(100))) values.add(record.value());
            }
        }
        return String.join(",", values);
    }
}
