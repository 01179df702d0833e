// What kafbat/kafka-ui asks of a broker, in the order of its pages: the first look at a cluster, what it collects again and
// again, a topic and its messages, groups, the broker, ACLs and quotas. Which calls those are was read in its source; each is
// told under the page that makes it (Journal.java says how).
//   KafkaUi BOOTSTRAP SASL_BOOTSTRAP KEYS FEATURES
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.*;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.TopicPartitionReplica;
import org.apache.kafka.common.acl.*;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.quota.*;
import org.apache.kafka.common.resource.*;
import org.apache.kafka.common.serialization.BytesDeserializer;
import org.apache.kafka.common.utils.Bytes;

public final class KafkaUi {
    private static final String TOPIC = "ui-topic";
    private static final String GROUP = "ui-group";
    private static final ConfigResource BROKER = new ConfigResource(ConfigResource.Type.BROKER, "1");
    private static final ConfigResource CONFIG = new ConfigResource(ConfigResource.Type.TOPIC, TOPIC);
    private static final List<TopicPartition> PARTITIONS = List.of(new TopicPartition(TOPIC, 0), new TopicPartition(TOPIC, 1));

    private KafkaUi() {}

    public static void main(String[] args) throws Exception {
        var journal = new Journal(System.out);
        Set<Integer> served = Arrays.stream(args[2].split(",")).map(Integer::valueOf).collect(Collectors.toSet());
        try (var scene = new Scene(args[0], args[1], served, Set.of(args[3].split(",")), journal)) {
            scene.topic(TOPIC, 2);
            scene.records(TOPIC, 0, 10);
            scene.commit(GROUP, TOPIC, 4);
            scene.member("ui-live", TOPIC, Map.of("group.protocol", "classic"));
            firstLook(journal, scene.quiet);
            collected(journal, scene.quiet);
            topic(journal, scene.quiet);
            messages(journal, scene);
            groups(journal, scene.quiet);
            broker(journal, scene.quiet);
            security(journal, scene.quiet);
        }
    }

    private static void firstLook(Journal journal, Admin admin) {
        journal.named("first look: describeCluster", () -> admin.describeCluster(new DescribeClusterOptions()));
        journal.named("first look: describeConfigs", () -> brokerConfigs(admin));
        journal.named("first look: describeAcls",
            () -> admin.describeAcls(AclBindingFilter.ANY).values().thenApply(all -> "told"));
    }

    // It looks for two of them.
    private static Object brokerConfigs(Admin admin) throws Exception {
        return admin.describeConfigs(List.of(BROKER)).all().get().get(BROKER).entries().stream()
            .filter(one -> one.name().contains("inter.broker.protocol.version") || one.name().equals("delete.topic.enable"))
            .toList();
    }

    private static void collected(Journal journal, Admin admin) {
        var operations = new DescribeClusterOptions().includeAuthorizedOperations(true);
        journal.named("collected: describeCluster", () -> admin.describeCluster(operations));
        journal.named("collected: describeLogDirs", () -> admin.describeLogDirs(List.of(1)).allDescriptions().get().get(1)
            .values().stream().flatMap(dir -> dir.replicaInfos().entrySet().stream())
            .filter(one -> PARTITIONS.contains(one.getKey())).toList());
        journal.named("collected: listConsumerGroups", () -> own(admin));
        var withInternal = new ListTopicsOptions().listInternal(true);
        journal.named("collected: listTopics", () -> admin.listTopics(withInternal).names().get().stream()
            .filter(name -> name.startsWith("ui-") || name.startsWith("__consumer")).toList());
        journal.named("collected: describeTopics", () -> admin.describeTopics(List.of(TOPIC)).topicNameValues());
        var synonyms = new DescribeConfigsOptions().includeSynonyms(true).includeDocumentation(false);
        journal.named("collected: describeConfigs", () -> admin.describeConfigs(List.of(CONFIG), synonyms).values());
        for (OffsetSpec spec : List.of(OffsetSpec.latest(), OffsetSpec.earliest())) {
            journal.named("collected: listOffsets", () -> offsets(admin, spec));
        }
        var groups = List.of(GROUP, "ui-live");
        journal.named("collected: describeConsumerGroups", () -> admin.describeConsumerGroups(groups).all());
        var all = new ListConsumerGroupOffsetsSpec().topicPartitions(null);
        journal.named("collected: listConsumerGroupOffsets", () -> admin.listConsumerGroupOffsets(Map.of(GROUP, all)).all());
    }

    private static Collection<String> own(Admin admin) throws Exception {
        return admin.listConsumerGroups().all().get().stream().filter(one -> one.groupId().startsWith("ui-"))
            .map(Outcome::of).toList();
    }

    private static Object offsets(Admin admin, OffsetSpec spec) {
        var result = admin.listOffsets(PARTITIONS.stream().collect(Collectors.toMap(one -> one, one -> spec)));
        return PARTITIONS.stream().map(one -> List.of(one, result.partitionResult(one))).toList();
    }

    private static void topic(Journal journal, Admin admin) throws Exception {
        var fresh = new NewTopic("ui-made", Optional.of(1), Optional.empty()).configs(Map.of("cleanup.policy", "delete"));
        journal.named("topic: createTopics", () -> admin.createTopics(List.of(fresh)).all());
        Scene.until("ui-made", () -> admin.describeTopics(List.of("ui-made")).allTopicNames().get().size() == 1);
        journal.named("topic: describeTopics", () -> admin.describeTopics(List.of("ui-made", "ui-none")).topicNameValues());
        var documented = new DescribeConfigsOptions().includeSynonyms(true).includeDocumentation(true);
        journal.named("topic: describeConfigs", () -> admin.describeConfigs(List.of(CONFIG), documented).values());
        // What was there before and is not sent is deleted.
        Collection<AlterConfigOp> changed = List.of(
            new AlterConfigOp(new ConfigEntry("retention.ms", "700000"), AlterConfigOp.OpType.SET),
            new AlterConfigOp(new ConfigEntry("cleanup.policy", "delete"), AlterConfigOp.OpType.DELETE));
        journal.named("topic: incrementalAlterConfigs", () -> admin.incrementalAlterConfigs(Map.of(CONFIG, changed)).all());
        journal.named("topic: createPartitions",
            () -> admin.createPartitions(Map.of("ui-made", NewPartitions.increaseTo(2))).all());
        journal.named("topic: alterPartitionReassignments", () -> admin.alterPartitionReassignments(
            Map.of(new TopicPartition("ui-made", 0), Optional.of(new NewPartitionReassignment(List.of(1))))).all());
        journal.named("topic: describeProducers", () -> admin.describeProducers(PARTITIONS).all().get().values().stream()
            .map(state -> state.activeProducers().size()).toList());
        journal.named("topic: deleteRecords", () -> admin.deleteRecords(
            Map.of(PARTITIONS.get(0), RecordsToDelete.beforeOffset(3), PARTITIONS.get(1), RecordsToDelete.beforeOffset(0)))
            .all());
        journal.named("topic: deleteTopics", () -> admin.deleteTopics(List.of("ui-made")).all());
        journal.named("topic: deleteTopics of none", () -> admin.deleteTopics(List.of("ui-none")).all());
    }

    private static void messages(Journal journal, Scene scene) {
        var config = scene.config(Map.of(
            "client.id", "ui-consumer", "auto.offset.reset", "earliest", "enable.auto.commit", "false",
            "allow.auto.create.topics", "false",
            "key.deserializer", BytesDeserializer.class, "value.deserializer", BytesDeserializer.class));
        var consumer = scene.open(new KafkaConsumer<Bytes, Bytes>(config));
        journal.named("messages: partitionsFor", () -> consumer.partitionsFor(TOPIC));
        journal.named("messages: offsetsForTimes from the start", () -> consumer.offsetsForTimes(times(0)));
        journal.named("messages: beginningOffsets", () -> consumer.beginningOffsets(PARTITIONS));
        journal.named("messages: endOffsets", () -> consumer.endOffsets(PARTITIONS));
        journal.named("messages: offsetsForTimes", () -> consumer.offsetsForTimes(times(Scene.START_MS + 4_500)));
        journal.named("messages: offsetsForTimes of later", () -> consumer.offsetsForTimes(times(Scene.START_MS + 9_000_000)));
        journal.named("messages: poll from an offset", () -> polled(consumer, 5));
        journal.named("messages: poll from before the start", () -> polled(consumer, 0));
        journal.named("messages: partitionsFor none", () -> consumer.partitionsFor("ui-none", Duration.ofSeconds(2)));
    }

    private static Map<TopicPartition, Long> times(long at) {
        return PARTITIONS.stream().collect(Collectors.toMap(one -> one, one -> at));
    }

    private static Object polled(KafkaConsumer<Bytes, Bytes> consumer, long from) {
        var first = PARTITIONS.get(0);
        consumer.assign(List.of(first));
        consumer.seek(first, from);
        var offsets = new ArrayList<String>();
        long deadline = System.currentTimeMillis() + 10_000;
        do {
            for (var record : consumer.poll(Duration.ofMillis(500))) offsets.add(record.offset() + " " + record.value());
        } while (consumer.position(first) < 10 && System.currentTimeMillis() < deadline);
        return List.of(offsets, consumer.position(first));
    }

    private static void groups(Journal journal, Admin admin) {
        journal.named("groups: listConsumerGroups", () -> own(admin));
        journal.named("groups: describeConsumerGroups",
            () -> admin.describeConsumerGroups(List.of(GROUP, "ui-none")).describedGroups());
        var some = new ListConsumerGroupOffsetsSpec().topicPartitions(PARTITIONS);
        journal.named("groups: listConsumerGroupOffsets", () -> admin.listConsumerGroupOffsets(Map.of(GROUP, some)).all());
        journal.named("groups: listOffsets", () -> offsets(admin, OffsetSpec.forTimestamp(Scene.START_MS + 4_500)));
        var reset = PARTITIONS.stream().collect(Collectors.toMap(one -> one, one -> new OffsetAndMetadata(0)));
        journal.named("groups: alterConsumerGroupOffsets", () -> admin.alterConsumerGroupOffsets(GROUP, reset).all());
        journal.named("groups: deleteConsumerGroupOffsets",
            () -> admin.deleteConsumerGroupOffsets(GROUP, Set.copyOf(PARTITIONS)).all());
        journal.named("groups: deleteConsumerGroupOffsets of a member",
            () -> admin.deleteConsumerGroupOffsets("ui-live", Set.copyOf(PARTITIONS)).all());
        journal.named("groups: deleteConsumerGroups", () -> admin.deleteConsumerGroups(List.of(GROUP)).all());
        journal.named("groups: deleteConsumerGroups of a member", () -> admin.deleteConsumerGroups(List.of("ui-live")).all());
        journal.named("groups: deleteConsumerGroups of none", () -> admin.deleteConsumerGroups(List.of("ui-none")).all());
    }

    private static void broker(Journal journal, Admin admin) {
        Collection<AlterConfigOp> right =
            List.of(new AlterConfigOp(new ConfigEntry("log.cleaner.backoff.ms", "15002"), AlterConfigOp.OpType.SET));
        Collection<AlterConfigOp> wrong =
            List.of(new AlterConfigOp(new ConfigEntry("log.dirs", "/elsewhere"), AlterConfigOp.OpType.SET));
        for (var change : List.of(right, wrong)) {
            journal.named("broker: incrementalAlterConfigs", () -> admin.incrementalAlterConfigs(Map.of(BROKER, change)).all());
        }
        var move = Map.of(new TopicPartitionReplica(TOPIC, 0, 1), "/elsewhere");
        journal.named("broker: alterReplicaLogDirs", () -> admin.alterReplicaLogDirs(move).all());
    }

    private static void security(Journal journal, Admin admin) throws Exception {
        var pattern = new ResourcePattern(ResourceType.TOPIC, TOPIC, PatternType.LITERAL);
        var entry = new AccessControlEntry("User:ui", "*", AclOperation.READ, AclPermissionType.ALLOW);
        var binding = new AclBinding(pattern, entry);
        journal.named("acls: createAcls", () -> admin.createAcls(List.of(binding)).all());
        var filter = new AclBindingFilter(pattern.toFilter(), AccessControlEntryFilter.ANY);
        Scene.until("the entry", () -> admin.describeAcls(filter).values().get().size() == 1);
        journal.named("acls: describeAcls", () -> admin.describeAcls(filter).values());
        journal.named("acls: deleteAcls", () -> admin.deleteAcls(Set.of(binding.toFilter())).all());
        var entity = new ClientQuotaEntity(Map.of(ClientQuotaEntity.USER, "ui"));
        var rate = new ClientQuotaAlteration(entity, List.of(new ClientQuotaAlteration.Op("consumer_byte_rate", 1e9)));
        journal.named("quotas: alterClientQuotas", () -> admin.alterClientQuotas(List.of(rate)).all());
        Scene.until("the quota", () -> admin.describeClientQuotas(ClientQuotaFilter.all()).entities().get().containsKey(entity));
        journal.named("quotas: describeClientQuotas",
            () -> admin.describeClientQuotas(ClientQuotaFilter.all()).entities().get().get(entity));
    }
}
