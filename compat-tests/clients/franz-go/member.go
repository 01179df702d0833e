package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// member is one consumer of ../../harnesses/group-drama: it prints `r PARTITION OFFSET` per record, commits what an earlier poll
// returned, and leaves the group on SIGTERM. DRAMA_PROTOCOL says which group protocol it speaks,
// DRAMA_ASSIGNOR with which assignor.
func member(bootstrap, topic, group, clientID string) error {
	balancer := kgo.RangeBalancer()
	if os.Getenv("DRAMA_ASSIGNOR") == "cooperative-sticky" {
		balancer = kgo.CooperativeStickyBalancer()
	}
	options := []kgo.Opt{
		kgo.SeedBrokers(bootstrap),
		kgo.ClientID(clientID),
		kgo.ConsumerGroup(group),
		kgo.ConsumeTopics(topic),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.Balancers(balancer),
		kgo.SessionTimeout(milliseconds("DRAMA_SESSION_MS")),
		kgo.RebalanceTimeout(milliseconds("DRAMA_REBALANCE_MS")),
		kgo.HeartbeatInterval(milliseconds("DRAMA_HEARTBEAT_MS")),
		kgo.AutoCommitInterval(time.Second),
		kgo.FetchMaxWait(500 * time.Millisecond),
		kgo.WithLogger(kgo.BasicLogger(os.Stderr, kgo.LogLevelWarn, nil)),
	}
	if os.Getenv("DRAMA_PROTOCOL") == "consumer" {
		options = append(options, kgo.ServerSideBalancer(), kgo.Balancers(kgo.StickyBalancer()))
	}
	client, err := kgo.NewClient(options...)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	for ctx.Err() == nil {
		fetches := client.PollFetches(ctx)
		fetches.EachError(func(_ string, partition int32, err error) {
			if ctx.Err() == nil {
				fmt.Fprintf(os.Stderr, "fetch of partition %d: %v\n", partition, err)
			}
		})
		var lines strings.Builder
		fetches.EachRecord(func(record *kgo.Record) {
			fmt.Fprintf(&lines, "r %d %d\n", record.Partition, record.Offset)
		})
		os.Stdout.WriteString(lines.String())
	}
	// Commits what was polled and leaves the group.
	client.Close()
	return nil
}

func milliseconds(name string) time.Duration {
	return time.Duration(integer(name)) * time.Millisecond
}
