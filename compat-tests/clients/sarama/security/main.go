// sarama: the logins of ../../../lib/security-client.ts.
package main

import (
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"fmt"

	"github.com/IBM/sarama"
	"github.com/xdg-go/scram"
	"gregor.example/compat/recordset/security"
)

func main() {
	security.Main(security.Client{Walk: walk, Refusal: refusal})
}

type tokens struct{ login security.Login }

func (t tokens) Token() (*sarama.AccessToken, error) {
	return &sarama.AccessToken{Token: t.login.UnsecuredToken()}, nil
}

// scramClient is what sarama's users write, as it brings no SCRAM.
type scramClient struct {
	*scram.ClientConversation
	hash scram.HashGeneratorFcn
}

func (c *scramClient) Begin(user, password, authorization string) error {
	client, err := c.hash.NewClient(user, password, authorization)
	if err != nil {
		return err
	}
	c.ClientConversation = client.NewConversation()
	return nil
}

func configured(login security.Login) *sarama.Config {
	config := sarama.NewConfig()
	config.Version = sarama.MaxVersion
	config.Producer.Return.Successes = true
	config.Producer.RequiredAcks = sarama.WaitForAll
	config.Consumer.Offsets.Initial = sarama.OffsetOldest
	config.Consumer.Offsets.AutoCommit.Enable = false
	if login.HasTLS() {
		config.Net.TLS.Enable = true
		config.Net.TLS.Config = login.TLS()
	}
	if mechanism := login["mechanism"]; mechanism != "" {
		config.Net.SASL.Enable = true
		config.Net.SASL.Mechanism = sarama.SASLMechanism(mechanism)
		config.Net.SASL.User, config.Net.SASL.Password = login["user"], login["password"]
		config.Net.SASL.TokenProvider = tokens{login}
		hash := scram.HashGeneratorFcn(sha256.New)
		if mechanism == sarama.SASLTypeSCRAMSHA512 {
			hash = sha512.New
		}
		config.Net.SASL.SCRAMClientGeneratorFunc = func() sarama.SCRAMClient { return &scramClient{hash: hash} }
	}
	return config
}

func walk(ctx context.Context, login security.Login) error {
	topic, group, seeds := login["topic"], login["group"], []string{login["bootstrap"]}
	admin, err := sarama.NewClusterAdmin(seeds, configured(login))
	if err != nil {
		return err
	}
	defer admin.Close()
	if err := admin.CreateTopic(topic, &sarama.TopicDetail{NumPartitions: 1, ReplicationFactor: 1}, false); err != nil {
		return err
	}
	if err := produce(login, security.RecordsPerWalk); err != nil {
		return err
	}
	consumer, err := sarama.NewConsumerGroup(seeds, group, configured(login))
	if err != nil {
		return err
	}
	defer consumer.Close()
	if err := consumer.Consume(ctx, []string{topic}, reader{}); err != nil {
		return err
	}
	offsets, err := admin.ListConsumerGroupOffsets(group, map[string][]int32{topic: {0}})
	if err != nil {
		return err
	}
	if offset := offsets.GetBlock(topic, 0).Offset; offset != security.RecordsPerWalk {
		return fmt.Errorf("committed %d", offset)
	}
	return nil
}

// reader reads what the walk has written, and commits it.
type reader struct{}

func (reader) Setup(sarama.ConsumerGroupSession) error   { return nil }
func (reader) Cleanup(sarama.ConsumerGroupSession) error { return nil }
func (reader) ConsumeClaim(session sarama.ConsumerGroupSession, claim sarama.ConsumerGroupClaim) error {
	for message := range claim.Messages() {
		session.MarkMessage(message, "")
		if message.Offset == security.RecordsPerWalk-1 {
			session.Commit()
			return nil
		}
	}
	return nil
}

func produce(login security.Login, count int) error {
	producer, err := sarama.NewSyncProducer([]string{login["bootstrap"]}, configured(login))
	if err != nil {
		return err
	}
	defer producer.Close()
	for nth := range count {
		value := sarama.StringEncoder(fmt.Sprint("record ", nth))
		if _, _, err := producer.SendMessage(&sarama.ProducerMessage{Topic: login["topic"], Value: value}); err != nil {
			return err
		}
	}
	return nil
}

func refusal(_ context.Context, login security.Login, _ func(error)) error {
	return produce(login, 1)
}
