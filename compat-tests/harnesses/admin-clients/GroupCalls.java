// Groups of every kind: their members, their offsets, and the end of both.
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.admin.*;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.GroupState;
import org.apache.kafka.common.GroupType;
import org.apache.kafka.common.TopicPartition;

final class GroupCalls {
    private static final int CONSUMER_GROUP_HEARTBEAT = 68;
    private static final TopicPartition FIRST = new TopicPartition("g", 0);
    private static final TopicPartition SECOND = new TopicPartition("g", 1);
    private static final Map<TopicPartition, OffsetAndMetadata> OFFSETS =
        Map.of(FIRST, new OffsetAndMetadata(3, "three"), new TopicPartition("nowhere", 0), new OffsetAndMetadata(1));

    private GroupCalls() {}

    static void of(Scene scene) throws Exception {
        scene.topic("g", 2);
        scene.records("g", 0, 5);
        scene.commit("empty", "g", 2);
        scene.commit("empty-2", "g", 1);
        scene.member("classic", "g", Map.of("group.protocol", "classic", "group.instance.id", "static"));
        boolean hasConsumerGroups = scene.served.contains(CONSUMER_GROUP_HEARTBEAT);
        if (hasConsumerGroups) scene.member("modern", "g", Map.of("group.protocol", "consumer", "group.instance.id", "static-2"));
        lists(scene.journal, scene.admin);
        descriptions(scene.journal, scene.admin, hasConsumerGroups);
        offsets(scene.journal, scene.admin, hasConsumerGroups);
        streams(scene.journal, scene.admin);
        share(scene.journal, scene.admin);
        ends(scene.journal, scene.admin);
    }

    private static void lists(Journal journal, Admin admin) throws Exception {
        journal.row(() -> admin.listGroups().valid());
        var stable = new ListGroupsOptions().inGroupStates(Set.of(GroupState.STABLE)).withTypes(Set.of(GroupType.CLASSIC));
        journal.row(() -> admin.listGroups(stable));
        journal.row(() -> admin.listGroups(ListGroupsOptions.forConsumerGroups()));
        journal.row(() -> admin.listGroups(ListGroupsOptions.forShareGroups()));
        journal.row(() -> admin.listGroups(ListGroupsOptions.forStreamsGroups()));
        journal.row(() -> admin.listConsumerGroups());
        journal.row(() -> admin.listConsumerGroups(new ListConsumerGroupsOptions().inGroupStates(Set.of(GroupState.EMPTY))));
    }

    private static void descriptions(Journal journal, Admin admin, boolean hasConsumerGroups) {
        journal.row(() -> admin.describeConsumerGroups(List.of("classic", "empty", "nobody")).describedGroups());
        var operations = new DescribeConsumerGroupsOptions().includeAuthorizedOperations(true);
        journal.row(() -> admin.describeConsumerGroups(List.of(hasConsumerGroups ? "modern" : "classic"), operations));
        journal.row(() -> admin.describeClassicGroups(List.of("classic", "empty", "nobody")).describedGroups());
        journal.row(() -> admin.describeClassicGroups(List.of("classic"), new DescribeClassicGroupsOptions()));
        if (hasConsumerGroups) journal.row(() -> admin.describeClassicGroups(List.of("modern"),
            new DescribeClassicGroupsOptions()));
    }

    private static void offsets(Journal journal, Admin admin, boolean hasConsumerGroups) {
        journal.row(() -> admin.alterConsumerGroupOffsets("made", Map.of(FIRST, new OffsetAndMetadata(3, "three"))));
        journal.row(() -> admin.alterConsumerGroupOffsets("classic", OFFSETS, new AlterConsumerGroupOffsetsOptions()));
        if (hasConsumerGroups) journal.row(() -> admin.alterConsumerGroupOffsets("modern", OFFSETS));
        journal.row(() -> admin.alterConsumerGroupOffsets("made", OFFSETS).all());
        journal.row(() -> admin.listConsumerGroupOffsets("made").partitionsToOffsetAndMetadata());
        journal.row(() -> admin.listConsumerGroupOffsets("nobody", new ListConsumerGroupOffsetsOptions()).all());
        var some = new ListConsumerGroupOffsetsSpec().topicPartitions(List.of(FIRST, SECOND));
        journal.row(() -> admin.listConsumerGroupOffsets(Map.of("made", some, "empty", some)).all());
        var stable = new ListConsumerGroupOffsetsOptions().requireStable(true);
        journal.row(() -> admin.listConsumerGroupOffsets(Map.of("made", new ListConsumerGroupOffsetsSpec()), stable).all());
        journal.row(() -> admin.deleteConsumerGroupOffsets("made", Set.of(FIRST)).all());
        journal.row(() -> admin.deleteConsumerGroupOffsets("classic", Set.of(FIRST),
            new DeleteConsumerGroupOffsetsOptions()).all());
        journal.row(() -> admin.deleteConsumerGroupOffsets("nobody", Set.of(FIRST)).all());
        if (hasConsumerGroups) journal.row(() -> admin.deleteConsumerGroupOffsets("modern", Set.of(FIRST)).all());
    }

    private static void streams(Journal journal, Admin admin) {
        journal.row(() -> admin.describeStreamsGroups(List.of("nobody")).describedGroups());
        journal.row(() -> admin.describeStreamsGroups(List.of("classic"), new DescribeStreamsGroupsOptions()).describedGroups());
        var three = Map.of(FIRST, new OffsetAndMetadata(3));
        journal.row(() -> admin.alterStreamsGroupOffsets("streams", three).all());
        journal.row(() -> admin.alterStreamsGroupOffsets("classic", three, new AlterStreamsGroupOffsetsOptions()).all());
        var all = new ListStreamsGroupOffsetsSpec();
        journal.row(() -> admin.listStreamsGroupOffsets(Map.of("streams", all)).all());
        journal.row(() -> admin.listStreamsGroupOffsets(Map.of("nobody", all), new ListStreamsGroupOffsetsOptions()).all());
        journal.row(() -> admin.deleteStreamsGroupOffsets("streams", Set.of(FIRST)).all());
        journal.row(() -> admin.deleteStreamsGroupOffsets("nobody", Set.of(FIRST), new DeleteStreamsGroupOffsetsOptions()).all());
        journal.row(() -> admin.deleteStreamsGroups(List.of("streams", "nobody")).deletedGroups());
        journal.row(() -> admin.deleteStreamsGroups(List.of("classic"), new DeleteStreamsGroupsOptions()).deletedGroups());
    }

    private static void share(Journal journal, Admin admin) {
        journal.row(() -> admin.describeShareGroups(List.of("nobody")).describedGroups());
        journal.row(() -> admin.describeShareGroups(List.of("classic"), new DescribeShareGroupsOptions()).describedGroups());
        journal.row(() -> admin.alterShareGroupOffsets("shared", Map.of(FIRST, 1L)).all());
        journal.row(() -> admin.alterShareGroupOffsets("classic", Map.of(FIRST, 1L), new AlterShareGroupOffsetsOptions()).all());
        var all = new ListShareGroupOffsetsSpec();
        journal.row(() -> admin.listShareGroupOffsets(Map.of("nobody", all)).all());
        journal.row(() -> admin.listShareGroupOffsets(Map.of("classic", all), new ListShareGroupOffsetsOptions()).all());
        journal.row(() -> admin.deleteShareGroupOffsets("shared", Set.of("g")).all());
        journal.row(() -> admin.deleteShareGroupOffsets("classic", Set.of("g"), new DeleteShareGroupOffsetsOptions()).all());
        journal.row(() -> admin.deleteShareGroups(List.of("never")).deletedGroups());
        journal.row(() -> admin.deleteShareGroups(List.of("classic"), new DeleteShareGroupsOptions()).deletedGroups());
    }

    private static void ends(Journal journal, Admin admin) {
        var one = new RemoveMembersFromConsumerGroupOptions(List.of(new MemberToRemove("nobody"), new MemberToRemove("static")));
        one.reason("the scene ends");
        journal.row(() -> {
            var result = admin.removeMembersFromConsumerGroup("classic", one);
            return List.of(result.memberResult(new MemberToRemove("nobody")), result.memberResult(new MemberToRemove("static")));
        });
        journal.row(() -> admin.deleteConsumerGroups(List.of("empty", "never")).deletedGroups());
        journal.row(() -> admin.deleteConsumerGroups(List.of("empty-2", "made"),
            new DeleteConsumerGroupsOptions()).deletedGroups());
    }
}
