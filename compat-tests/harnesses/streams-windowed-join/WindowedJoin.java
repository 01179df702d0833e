import java.time.Duration;
import java.util.Properties;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.kstream.JoinWindows;

/**
 * Joins two streams by key within ten seconds, at least once: BOOTSTRAP APPLICATION_ID STATE_DIR LEFT RIGHT OUTPUT. Ends on
 * SIGTERM.
 */
public class WindowedJoin {
  public static void main(String[] args) {
    var builder = new StreamsBuilder();
    var window = JoinWindows.ofTimeDifferenceAndGrace(Duration.ofSeconds(10), Duration.ofHours(24));
    builder.<String, String>stream(args[3])
        .join(builder.<String, String>stream(args[4]), (left, right) -> left + " " + right, window)
        .to(args[5]);

    var settings = new Properties();
    settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, args[0]);
    settings.put(StreamsConfig.APPLICATION_ID_CONFIG, args[1]);
    settings.put(StreamsConfig.STATE_DIR_CONFIG, args[2]);
    settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.AT_LEAST_ONCE);
    settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 500);
    settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 2);
    settings.put(StreamsConfig.DEFAULT_KEY_SERDE_CLASS_CONFIG, Serdes.StringSerde.class);
    settings.put(StreamsConfig.DEFAULT_VALUE_SERDE_CLASS_CONFIG, Serdes.StringSerde.class);
    settings.put(StreamsConfig.consumerPrefix("session.timeout.ms"), 8000);
    settings.put(StreamsConfig.consumerPrefix("heartbeat.interval.ms"), 1000);
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
  }
}
