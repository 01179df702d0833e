// segmentio/kafka-go: the logins of ../../../lib/security-client.ts.
package main

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/sasl"
	"github.com/segmentio/kafka-go/sasl/plain"
	"github.com/segmentio/kafka-go/sasl/scram"
	"gregor.example/compat/recordset/security"
)

func main() {
	security.Main(security.Client{Walk: walk, Refusal: refusal})
}

func mechanismOf(login security.Login) sasl.Mechanism {
	user, password := login["user"], login["password"]
	if login["mechanism"] == "PLAIN" {
		return plain.Mechanism{Username: user, Password: password}
	}
	hash := map[string]scram.Algorithm{"SCRAM-SHA-256": scram.SHA256, "SCRAM-SHA-512": scram.SHA512}[login["mechanism"]]
	if hash == nil {
		return nil
	}
	mechanism, err := scram.Mechanism(hash, user, password)
	if err != nil {
		panic(err)
	}
	return mechanism
}

func transport(login security.Login) *kafka.Transport {
	transport := &kafka.Transport{SASL: mechanismOf(login)}
	if login.HasTLS() {
		transport.TLS = login.TLS()
	}
	return transport
}

func dialer(login security.Login) *kafka.Dialer {
	dialer := &kafka.Dialer{Timeout: 10 * time.Second, SASLMechanism: mechanismOf(login)}
	if login.HasTLS() {
		dialer.TLS = login.TLS()
		dialer.TLS.ServerName, _, _ = net.SplitHostPort(login["bootstrap"])
	}
	return dialer
}

func walk(ctx context.Context, login security.Login) error {
	topic, group := login["topic"], login["group"]
	client := &kafka.Client{Addr: kafka.TCP(login["bootstrap"]), Transport: transport(login)}
	asked := kafka.TopicConfig{Topic: topic, NumPartitions: 1, ReplicationFactor: 1}
	created, err := client.CreateTopics(ctx, &kafka.CreateTopicsRequest{Topics: []kafka.TopicConfig{asked}})
	if err != nil {
		return err
	}
	if created.Errors[topic] != nil {
		return created.Errors[topic]
	}
	if err := produce(ctx, login, security.RecordsPerWalk); err != nil {
		return err
	}
	reader := kafka.NewReader(kafka.ReaderConfig{
		Brokers:     []string{login["bootstrap"]},
		GroupID:     group,
		Topic:       topic,
		StartOffset: kafka.FirstOffset,
		MaxWait:     100 * time.Millisecond,
		Dialer:      dialer(login),
	})
	for {
		message, err := reader.FetchMessage(ctx)
		if err != nil {
			return err
		}
		if message.Offset < security.RecordsPerWalk-1 {
			continue
		}
		if err := reader.CommitMessages(ctx, message); err != nil {
			return err
		}
		break
	}
	if err := reader.Close(); err != nil {
		return err
	}
	offsets, err := client.OffsetFetch(ctx, &kafka.OffsetFetchRequest{GroupID: group, Topics: map[string][]int{topic: {0}}})
	if err != nil {
		return err
	}
	if offset := offsets.Topics[topic][0].CommittedOffset; offset != security.RecordsPerWalk {
		return fmt.Errorf("committed %d", offset)
	}
	return nil
}

func produce(ctx context.Context, login security.Login, count int) error {
	writer := &kafka.Writer{
		Addr:         kafka.TCP(login["bootstrap"]),
		Topic:        login["topic"],
		RequiredAcks: kafka.RequireAll,
		BatchTimeout: 20 * time.Millisecond,
		MaxAttempts:  3,
		Transport:    transport(login),
	}
	messages := make([]kafka.Message, count)
	for nth := range messages {
		messages[nth].Value = []byte(fmt.Sprint("record ", nth))
	}
	if err := writer.WriteMessages(ctx, messages...); err != nil {
		return err
	}
	return writer.Close()
}

func refusal(ctx context.Context, login security.Login, _ func(error)) error {
	return produce(ctx, login, 1)
}
