// sarama, newest (IBM): the record set through its synchronous producer and a partition consumer, with its newest version
// constant in Config.Version.
package main

import (
	"context"
	"fmt"
	"time"

	"github.com/IBM/sarama"
	"gregor.example/compat/recordset"
)

var codecs = map[string]sarama.CompressionCodec{
	"none":   sarama.CompressionNone,
	"gzip":   sarama.CompressionGZIP,
	"snappy": sarama.CompressionSnappy,
	"lz4":    sarama.CompressionLZ4,
	"zstd":   sarama.CompressionZSTD,
}

func main() {
	recordset.Main(recordset.Client{
		Module:       "github.com/IBM/sarama",
		Capabilities: recordset.Capabilities{Codecs: recordset.AllCodecs, Magic: 2, Timestamps: true, Headers: true},
		Produce:      produce,
		Consume:      consume,
	})
}

func config() *sarama.Config {
	config := sarama.NewConfig()
	config.Version = sarama.MaxVersion
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
