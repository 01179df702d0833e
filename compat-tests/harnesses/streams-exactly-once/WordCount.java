import java.util.Arrays;
import java.util.Properties;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;

/**
 * The word count of Kafka's own tutorial, exactly once: BOOTSTRAP APPLICATION_ID STATE_DIR INPUT OUTPUT [PROTOCOL [USERS ORDERS
 * JOINED]]. PROTOCOL is that of its group, classic or streams; the three topics make it join each order with its user, too.
 * Ends on SIGTERM.
 */
public class WordCount {
  public static void main(String[] args) {
    var builder = new StreamsBuilder();
    builder.<String, String>stream(args[3])
        .flatMapValues(line -> Arrays.asList(line.split(" ")))
        // A new key: the words go through a repartition topic, their counts into a store with a changelog.
        .groupBy((key, word) -> word, Grouped.as("words"))
        .count(Materialized.as("counts"))
        .toStream()
        .mapValues(count -> Long.toString(count))
        .to(args[4], Produced.with(Serdes.String(), Serdes.String()));
    if (args.length > 6) {
      var users = builder.<String, String>table(args[6], Materialized.as("users"));
      builder.<String, String>stream(args[7]).join(users, (order, user) -> order + " of " + user).to(args[8]);
    }

    var settings = new Properties();
    settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, args[0]);
    settings.put(StreamsConfig.APPLICATION_ID_CONFIG, args[1]);
    settings.put(StreamsConfig.STATE_DIR_CONFIG, args[2]);
    settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
    settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 2);
    settings.put(StreamsConfig.DEFAULT_KEY_SERDE_CLASS_CONFIG, Serdes.StringSerde.class);
    settings.put(StreamsConfig.DEFAULT_VALUE_SERDE_CLASS_CONFIG, Serdes.StringSerde.class);
    // Users are older than orders, and are waited for.
    settings.put(StreamsConfig.MAX_TASK_IDLE_MS_CONFIG, 2000);
    if (args.length > 5 && args[5].equals("streams")) {
      settings.put(StreamsConfig.GROUP_PROTOCOL_CONFIG, "streams");
    } else {
      settings.put(StreamsConfig.consumerPrefix("session.timeout.ms"), 8000);
      settings.put(StreamsConfig.consumerPrefix("heartbeat.interval.ms"), 1000);
    }
    settings.put(StreamsConfig.consumerPrefix("auto.offset.reset"), "earliest");
    settings.put(StreamsConfig.RECONNECT_BACKOFF_MAX_MS_CONFIG, 200);
    var streams = new KafkaStreams(builder.build(), settings);
    // A thread that dies of a broker which is away is replaced, as applications do; the line is for whoever looks for a reason.
    streams.setUncaughtExceptionHandler(error -> {
      System.err.println("a stream thread is replaced: " + error);
      return StreamThreadExceptionResponse.REPLACE_THREAD;
    });
    Runtime.getRuntime().addShutdownHook(new Thread(streams::close));
    streams.start();
    System.out.println("started");
  }
}
