// sarama 1.22 (Shopify): the record set through its synchronous producer and a partition consumer. The profile is what its users
// write into Config.Version, which alone decides on request versions; 0.8.2 is the default.
package main

import (
	"context"
	"fmt"
	"time"

	"github.com/Shopify/sarama"
	"gregor.example/compat/recordset"
)

// It never writes with a request version that may carry Zstandard; see zstd.go for reading it.
var formats = map[string]recordset.Capabilities{
	"0.8.2":  {Codecs: []string{"none", "gzip", "snappy"}, Magic: 0},
	"0.10.0": {Codecs: []string{"none", "gzip", "snappy", "lz4"}, Magic: 1, Timestamps: true},
	"2.1.0":  {Codecs: []string{"none", "gzip", "snappy", "lz4"}, Magic: 2, Timestamps: true, Headers: true},
}

var versions = map[string]sarama.KafkaVersion{
	"0.8.2":  sarama.MinVersion,
	"0.10.0": sarama.V0_10_0_0,
	"2.1.0":  sarama.V2_1_0_0,
}

var codecs = map[string]sarama.CompressionCodec{
	"none":   sarama.CompressionNone,
	"gzip":   sarama.CompressionGZIP,
	"snappy": sarama.CompressionSnappy,
	"lz4":    sarama.CompressionLZ4,
}

func main() {
	recordset.Main(recordset.Client{
		Module:       "github.com/Shopify/sarama",
		Capabilities: formats[recordset.Profile()],
		Produce:      produce,
		Consume:      consume,
	})
}

func config() *sarama.Config {
	config := sarama.NewConfig()
	config.Version = versions[recordset.Profile()]
	return config
}

func produce(_ context.Context, bootstrap, topic, codec string, records []*recordset.Record) error {
	config := config()
	config.Producer.RequiredAcks = sarama.WaitForAll
	config.Producer.Compression = codecs[codec]
	config.Producer.Partitioner = sarama.NewManualPartitioner
	config.Producer.Return.Successes = true
	// Room for the large value; everything it is given at once goes out together.
	config.Producer.MaxMessageBytes = 1048000
	config.Producer.Flush.Frequency = 20 * time.Millisecond
	producer, err := sarama.NewSyncProducer([]string{bootstrap}, config)
	if err != nil {
		return err
	}
	messages := make([]*sarama.ProducerMessage, 0, len(records))
	for _, record := range records {
		message := &sarama.ProducerMessage{Topic: topic, Timestamp: record.Time()}
		if record.Key != nil {
			message.Key = sarama.ByteEncoder(record.Key)
		}
		if record.Value != nil {
			message.Value = sarama.ByteEncoder(record.Value)
		}
		for _, header := range record.Headers {
			message.Headers = append(message.Headers, sarama.RecordHeader{Key: []byte(header.Name), Value: header.Value})
		}
		messages = append(messages, message)
	}
	if err := producer.SendMessages(messages); err != nil {
		if all, ok := err.(sarama.ProducerErrors); ok {
			return fmt.Errorf("%d records failed: %v", len(all), all[0].Err)
		}
		return err
	}
	return producer.Close()
}

func consume(ctx context.Context, bootstrap, topic string, received func(*recordset.Record) bool) error {
	config := config()
	config.Consumer.MaxWaitTime = 50 * time.Millisecond
	config.Consumer.Return.Errors = true
	consumer, err := sarama.NewConsumer([]string{bootstrap}, config)
	if err != nil {
		return err
	}
	partition, err := consumer.ConsumePartition(topic, 0, sarama.OffsetOldest)
	if err != nil {
		return err
	}
	for {
		select {
		case message := <-partition.Messages():
			record := &recordset.Record{
				Offset:    message.Offset,
				Key:       message.Key,
				Value:     message.Value,
				Timestamp: recordset.Millis(message.Timestamp),
			}
			for _, header := range message.Headers {
				record.Headers = append(record.Headers, recordset.Header{Name: string(header.Key), Value: header.Value})
			}
			if !received(record) {
				partition.AsyncClose()
				return nil
			}
		case err := <-partition.Errors():
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
