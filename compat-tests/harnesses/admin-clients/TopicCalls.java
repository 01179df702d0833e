// Topics, their records and configs, and where their partitions are.
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.clients.admin.*;
import org.apache.kafka.common.ElectionType;
import org.apache.kafka.common.TopicCollection;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.TopicPartitionReplica;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.config.ConfigResource;

final class TopicCalls {
    private static final TopicPartition FIRST = new TopicPartition("a", 0);
    private static final TopicPartition NOWHERE = new TopicPartition("nowhere", 0);
    private static final ConfigResource TOPIC = new ConfigResource(ConfigResource.Type.TOPIC, "a");
    private static final ConfigResource BROKER = new ConfigResource(ConfigResource.Type.BROKER, "1");
    private static final ConfigResource METRICS = new ConfigResource(ConfigResource.Type.CLIENT_METRICS, "m");

    private TopicCalls() {}

    static void of(Scene scene) throws Exception {
        Journal journal = scene.journal;
        Admin admin = scene.admin;
        scene.topic("a", 3);
        scene.records("a", 0, 10);
        scene.records("a", 1, 5);
        topics(scene, journal, admin);
        records(journal, admin);
        configs(journal, admin);
        places(journal, admin);
    }

    private static void topics(Scene scene, Journal journal, Admin admin) throws Exception {
        var fresh = new NewTopic("made", 2, (short) 1).configs(Map.of("retention.ms", "1000"));
        journal.row(() -> {
            var result = admin.createTopics(List.of(fresh));
            return List.of(result.all(), result.numPartitions("made"), result.replicationFactor("made"), result.topicId("made"));
        });
        var wrong = List.of(new NewTopic("a", 1, (short) 1), new NewTopic("b", 1, (short) 2), new NewTopic("a b", 1, (short) 1),
            new NewTopic("c", 0, (short) 1), new NewTopic("d", Map.of(0, List.of(7))), new NewTopic("e", 1, (short) 1));
        journal.row(() -> admin.createTopics(wrong, new CreateTopicsOptions().validateOnly(true)).values());
        journal.rowOnce("made", () -> admin.listTopics().names());
        journal.row(() -> admin.listTopics(new ListTopicsOptions().listInternal(false)));
        journal.rowOnce("made", () -> admin.describeTopics(List.of("made", "nowhere")).topicNameValues());
        var operations = new DescribeTopicsOptions().includeAuthorizedOperations(true).partitionSizeLimitPerResponse(1);
        journal.row(() -> admin.describeTopics(List.of("a"), operations));
        Uuid id = scene.quiet.describeTopics(List.of("made")).allTopicNames().get().get("made").topicId();
        var ids = TopicCollection.ofTopicIds(List.of(id));
        journal.row(() -> admin.describeTopics(ids));
        journal.row(() -> admin.describeTopics(TopicCollection.ofTopicIds(List.of(Uuid.ONE_UUID)), operations).topicIdValues());
        journal.row(() -> admin.createPartitions(Map.of("made", NewPartitions.increaseTo(3), "nowhere",
            NewPartitions.increaseTo(2))));
        var fewer = Map.of("a", NewPartitions.increaseTo(2), "made", NewPartitions.increaseTo(4, List.of(List.of(7))));
        journal.row(() -> admin.createPartitions(fewer, new CreatePartitionsOptions().validateOnly(true)).values());
        for (String name : List.of("gone-1", "gone-2", "gone-3", "gone-4")) scene.topic(name, 1);
        journal.row(() -> admin.deleteTopics(List.of("gone-1", "nowhere")).topicNameValues());
        journal.row(() -> admin.deleteTopics(List.of("gone-2"), new DeleteTopicsOptions().retryOnQuotaViolation(false)));
        Uuid third = scene.quiet.describeTopics(List.of("gone-3")).allTopicNames().get().get("gone-3").topicId();
        journal.row(() -> admin.deleteTopics(TopicCollection.ofTopicIds(List.of(third))));
        var strangers = TopicCollection.ofTopicIds(List.of(Uuid.ONE_UUID));
        journal.row(() -> admin.deleteTopics(strangers, new DeleteTopicsOptions()).topicIdValues());
    }

    private static void records(Journal journal, Admin admin) {
        journal.row(() -> admin.deleteRecords(Map.of(FIRST, RecordsToDelete.beforeOffset(2))));
        var beyond = Map.of(FIRST, RecordsToDelete.beforeOffset(99), NOWHERE, RecordsToDelete.beforeOffset(1));
        journal.row(() -> admin.deleteRecords(beyond, new DeleteRecordsOptions().timeoutMs(3000)).lowWatermarks());
        journal.row(() -> admin.listOffsets(Map.of(FIRST, OffsetSpec.earliest(), new TopicPartition("a", 1),
            OffsetSpec.latest())));
        var committed = new ListOffsetsOptions(org.apache.kafka.common.IsolationLevel.READ_COMMITTED);
        for (OffsetSpec spec : List.of(OffsetSpec.forTimestamp(Scene.START_MS + 4_500), OffsetSpec.maxTimestamp(),
            OffsetSpec.earliestLocal(),
            OffsetSpec.latestTiered(), OffsetSpec.forTimestamp(Scene.START_MS + 9_000_000))) {
            journal.row(() -> admin.listOffsets(Map.of(FIRST, spec), committed));
        }
    }

    private static void configs(Journal journal, Admin admin) throws Exception {
        Collection<AlterConfigOp> change = List.of(
            new AlterConfigOp(new ConfigEntry("retention.ms", "5000"), AlterConfigOp.OpType.SET),
            new AlterConfigOp(new ConfigEntry("cleanup.policy", "compact"), AlterConfigOp.OpType.APPEND));
        Collection<AlterConfigOp> metrics =
            List.of(new AlterConfigOp(new ConfigEntry("interval.ms", "1000"), AlterConfigOp.OpType.SET));
        journal.row(() -> admin.incrementalAlterConfigs(Map.of(TOPIC, change, METRICS, metrics)));
        Collection<AlterConfigOp> wrong =
            List.of(new AlterConfigOp(new ConfigEntry("retention.ms", "x"), AlterConfigOp.OpType.SET));
        Collection<AlterConfigOp> fixed =
            List.of(new AlterConfigOp(new ConfigEntry("node.id", "7"), AlterConfigOp.OpType.SET));
        var dry = new AlterConfigsOptions().validateOnly(true);
        journal.row(() -> admin.incrementalAlterConfigs(Map.of(TOPIC, wrong, BROKER, fixed), dry).values());
        journal.rowOnce("'5000'", () -> admin.describeConfigs(List.of(TOPIC)));
        var everything = new DescribeConfigsOptions().includeSynonyms(true).includeDocumentation(true);
        var shown = Set.of("num.partitions", "log.retention.hours", "compression.type", "min.insync.replicas",
            "ssl.keystore.password");
        journal.row(() -> of(admin.describeConfigs(List.of(BROKER), everything).all().get().get(BROKER), shown));
        var nowhere = new ConfigResource(ConfigResource.Type.TOPIC, "nowhere");
        journal.row(() -> admin.describeConfigs(List.of(nowhere, METRICS), everything).values());
        journal.row(() -> admin.listConfigResources());
        journal.row(() -> admin.listConfigResources(Set.of(ConfigResource.Type.BROKER, ConfigResource.Type.CLIENT_METRICS),
            new ListConfigResourcesOptions()));
        journal.row(() -> admin.listClientMetricsResources());
        journal.row(() -> admin.listClientMetricsResources(new ListClientMetricsResourcesOptions()));
    }

    private static Object of(Config config, Set<String> shown) {
        return config.entries().stream().filter(entry -> shown.contains(entry.name())).toList();
    }

    private static void places(Journal journal, Admin admin) throws Exception {
        journal.row(() -> admin.electLeaders(ElectionType.PREFERRED, Set.of(FIRST, NOWHERE)).partitions());
        journal.row(() -> admin.electLeaders(ElectionType.UNCLEAN, Set.of(FIRST), new ElectLeadersOptions()));
        var moves = Map.of(FIRST, Optional.of(new NewPartitionReassignment(List.of(1))), NOWHERE,
            Optional.<NewPartitionReassignment>empty(), new TopicPartition("a", 1),
            Optional.of(new NewPartitionReassignment(List.of(7))), new TopicPartition("a", 2),
            Optional.<NewPartitionReassignment>empty());
        journal.row(() -> admin.alterPartitionReassignments(moves).values());
        var sameFactor = new AlterPartitionReassignmentsOptions().allowReplicationFactorChange(false);
        var more = Map.of(FIRST, Optional.of(new NewPartitionReassignment(List.of(1, 2))));
        journal.row(() -> admin.alterPartitionReassignments(more, sameFactor));
        var options = new ListPartitionReassignmentsOptions();
        journal.row(() -> admin.listPartitionReassignments());
        journal.row(() -> admin.listPartitionReassignments(options));
        journal.row(() -> admin.listPartitionReassignments(Set.of(FIRST, NOWHERE)));
        journal.row(() -> admin.listPartitionReassignments(Set.of(FIRST), options));
        journal.row(() -> admin.listPartitionReassignments(Optional.of(Set.of(FIRST)), options));
        journal.row(() -> logDirs(admin.describeLogDirs(List.of(1)).allDescriptions().get()));
        journal.row(() -> admin.describeLogDirs(List.of(7), new DescribeLogDirsOptions().timeoutMs(2_000)).descriptions());
        var here = new TopicPartitionReplica("a", 0, 1);
        journal.row(() -> admin.describeReplicaLogDirs(List.of(here)));
        var nowhere = new TopicPartitionReplica("nowhere", 0, 1);
        journal.row(() -> admin.describeReplicaLogDirs(List.of(nowhere), new DescribeReplicaLogDirsOptions()));
        var path = admin.describeReplicaLogDirs(List.of(here)).all().get().get(here).getCurrentReplicaLogDir();
        journal.row(() -> admin.alterReplicaLogDirs(Map.of(here, path)));
        journal.row(() -> admin.alterReplicaLogDirs(Map.of(here, "/nowhere/at/all"), new AlterReplicaLogDirsOptions()));
    }

    // Of one's own topic; others come when the broker needs them.
    private static Object logDirs(Map<Integer, Map<String, LogDirDescription>> described) {
        return described.get(1).values().stream().flatMap(dir -> dir.replicaInfos().entrySet().stream())
            .filter(one -> one.getKey().topic().equals("a")).map(one -> List.of(one.getKey(), one.getValue())).toList();
    }
}
