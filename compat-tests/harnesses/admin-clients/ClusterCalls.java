// The cluster, its features, voters and brokers, and what is local to the client.
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.*;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.metrics.KafkaMetric;

final class ClusterCalls {
    private static final Uuid DIRECTORY = Uuid.fromString("abcdefghijklmnopqrstuw");

    private ClusterCalls() {}

    static void of(Scene scene) throws Exception {
        Journal journal = scene.journal;
        Admin admin = scene.admin;
        journal.row(() -> admin.describeCluster());
        journal.row(() -> admin.describeCluster(new DescribeClusterOptions().includeAuthorizedOperations(true)));
        features(scene, journal, admin);
        journal.row(() -> quorum(admin.describeMetadataQuorum()));
        journal.row(() -> quorum(admin.describeMetadataQuorum(new DescribeMetadataQuorumOptions())));
        var endpoints = Set.of(new RaftVoterEndpoint("CONTROLLER", "localhost", 9093));
        journal.row(() -> admin.addRaftVoter(2, DIRECTORY, endpoints));
        var elsewhere = new AddRaftVoterOptions().setClusterId(java.util.Optional.of("elsewhere")).timeoutMs(3_000);
        journal.row(() -> admin.addRaftVoter(2, DIRECTORY, endpoints, elsewhere));
        journal.row(() -> admin.removeRaftVoter(2, DIRECTORY));
        journal.row(() -> admin.removeRaftVoter(-1, DIRECTORY, new RemoveRaftVoterOptions()));
        journal.row(() -> admin.unregisterBroker(7));
        journal.row(() -> admin.unregisterBroker(-1, new UnregisterBrokerOptions()));
        journal.row(() -> admin.unregisterController(7));
        journal.row(() -> admin.unregisterController(-1, new UnregisterControllerOptions()));
        local(scene, journal, admin);
    }

    private static void features(Scene scene, Journal journal, Admin admin) {
        journal.row(() -> features(scene, admin.describeFeatures()));
        journal.row(() -> features(scene, admin.describeFeatures(new DescribeFeaturesOptions().timeoutMs(5_000))));
        var same = new FeatureUpdate((short) 2, FeatureUpdate.UpgradeType.UPGRADE);
        journal.row(() -> admin.updateFeatures(Map.of("transaction.version", same)));
        var higher = new FeatureUpdate((short) 9, FeatureUpdate.UpgradeType.UPGRADE);
        var lower = new FeatureUpdate((short) 1, FeatureUpdate.UpgradeType.UPGRADE);
        var dry = new UpdateFeaturesOptions().validateOnly(true);
        journal.row(() -> admin.updateFeatures(Map.of("transaction.version", higher), dry));
        journal.row(() -> admin.updateFeatures(Map.of("transaction.version", lower), dry));
        journal.row(() -> admin.updateFeatures(Map.of("no.such.feature", same), dry));
    }

    // Those that both brokers have; docs/differences.md names the others.
    private static Object features(Scene scene, DescribeFeaturesResult result) throws Exception {
        var metadata = result.featureMetadata().get();
        return List.of(ofBoth(scene, metadata.supportedFeatures()), ofBoth(scene, metadata.finalizedFeatures()));
    }

    private static Object ofBoth(Scene scene, Map<String, ?> features) {
        return features.entrySet().stream().filter(one -> scene.features.contains(one.getKey()))
            .collect(Collectors.toMap(Map.Entry::getKey, one -> String.valueOf(one.getValue())));
    }

    private static Object quorum(DescribeMetadataQuorumResult result) throws Exception {
        var info = result.quorumInfo().get();
        return List.of(info.leaderId(), info.voters().stream().map(QuorumInfo.ReplicaState::replicaId).toList(),
            info.observers().size(), info.nodes().values());
    }

    private static void local(Scene scene, Journal journal, Admin admin) throws Exception {
        journal.row(() -> admin.metrics().keySet().stream().map(one -> one.group() + "." + one.name())
            .filter(name -> name.startsWith("admin-client-metrics.connection")).collect(Collectors.toSet()));
        journal.row(() -> admin.clientInstanceId(Duration.ofSeconds(5)));
        var metric = (KafkaMetric) scene.quiet.metrics().values().iterator().next();
        journal.row(() -> {
            admin.registerMetricForSubscription(metric);
            return "done";
        });
        journal.row(() -> {
            admin.unregisterMetricFromSubscription(metric);
            return "done";
        });
        journal.named("create(Map)", () -> closed(journal, Admin.create(scene.config(Map.of())), null));
        journal.named("create(Properties)", () -> {
            var properties = new Properties();
            properties.putAll(scene.config(Map.of()));
            return closed(journal, Admin.create(properties), Duration.ofSeconds(5));
        });
    }

    private static Object closed(Journal journal, Admin made, Duration patience) {
        Admin told = journal.over(made);
        journal.row(() -> {
            if (patience == null) told.close();
            else told.close(patience);
            return "done";
        });
        return "made";
    }
}
