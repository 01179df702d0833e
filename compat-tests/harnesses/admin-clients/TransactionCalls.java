// Transactions that are open: who writes, and how they are ended from outside.
import java.util.List;
import java.util.Set;
import org.apache.kafka.clients.admin.*;
import org.apache.kafka.common.TopicPartition;

final class TransactionCalls {
    private TransactionCalls() {}

    static void of(Scene scene) throws Exception {
        Journal journal = scene.journal;
        Admin admin = scene.admin;
        scene.topic("t", 1);
        scene.topic("aborted", 1);
        for (String id : List.of("open", "fenced-1", "fenced-2", "ended-1", "ended-2")) scene.transaction(id, "t");
        journal.row(() -> admin.describeTransactions(List.of("open", "nobody")).description("open"));
        journal.row(() -> admin.describeTransactions(List.of("nobody"), new DescribeTransactionsOptions()).description("nobody"));
        journal.row(() -> admin.listTransactions().all());
        journal.row(() -> admin.listTransactions(new ListTransactionsOptions().filterOnTransactionalIdPattern("fenced.*")
            .filterStates(Set.of(TransactionState.ONGOING))).all());
        var partition = new TopicPartition("t", 0);
        journal.row(() -> admin.describeProducers(List.of(partition)).partitionResult(partition));
        var nowhere = new TopicPartition("nowhere", 0);
        var here = new DescribeProducersOptions().brokerId(1);
        journal.row(() -> admin.describeProducers(List.of(nowhere), here).partitionResult(nowhere));
        scene.transaction("aborted", "aborted");
        var aborted = new TopicPartition("aborted", 0);
        var writer = scene.quiet.describeProducers(List.of(aborted)).partitionResult(aborted).get().activeProducers().get(0);
        short epoch = (short) writer.producerEpoch();
        journal.row(() -> admin.abortTransaction(new AbortTransactionSpec(aborted, 1L << 40, epoch, 0)));
        journal.row(() -> admin.abortTransaction(new AbortTransactionSpec(aborted, writer.producerId(), epoch, 0),
            new AbortTransactionOptions()));
        journal.row(() -> admin.fenceProducers(List.of("fenced-1", "never")).fencedProducers());
        journal.row(() -> admin.fenceProducers(List.of("fenced-2"), new FenceProducersOptions().timeoutMs(5_000)));
        journal.row(() -> admin.forceTerminateTransaction("ended-1"));
        journal.row(() -> admin.forceTerminateTransaction("ended-2", new TerminateTransactionOptions()));
    }
}
