package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// patterns runs a member of either group protocol that subscribes to a pattern, for ../../harnesses/group-patterns: a line
// `NAME TOPIC…` for each assignment.
func patterns(bootstrap, pattern string) error {
	failures := make(chan error)
	for name, balancing := range map[string][]kgo.Opt{
		"franz-go-classic":  nil,
		"franz-go-consumer": {kgo.ServerSideBalancer(), kgo.Balancers(kgo.StickyBalancer())},
	} {
		go func() { failures <- patternMember(bootstrap, pattern, name, balancing) }()
	}
	return <-failures
}

func patternMember(bootstrap, pattern, name string, balancing []kgo.Opt) error {
	owned := map[string]int{}
	var mutex sync.Mutex
	// A classic group that is not cooperative revokes all before it assigns again.
	change := func(by int) func(context.Context, *kgo.Client, map[string][]int32) {
		return func(_ context.Context, _ *kgo.Client, partitions map[string][]int32) {
			mutex.Lock()
			defer mutex.Unlock()
			for topic, numbers := range partitions {
				owned[topic] += by * len(numbers)
				if owned[topic] <= 0 {
					delete(owned, topic)
				}
			}
			fmt.Fprintf(os.Stdout, "%s %s\n", name, strings.Join(slices.Sorted(maps.Keys(owned)), " "))
		}
	}
	client, err := kgo.NewClient(append([]kgo.Opt{
		kgo.SeedBrokers(bootstrap),
		kgo.ConsumerGroup(name),
		kgo.ConsumeRegex(),
		kgo.ConsumeTopics(pattern),
		kgo.MetadataMaxAge(time.Second),
		kgo.MetadataMinAge(100 * time.Millisecond),
		kgo.OnPartitionsAssigned(change(1)),
		kgo.OnPartitionsRevoked(change(-1)),
		kgo.OnPartitionsLost(change(-1)),
	}, balancing...)...)
	if err != nil {
		return err
	}
	for {
		client.PollFetches(context.Background())
	}
}
