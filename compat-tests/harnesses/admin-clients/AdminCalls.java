// Every method of Kafka's admin client at one broker, and what each came to (Journal.java says how it is printed).
//   AdminCalls BOOTSTRAP SASL_BOOTSTRAP KEYS FEATURES
// KEYS and FEATURES are what both brokers have, between commas.
import java.util.Arrays;
import java.util.Set;
import java.util.stream.Collectors;

public final class AdminCalls {
    private AdminCalls() {}

    public static void main(String[] args) throws Exception {
        var journal = new Journal(System.out);
        Set<Integer> served = Arrays.stream(args[2].split(",")).map(Integer::valueOf).collect(Collectors.toSet());
        try (var scene = new Scene(args[0], args[1], served, Set.of(args[3].split(",")), journal)) {
            TopicCalls.of(scene);
            TransactionCalls.of(scene);
            GroupCalls.of(scene);
            SecurityCalls.of(scene);
            ClusterCalls.of(scene);
        }
        journal.missed();
    }
}
