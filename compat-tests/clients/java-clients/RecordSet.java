// The record set through KafkaProducer and an assigned KafkaConsumer, one source for kafka-clients 0.9 to 4.x: what came later
// (timestamps in 0.10, headers in 0.11) or went away is found by its name at run time. The command line is the contract of
// ../../lib/run.sh; JSON is read and written by hand, because the class path is the client's own and nothing else.
import java.io.BufferedWriter;
import java.io.OutputStreamWriter;
import java.lang.reflect.Constructor;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;

public class RecordSet {
    private static final long DEADLINE_MS = deadlineMs();
    private static final int MAX_WAIT_MS = 50;

    public static void main(String[] args) throws Exception {
        if (args[0].equals("capabilities")) {
            System.out.println(capabilities(args[1]));
            return;
        }
        String bootstrap = args[2];
        for (int at = 3; at + 2 < args.length; at += 3) {
            try {
                if (args[0].equals("produce")) produce(bootstrap, args[at], args[at + 1], Path.of(args[at + 2]));
                else consume(bootstrap, args[at], Integer.parseInt(args[at + 1]), Path.of(args[at + 2]));
            } catch (Throwable error) {
                System.err.println(args[at] + ": " + error);
                System.err.flush();
                Runtime.getRuntime().halt(1); // the client's threads may not let go
            }
            System.out.println("done " + args[at]);
        }
        System.exit(0);
    }

    /** By the history of the client: LZ4 with 0.8.2, timestamps with 0.10, headers with 0.11, Zstandard with 2.1. */
    private static String capabilities(String version) {
        String[] parts = version.split("\\.");
        int major = Integer.parseInt(parts[0]);
        int minor = Integer.parseInt(parts[1]);
        int magic = major > 0 || minor >= 11 ? 2 : minor == 10 ? 1 : 0;
        boolean hasZstd = major > 2 || (major == 2 && minor >= 1);
        String codecs = "[\"none\", \"gzip\", \"snappy\", \"lz4\"" + (hasZstd ? ", \"zstd\"]" : "]");
        return "{\"codecs\": " + codecs + ", \"magic\": " + magic + ", \"headers\": " + (magic == 2) + ", \"timestamps\": "
            + (magic >= 1) + "}";
    }

    private static void produce(String bootstrap, String topic, String codec, Path file) throws Exception {
        Properties properties = properties(bootstrap);
        properties.put("acks", "all");
        properties.put("compression.type", codec);
        properties.put("linger.ms", "20");
        properties.put("max.block.ms", String.valueOf(DEADLINE_MS));
        properties.put("key.serializer", "org.apache.kafka.common.serialization.ByteArraySerializer");
        properties.put("value.serializer", "org.apache.kafka.common.serialization.ByteArraySerializer");
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(properties)) {
            List<Future<RecordMetadata>> sent = new ArrayList<>();
            for (String line : Files.readAllLines(file, StandardCharsets.UTF_8)) sent.add(producer.send(record(topic, line)));
            for (Future<RecordMetadata> future : sent) future.get(DEADLINE_MS, TimeUnit.MILLISECONDS);
        }
    }

    private static void consume(String bootstrap, String topic, int count, Path file) throws Exception {
        Properties properties = properties(bootstrap);
        properties.put("enable.auto.commit", "false");
        properties.put("auto.offset.reset", "earliest");
        properties.put("group.id", topic + "-unused");
        properties.put("fetch.max.wait.ms", String.valueOf(MAX_WAIT_MS));
        properties.put("key.deserializer", "org.apache.kafka.common.serialization.ByteArrayDeserializer");
        properties.put("value.deserializer", "org.apache.kafka.common.serialization.ByteArrayDeserializer");
        int missing = count;
        long end = System.nanoTime() + DEADLINE_MS * 1_000_000;
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(properties);
                BufferedWriter writer = new BufferedWriter(
                    new OutputStreamWriter(Files.newOutputStream(file), StandardCharsets.UTF_8))) {
            TopicPartition partition = new TopicPartition(topic, 0);
            consumer.assign(Collections.singletonList(partition));
            consumer.seek(partition, 0);
            while (missing > 0) {
                if (System.nanoTime() > end) throw new IllegalStateException(missing + " records short at the deadline");
                for (ConsumerRecord<byte[], byte[]> record : poll(consumer)) {
                    if (missing-- > 0) writer.write(line(record) + "\n");
                }
            }
        }
    }

    private static Properties properties(String bootstrap) {
        Properties properties = new Properties();
        properties.put("bootstrap.servers", bootstrap);
        return properties;
    }

    /** poll(long) until 4.0, poll(Duration) since 2.0. */
    @SuppressWarnings("unchecked")
    private static ConsumerRecords<byte[], byte[]> poll(KafkaConsumer<byte[], byte[]> consumer) throws Exception {
        Method withDuration = method(KafkaConsumer.class, "poll", Duration.class);
        if (withDuration != null) return (ConsumerRecords<byte[], byte[]>) withDuration.invoke(consumer, Duration.ofMillis(200));
        return (ConsumerRecords<byte[], byte[]>) method(KafkaConsumer.class, "poll", long.class).invoke(consumer, 200L);
    }

    @SuppressWarnings("unchecked")
    private static ProducerRecord<byte[], byte[]> record(String topic, String line) throws Exception {
        byte[] key = bytes(field(line, "key"));
        byte[] value = bytes(field(line, "value"));
        Matcher timestamp = Pattern.compile("\"timestamp\":(-?\\d+)").matcher(line);
        if (!timestamp.find()) return new ProducerRecord<>(topic, 0, key, value);
        Constructor<ProducerRecord> constructor = ProducerRecord.class.getConstructor(
            String.class, Integer.class, Long.class, Object.class, Object.class);
        ProducerRecord<byte[], byte[]> record = constructor.newInstance(topic, 0, Long.valueOf(timestamp.group(1)), key, value);
        // Names of the set contain no quotation mark and no backslash.
        Matcher header = Pattern.compile("\\[\"([^\"]*)\",(null|\"[^\"]*\")\\]").matcher(line);
        while (header.find()) addHeader(record, header.group(1), bytes(header.group(2)));
        return record;
    }

    private static void addHeader(ProducerRecord<byte[], byte[]> record, String name, byte[] value) throws Exception {
        Object headers = method(ProducerRecord.class, "headers").invoke(record);
        Method add = Class.forName("org.apache.kafka.common.header.Headers").getMethod("add", String.class, byte[].class);
        add.invoke(headers, name, value);
    }

    private static String line(ConsumerRecord<byte[], byte[]> record) throws Exception {
        StringBuilder line = new StringBuilder("{\"offset\":" + record.offset());
        line.append(",\"key\":").append(base64(record.key())).append(",\"value\":").append(base64(record.value()));
        Method timestamp = method(ConsumerRecord.class, "timestamp");
        if (timestamp != null) line.append(",\"timestamp\":").append(timestamp.invoke(record));
        Method headers = method(ConsumerRecord.class, "headers");
        if (headers != null) line.append(",\"headers\":[").append(headers((Iterable<?>) headers.invoke(record))).append("]");
        return line.append("}").toString();
    }

    private static String headers(Iterable<?> headers) throws Exception {
        Class<?> type = Class.forName("org.apache.kafka.common.header.Header");
        List<String> pairs = new ArrayList<>();
        for (Object header : headers) {
            String name = (String) type.getMethod("key").invoke(header);
            pairs.add("[\"" + name + "\"," + base64((byte[]) type.getMethod("value").invoke(header)) + "]");
        }
        return String.join(",", pairs);
    }

    /** The JSON of a field whose value is null or a string of base64. */
    private static String field(String line, String name) {
        int from = line.indexOf("\"" + name + "\":") + name.length() + 3;
        return line.startsWith("null", from) ? "null" : line.substring(from, line.indexOf('"', from + 1) + 1);
    }

    private static byte[] bytes(String json) {
        return json.equals("null") ? null : Base64.getDecoder().decode(json.substring(1, json.length() - 1));
    }

    private static String base64(byte[] bytes) {
        return bytes == null ? "null" : "\"" + Base64.getEncoder().encodeToString(bytes) + "\"";
    }

    private static Method method(Class<?> type, String name, Class<?>... parameters) {
        try {
            return type.getMethod(name, parameters);
        } catch (NoSuchMethodException absent) {
            return null;
        }
    }

    private static long deadlineMs() {
        return Long.parseLong(System.getenv("RS_DEADLINE_S")) * 1000;
    }
}
