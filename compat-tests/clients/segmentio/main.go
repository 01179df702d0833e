// segmentio/kafka-go, newest: the record set through its Writer and its Reader on one partition.
package main

import (
	"context"
	"time"

	"github.com/segmentio/kafka-go"
	"gregor.example/compat/recordset"
)

var codecs = map[string]kafka.Compression{
	"none":   0,
	"gzip":   kafka.Gzip,
	"snappy": kafka.Snappy,
	"lz4":    kafka.Lz4,
	"zstd":   kafka.Zstd,
}

func main() {
	recordset.Main(recordset.Client{
		Module: "github.com/segmentio/kafka-go",
		Capabilities: recordset.Capabilities{
			Codecs: recordset.AllCodecs, Magic: 2, Headers: true, Timestamps: true,
			// It shows empty as null.
			CannotConsume: []string{"empty key", "empty value", "empty header value"},
		},
		Produce: produce,
		Consume: consume,
	})
}

func produce(ctx context.Context, bootstrap, topic, codec string, records []*recordset.Record) error {
	writer := &kafka.Writer{
		Addr:         kafka.TCP(bootstrap),
		Topic:        topic,
		Compression:  codecs[codec],
		RequiredAcks: kafka.RequireAll,
		BatchSize:    len(records),
		BatchBytes:   1048576,
		BatchTimeout: 20 * time.Millisecond,
		MaxAttempts:  3,
	}
	messages := make([]kafka.Message, 0, len(records))
	for _, record := range records {
		message := kafka.Message{Key: record.Key, Value: record.Value, Time: record.Time()}
		for _, header := range record.Headers {
			message.Headers = append(message.Headers, kafka.Header{Key: header.Name, Value: header.Value})
		}
		messages = append(messages, message)
	}
	if err := writer.WriteMessages(ctx, messages...); err != nil {
		return err
	}
	return writer.Close()
}

func consume(ctx context.Context, bootstrap, topic string, received func(*recordset.Record) bool) error {
	reader := kafka.NewReader(kafka.ReaderConfig{
		Brokers:   []string{bootstrap},
		Topic:     topic,
		Partition: 0,
		MinBytes:  1,
		MaxBytes:  2 << 20,
		MaxWait:   50 * time.Millisecond,
	})
	for {
		message, err := reader.ReadMessage(ctx)
		if err != nil {
			return err
		}
		record := &recordset.Record{
			Offset:    message.Offset,
			Key:       message.Key,
			Value:     message.Value,
			Timestamp: recordset.Millis(message.Time),
		}
		for _, header := range message.Headers {
			record.Headers = append(record.Headers, recordset.Header{Name: header.Key, Value: header.Value})
		}
		if !received(record) {
			return nil
		}
	}
}
