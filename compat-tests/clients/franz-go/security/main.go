// franz-go: the logins of ../../../lib/security-client.ts.
package main

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/oauth"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"
	"gregor.example/compat/recordset/security"
)

func main() {
	security.Main(security.Client{Walk: walk, Refusal: refusal})
}

func open(login security.Login, more ...kgo.Opt) (*kgo.Client, error) {
	options := append([]kgo.Opt{kgo.SeedBrokers(login["bootstrap"])}, more...)
	if login.HasTLS() {
		options = append(options, kgo.DialTLSConfig(login.TLS()))
	}
	if mechanism := mechanismOf(login); mechanism != nil {
		options = append(options, kgo.SASL(mechanism))
	}
	return kgo.NewClient(options...)
}

func mechanismOf(login security.Login) sasl.Mechanism {
	user, password := login["user"], login["password"]
	switch login["mechanism"] {
	case "PLAIN":
		return plain.Auth{User: user, Pass: password}.AsMechanism()
	case "SCRAM-SHA-256":
		return scram.Auth{User: user, Pass: password}.AsSha256Mechanism()
	case "SCRAM-SHA-512":
		return scram.Auth{User: user, Pass: password}.AsSha512Mechanism()
	case "OAUTHBEARER":
		return oauth.Auth{Token: login.UnsecuredToken()}.AsMechanism()
	}
	return nil
}

func walk(ctx context.Context, login security.Login) error {
	topic, group := login["topic"], login["group"]
	client, err := open(login, kgo.DefaultProduceTopic(topic))
	if err != nil {
		return err
	}
	defer client.Close()
	create := kmsg.NewCreateTopicsRequest()
	asked := kmsg.NewCreateTopicsRequestTopic()
	asked.Topic, asked.NumPartitions, asked.ReplicationFactor = topic, 1, 1
	create.Topics = append(create.Topics, asked)
	created, err := create.RequestWith(ctx, client)
	if err != nil {
		return err
	}
	if err := kerr.ErrorForCode(created.Topics[0].ErrorCode); err != nil {
		return err
	}
	for nth := range security.RecordsPerWalk {
		if err := client.ProduceSync(ctx, kgo.StringRecord(fmt.Sprint("record ", nth))).FirstErr(); err != nil {
			return err
		}
	}
	if err := read(ctx, login); err != nil {
		return err
	}
	offsets := kmsg.NewOffsetFetchRequest()
	of := kmsg.NewOffsetFetchRequestGroup()
	of.Group = group
	offsets.Groups = append(offsets.Groups, of)
	answer, err := offsets.RequestWith(ctx, client)
	if err != nil {
		return err
	}
	if offset := answer.Groups[0].Topics[0].Partitions[0].Offset; offset != security.RecordsPerWalk {
		return fmt.Errorf("committed %d", offset)
	}
	return nil
}

func read(ctx context.Context, login security.Login) error {
	client, err := open(login,
		kgo.ConsumerGroup(login["group"]),
		kgo.ConsumeTopics(login["topic"]),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.DisableAutoCommit(),
	)
	if err != nil {
		return err
	}
	defer client.Close()
	for received := 0; received < security.RecordsPerWalk; {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			return err
		}
		received += fetches.NumRecords()
	}
	return client.CommitUncommittedOffsets(ctx)
}

// refusal: producing goes on until the context ends, and only a ping tells why.
func refusal(ctx context.Context, login security.Login, heard func(error)) error {
	client, err := open(login, kgo.DefaultProduceTopic(login["topic"]))
	if err != nil {
		return err
	}
	defer client.Close()
	if err := client.Ping(ctx); err != nil {
		heard(err)
	}
	return client.ProduceSync(ctx, kgo.StringRecord("not to be written")).FirstErr()
}
