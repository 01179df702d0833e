// Calls the main method of Kafka's console consumer once per subscription, with the arguments a user would type, all in one
// JVM because starting one costs seconds. Its stdout becomes the subscription's file in the form of ../../lib/run.sh.
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.apache.kafka.tools.consumer.ConsoleConsumer;

public class ConsoleConsumers {
    private static final Pattern LABELS = Pattern.compile("^Partition:(\\d+)\tOffset:(\\d+)\t");

    /** Arguments: seconds until giving up, bootstrap server, number of records, then topic, group and file in turn. */
    public static void main(String[] args) throws Exception {
        String timeoutMs = String.valueOf(Long.parseLong(args[0]) * 1000);
        long count = Long.parseLong(args[2]);
        PrintStream terminal = System.out;
        boolean complete = true;
        for (int at = 3; at + 2 < args.length; at += 3) {
            Path labelled = Path.of(args[at + 2] + ".labelled");
            try (PrintStream out = new PrintStream(new FileOutputStream(labelled.toFile()), false, StandardCharsets.UTF_8)) {
                System.setOut(out);
                ConsoleConsumer.main(new String[] {
                    "--bootstrap-server", args[1], "--topic", args[at], "--group", args[at + 1], "--from-beginning",
                    "--max-messages", args[2], "--timeout-ms", timeoutMs,
                    "--formatter-property", "print.partition=true", "--formatter-property", "print.offset=true"});
            } finally {
                System.setOut(terminal);
            }
            complete &= removeLabels(labelled, Path.of(args[at + 2])) >= count;
            Files.delete(labelled);
        }
        System.exit(complete ? 0 : 1);
    }

    private static long removeLabels(Path from, Path to) throws Exception {
        long lines = 0;
        // ISO 8859-1 maps every byte to one character and back; lines are split at \n because no value contains \r.
        try (BufferedReader reader = Files.newBufferedReader(from, StandardCharsets.ISO_8859_1);
                BufferedWriter writer = Files.newBufferedWriter(to, StandardCharsets.ISO_8859_1)) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                writer.write(LABELS.matcher(line).replaceFirst("$1\t$2\t"));
                writer.write('\n');
                lines++;
            }
        }
        return lines;
    }
}
