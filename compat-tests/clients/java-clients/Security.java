// The logins of ../../lib/security-client.ts by KafkaProducer, KafkaConsumer and Admin, one source for kafka-clients 2.7 (which
// brought PEM stores) to 4.x; a thread for each login.
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;

public final class Security {
    private static final int RECORDS_PER_WALK = 20;
    private static final long WALK_MS_MAX = 40_000;

    /** One line of the plan. */
    private static final class Login {
        final Map<String, String> fields = new HashMap<>();
        final long startedMs = System.nanoTime() / 1_000_000;
        final CountDownLatch told = new CountDownLatch(1);

        Login(String line) {
            for (String field : line.split("\t")) {
                int at = field.indexOf('=');
                fields.put(field.substring(0, at), field.substring(at + 1));
            }
        }

        String of(String name) {
            return fields.getOrDefault(name, "");
        }

        boolean isWalk() {
            return of("kind").equals("walk");
        }

        synchronized void tell(String outcome, String detail) {
            if (told.getCount() == 0) return;
            long tookMs = System.nanoTime() / 1_000_000 - startedMs;
            System.out.println(of("id") + "\t" + outcome + "\t" + tookMs + "\t" + detail.replaceAll("\\s+", " ").trim());
            told.countDown();
        }
    }

    public static void main(String[] arguments) throws Exception {
        List<Login> logins = new ArrayList<>();
        BufferedReader plan = new BufferedReader(new InputStreamReader(System.in));
        for (String line = plan.readLine(); line != null; line = plan.readLine()) logins.add(new Login(line));
        for (Login login : logins) {
            Thread thread = new Thread(() -> attempt(login));
            thread.setDaemon(true);
            thread.start();
        }
        for (Login login : logins) {
            long endMs = login.startedMs + (login.isWalk() ? WALK_MS_MAX : Long.parseLong(login.of("windowMs")));
            login.told.await(Math.max(0, endMs - System.nanoTime() / 1_000_000), TimeUnit.MILLISECONDS);
            login.tell("late", "");
        }
        System.out.flush();
        Runtime.getRuntime().halt(0);
    }

    private static void attempt(Login login) {
        try {
            if (login.isWalk()) walk(login);
            else refusal(login);
            login.tell("done", "");
        } catch (Throwable error) {
            login.tell("refused", nameOf(error));
        }
    }

    private static void walk(Login login) throws Exception {
        String topic = login.of("topic");
        TopicPartition place = new TopicPartition(topic, 0);
        try (Admin admin = Admin.create(configured(login))) {
            admin.createTopics(Collections.singleton(new NewTopic(topic, 1, (short) 1))).all().get();
            try (KafkaProducer<String, String> producer = new KafkaProducer<>(configured(login))) {
                for (int nth = 0; nth < RECORDS_PER_WALK; nth++) {
                    producer.send(new ProducerRecord<>(topic, "record " + nth)).get();
                }
            }
            Properties reading = configured(login);
            reading.put("group.id", login.of("group"));
            reading.put("enable.auto.commit", "false");
            reading.put("auto.offset.reset", "earliest");
            try (KafkaConsumer<String, String> consumer = new KafkaConsumer<>(reading)) {
                consumer.subscribe(Collections.singletonList(topic));
                long offset = -1;
                while (offset < RECORDS_PER_WALK - 1) {
                    for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(500))) offset = record.offset();
                }
                consumer.commitSync(Collections.singletonMap(place, new OffsetAndMetadata(RECORDS_PER_WALK)));
            }
            Map<TopicPartition, OffsetAndMetadata> committed =
                admin.listConsumerGroupOffsets(login.of("group")).partitionsToOffsetAndMetadata().get();
            if (committed.get(place).offset() != RECORDS_PER_WALK) throw new IllegalStateException("committed " + committed);
        }
    }

    private static void refusal(Login login) throws Exception {
        Properties properties = configured(login);
        properties.put("max.block.ms", String.valueOf(Long.parseLong(login.of("windowMs")) - 500));
        try (KafkaProducer<String, String> producer = new KafkaProducer<>(properties)) {
            producer.send(new ProducerRecord<>(login.of("topic"), "not to be written")).get();
        }
    }

    private static Properties configured(Login login) throws Exception {
        Properties properties = new Properties();
        properties.put("bootstrap.servers", login.of("bootstrap"));
        properties.put("security.protocol", login.of("protocol"));
        for (String part : new String[] {"key", "value"}) {
            properties.put(part + ".serializer", "org.apache.kafka.common.serialization.StringSerializer");
            properties.put(part + ".deserializer", "org.apache.kafka.common.serialization.StringDeserializer");
        }
        if (!login.of("protocol").equals("SASL_PLAINTEXT")) {
            properties.put("ssl.truststore.type", "PEM");
            properties.put("ssl.truststore.location", login.of("ca"));
            if (!login.of("certificate").isEmpty()) {
                properties.put("ssl.keystore.type", "PEM");
                properties.put("ssl.keystore.key", text(login.of("key")));
                properties.put("ssl.keystore.certificate.chain", text(login.of("certificate")));
            }
            if (!login.of("tls").isEmpty()) properties.put("ssl.enabled.protocols", login.of("tls"));
        }
        if (!login.of("mechanism").isEmpty()) {
            properties.put("sasl.mechanism", login.of("mechanism"));
            properties.put("sasl.jaas.config", jaas(login));
        }
        return properties;
    }

    private static String jaas(Login login) {
        String common = "org.apache.kafka.common.security.";
        String mechanism = login.of("mechanism");
        if (mechanism.equals("OAUTHBEARER")) {
            String options = " required unsecuredLoginStringClaim_sub=\"" + login.of("user") + "\";";
            return common + "oauthbearer.OAuthBearerLoginModule" + options;
        }
        String module = mechanism.equals("PLAIN") ? "plain.PlainLoginModule" : "scram.ScramLoginModule";
        String delegated = login.of("isToken").isEmpty() ? "" : " tokenauth=true";
        String who = " required username=\"" + login.of("user") + "\" password=\"" + login.of("password") + "\"";
        return common + module + who + delegated + ";";
    }

    private static String text(String path) throws Exception {
        return new String(Files.readAllBytes(Paths.get(path)));
    }

    /** An error, and those of which it is made. */
    private static String nameOf(Throwable error) {
        StringBuilder name = new StringBuilder();
        for (Throwable of = error; of != null; of = of.getCause()) {
            if (of instanceof java.util.concurrent.ExecutionException) continue;
            if (name.length() > 0) name.append(" < ");
            name.append(of.getClass().getSimpleName()).append(": ").append(of.getMessage());
        }
        return name.toString();
    }
}
