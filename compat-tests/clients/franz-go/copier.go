package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// errGivenUp: this process goes no further; the one that takes over has the same transactional id.
var errGivenUp = errors.New("given up")

// copier is one of ../../harnesses/exactly-once, whose copier-lines.ts says what it is told and tells. A GroupTransactSession
// begins and ends its transactions, as the client's documentation asks for.
func copier(bootstrap, clientID, transactionalID, group, seed string, routeTexts []string) error {
	routes := map[string][]string{}
	var sources []string
	for _, text := range routeTexts {
		source, targets, _ := strings.Cut(text, ":")
		routes[source] = strings.Split(targets, ",")
		sources = append(sources, source)
	}
	number, err := strconv.ParseUint(seed, 10, 64)
	if err != nil {
		return err
	}
	draw := rand.New(rand.NewPCG(number, 0))
	batchMax, abortOneIn := integer("COPIER_BATCH_MAX"), integer("COPIER_ABORT_ONE_IN")
	session, err := kgo.NewGroupTransactSession(
		kgo.SeedBrokers(bootstrap),
		kgo.ClientID(clientID),
		kgo.TransactionalID(transactionalID),
		kgo.TransactionTimeout(milliseconds("COPIER_TRANSACTION_TIMEOUT_MS")),
		kgo.ConsumerGroup(group),
		kgo.ConsumeTopics(sources...),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.Balancers(kgo.RangeBalancer()),
		kgo.SessionTimeout(milliseconds("COPIER_SESSION_MS")),
		kgo.RebalanceTimeout(milliseconds("COPIER_SESSION_MS")),
		kgo.HeartbeatInterval(milliseconds("COPIER_HEARTBEAT_MS")),
		kgo.FetchMaxWait(200*time.Millisecond),
		kgo.WithLogger(kgo.BasicLogger(os.Stderr, kgo.LogLevelError, nil)),
	)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	for transactions := 0; ctx.Err() == nil; {
		fetches := session.PollRecords(ctx, 1+draw.IntN(batchMax))
		fetches.EachError(func(topic string, partition int32, err error) {
			if ctx.Err() == nil {
				fmt.Fprintf(os.Stderr, "%s: fetch of %s-%d: %v\n", clientID, topic, partition, err)
			}
		})
		if fetches.Empty() {
			continue
		}
		name := fmt.Sprintf("%s.%d.%d", clientID, os.Getpid(), transactions)
		transactions++
		if err := copyFetches(session, name, fetches, routes, draw.IntN(abortOneIn) == 0); err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", clientID, err)
			return errGivenUp
		}
	}
	session.Close()
	return nil
}

func copyFetches(
	session *kgo.GroupTransactSession, name string, fetches kgo.Fetches, routes map[string][]string, givesUp bool,
) error {
	fetches.EachPartition(func(partition kgo.FetchTopicPartition) {
		if len(partition.Records) == 0 {
			return
		}
		var line strings.Builder
		fmt.Fprintf(&line, "took %s %s %d %d", name, partition.Topic, partition.Partition, time.Now().UnixMilli())
		for _, record := range partition.Records {
			fmt.Fprintf(&line, " %d=%s", record.Offset, record.Value)
		}
		say(line.String())
	})
	if err := session.Begin(); err != nil {
		return err
	}
	promise := kgo.AbortingFirstErrPromise(session.Client())
	fetches.EachRecord(func(record *kgo.Record) {
		key, _, _ := strings.Cut(string(record.Value), "/")
		for _, target := range routes[record.Topic] {
			copied := &kgo.Record{Topic: target, Key: []byte(key), Value: []byte(key + "/" + name)}
			session.Produce(context.Background(), copied, promise.Promise())
		}
	})
	produceErr := promise.Err()
	commits := !givesUp && produceErr == nil
	if commits {
		say(fmt.Sprintf("asked %s %d", name, time.Now().UnixMilli()))
	}
	committed, err := session.End(context.Background(), kgo.TransactionEndTry(commits))
	switch {
	case err != nil:
		return fmt.Errorf("the end of %s: %w", name, err)
	case committed:
		say("committed " + name)
	default:
		say("aborted " + name)
	}
	return nil
}

// readCommitted is a reader of the same harness: readers.ts says what it is told and tells.
func readCommitted(bootstrap string, topics []string) error {
	places := map[string]map[int32]kgo.Offset{}
	for _, text := range topics {
		topic, count, _ := strings.Cut(text, ":")
		partitions, err := strconv.Atoi(count)
		if err != nil {
			return err
		}
		places[topic] = map[int32]kgo.Offset{}
		for partition := range int32(partitions) {
			places[topic][partition] = kgo.NewOffset().AtStart()
		}
	}
	client, err := kgo.NewClient(
		kgo.SeedBrokers(bootstrap),
		kgo.ConsumePartitions(places),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		// They tell how far it has come, where nothing but a marker is left.
		kgo.KeepControlRecords(),
		kgo.FetchMaxWait(200*time.Millisecond),
	)
	if err != nil {
		return err
	}
	defer client.Close()
	missing := map[string]int64{}
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		end, err := strconv.ParseInt(fields[2], 10, 64)
		if err != nil {
			return err
		}
		if end > 0 {
			missing[fields[0]+" "+fields[1]] = end
		}
	}
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for len(missing) > 0 {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
		fetches := client.PollFetches(ctx)
		cancel()
		if err := fetches.Err(); err != nil {
			return fmt.Errorf("%d partitions to go: %w", len(missing), err)
		}
		fetches.EachRecord(func(record *kgo.Record) {
			if !record.Attrs.IsControl() {
				fmt.Fprintf(out, "read %s %d %d %s\n", record.Topic, record.Partition, record.Offset, record.Value)
			}
			place := fmt.Sprintf("%s %d", record.Topic, record.Partition)
			if end, ok := missing[place]; ok && record.Offset+1 >= end {
				delete(missing, place)
			}
		})
	}
	return nil
}

// say writes the line at once: what is not written when the process is killed counts as not said.
func say(line string) {
	os.Stdout.WriteString(line + "\n")
}

func integer(name string) int {
	value, err := strconv.Atoi(os.Getenv(name))
	if err != nil {
		panic(fmt.Sprintf("%s is not a number: %v", name, err))
	}
	return value
}
