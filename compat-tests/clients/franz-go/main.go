// franz-go (kgo): produce and consume lines, with the client's defaults (idempotent producer, cooperative-sticky group).
// The command line is the contract of ../../lib/run.sh.
package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"strconv"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

func main() {
	if len(os.Args) < 2 {
		os.Exit(64)
	}
	arguments := os.Args[2:]
	var err error
	switch os.Args[1] {
	case "version":
		fmt.Println(version())
	case "produce":
		err = produce(arguments[0], arguments[1], arguments[2])
	case "consume":
		err = consumeAll(arguments)
	case "member":
		err = member(arguments[0], arguments[1], arguments[2], arguments[3])
	case "patterns":
		err = patterns(arguments[0], arguments[1])
	case "copier":
		err = copier(arguments[0], arguments[1], arguments[2], arguments[3], arguments[4], arguments[5:])
	case "read-committed":
		err = readCommitted(arguments[0], arguments[1:])
	default:
		os.Exit(64)
	}
	if errors.Is(err, errGivenUp) {
		os.Exit(3)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, module := range info.Deps {
		if module.Path == "github.com/twmb/franz-go" {
			return module.Version
		}
	}
	return "unknown"
}

func produce(bootstrap, topic, path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	client, err := kgo.NewClient(kgo.SeedBrokers(bootstrap), kgo.DefaultProduceTopic(topic))
	if err != nil {
		return err
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var once sync.Once
	var failure error
	for line := range bytes.SplitSeq(bytes.TrimSuffix(text, []byte("\n")), []byte("\n")) {
		client.Produce(ctx, &kgo.Record{Value: line}, func(_ *kgo.Record, err error) {
			if err != nil {
				once.Do(func() { failure = err })
			}
		})
	}
	if err := client.Flush(ctx); err != nil {
		return err
	}
	return failure
}

// consumeAll: one bad topic must not hide the result of the next.
func consumeAll(arguments []string) error {
	bootstrap, subscriptions := arguments[0], arguments[2:]
	count, err := strconv.Atoi(arguments[1])
	if err != nil {
		return err
	}
	var failures []error
	for at := 0; at+2 < len(subscriptions); at += 3 {
		topic, group, path := subscriptions[at], subscriptions[at+1], subscriptions[at+2]
		if err := consume(bootstrap, topic, group, path, count); err != nil {
			failures = append(failures, fmt.Errorf("%s: %w", topic, err))
		}
	}
	return errors.Join(failures...)
}

func consume(bootstrap, topic, group, path string, count int) error {
	out, err := os.Create(path)
	if err != nil {
		return err
	}
	defer out.Close()
	writer := bufio.NewWriter(out)
	defer writer.Flush()
	client, err := kgo.NewClient(
		kgo.SeedBrokers(bootstrap),
		kgo.ConsumerGroup(group),
		kgo.ConsumeTopics(topic),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
	)
	if err != nil {
		return err
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), deadline())
	defer cancel()
	received := 0
	for received < count {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			return fmt.Errorf("%d of %d records: %w", received, count, err)
		}
		fetches.EachRecord(func(record *kgo.Record) {
			fmt.Fprintf(writer, "%d\t%d\t%s\n", record.Partition, record.Offset, record.Value)
			received++
		})
	}
	return client.CommitUncommittedOffsets(ctx)
}

func deadline() time.Duration {
	seconds, err := strconv.Atoi(os.Getenv("COMPAT_DEADLINE_S"))
	if err != nil {
		seconds = 60
	}
	return time.Duration(seconds) * time.Second
}
