// What the calls meet: topics with records, groups with and without members, and clients whose work is not told.
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

final class Scene implements AutoCloseable {
    /** Of the first record of each partition; old ones would be deleted in the middle of it. */
    static final long START_MS = System.currentTimeMillis() - 3_600_000;
    private static final long PATIENCE_MS = 20_000;
    private static final long PAUSE_MS = 20;

    final String bootstrap;
    final String saslBootstrap;
    /** Keys of the APIs that both brokers serve, and names of the features that both have. */
    final Set<Integer> served;
    final Set<String> features;
    final Journal journal;
    /** Its calls are told. */
    final Admin admin;
    /** Its calls are not. */
    final Admin quiet;
    private final List<AutoCloseable> open = new ArrayList<>();

    Scene(String bootstrap, String saslBootstrap, Set<Integer> served, Set<String> features, Journal journal) {
        this.bootstrap = bootstrap;
        this.saslBootstrap = saslBootstrap;
        this.served = served;
        this.features = features;
        this.journal = journal;
        this.quiet = Admin.create(config(Map.of()));
        this.admin = journal.over(quiet);
        open.add(quiet);
    }

    Map<String, Object> config(Map<String, Object> more) {
        Map<String, Object> config = new HashMap<>(Map.of(
            "bootstrap.servers", bootstrap, "client.id", "admin-calls", "request.timeout.ms", 10_000,
            "default.api.timeout.ms", 12_000));
        config.putAll(more);
        return config;
    }

    /** A client that closes with the scene. */
    <T extends AutoCloseable> T open(T client) {
        open.add(client);
        return client;
    }

    void topic(String name, int partitions) throws Exception {
        quiet.createTopics(List.of(new NewTopic(name, partitions, (short) 1))).all().get();
        until(name, () -> quiet.describeTopics(List.of(name)).allTopicNames().get().get(name).partitions().size() == partitions);
    }

    void records(String topic, int partition, int count) throws Exception {
        // One batch: its size is compared.
        Map<String, Object> own = strings();
        own.put("linger.ms", 5_000);
        try (var producer = new KafkaProducer<String, String>(config(own))) {
            for (int i = 0; i < count; i++) {
                producer.send(new ProducerRecord<>(topic, partition, START_MS + 1_000L * i, "k" + i, "v" + i));
            }
        }
    }

    /** A transaction that has written to partition 0 of the topic and is not ended. */
    KafkaProducer<String, String> transaction(String id, String topic) throws Exception {
        Map<String, Object> own = strings();
        own.put("transactional.id", id);
        own.put("client.id", id);
        var producer = open(new KafkaProducer<String, String>(config(own)));
        producer.initTransactions();
        producer.beginTransaction();
        producer.send(new ProducerRecord<>(topic, 0, START_MS, "k", "v")).get();
        return producer;
    }

    void commit(String group, String topic, long offset) throws Exception {
        var offsets = Map.of(new TopicPartition(topic, 0), new OffsetAndMetadata(offset, "committed"));
        quiet.alterConsumerGroupOffsets(group, offsets).all().get();
    }

    /** A member that stays until the scene closes; `more` says of which protocol. */
    void member(String group, String topic, Map<String, Object> more) throws Exception {
        Map<String, Object> own = new HashMap<>(more);
        own.put("group.id", group);
        own.put("key.deserializer", StringDeserializer.class);
        own.put("value.deserializer", StringDeserializer.class);
        own.put("auto.offset.reset", "earliest");
        own.put("client.id", "member-of-" + group);
        var isOver = new AtomicBoolean();
        var isAssigned = new AtomicBoolean();
        var thread = new Thread(() -> {
            try (var consumer = new KafkaConsumer<String, String>(config(own))) {
                consumer.subscribe(List.of(topic));
                while (!isOver.get()) {
                    consumer.poll(Duration.ofMillis(100));
                    if (!consumer.assignment().isEmpty()) isAssigned.set(true);
                }
            } catch (RuntimeException e) {
                // One that is removed meets an error; others would be missed by what is told of the group.
            }
        });
        thread.setDaemon(true);
        thread.start();
        open.add(() -> {
            isOver.set(true);
            thread.join(PATIENCE_MS);
        });
        until("a member of " + group, isAssigned::get);
    }

    static Map<String, Object> strings() {
        return new HashMap<>(Map.of("key.serializer", StringSerializer.class, "value.serializer", StringSerializer.class));
    }

    static void until(String what, Callable<Boolean> holds) throws Exception {
        long deadline = System.currentTimeMillis() + PATIENCE_MS;
        Exception last = null;
        while (System.currentTimeMillis() < deadline) {
            try {
                if (holds.call()) return;
            } catch (Exception e) {
                last = e;
            }
            Thread.sleep(PAUSE_MS);
        }
        throw new IllegalStateException("waited in vain for " + what, last);
    }

    @Override
    public void close() throws Exception {
        for (int i = open.size() - 1; i >= 0; i--) open.get(i).close();
    }
}
