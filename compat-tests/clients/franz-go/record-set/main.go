// franz-go (kgo): the record set, through its idempotent producer and a client that reads one partition without a group.
package main

import (
	"context"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"gregor.example/compat/recordset"
)

var codecs = map[string]kgo.CompressionCodec{
	"none":   kgo.NoCompression(),
	"gzip":   kgo.GzipCompression(),
	"snappy": kgo.SnappyCompression(),
	"lz4":    kgo.Lz4Compression(),
	"zstd":   kgo.ZstdCompression(),
}

func main() {
	recordset.Main(recordset.Client{
		Module: "github.com/twmb/franz-go",
		Capabilities: recordset.Capabilities{
			Codecs: recordset.AllCodecs, Magic: 2, Headers: true, Timestamps: true,
		},
		Produce: produce,
		Consume: consume,
	})
}

func produce(ctx context.Context, bootstrap, topic, codec string, records []*recordset.Record) error {
	client, err := kgo.NewClient(
		kgo.SeedBrokers(bootstrap),
		kgo.DefaultProduceTopic(topic),
		kgo.ProducerBatchCompression(codecs[codec]),
		kgo.ProducerBatchMaxBytes(1048576),
		kgo.ProducerLinger(20*time.Millisecond),
	)
	if err != nil {
		return err
	}
	defer client.Close()
	batch := make([]*kgo.Record, 0, len(records))
	for _, record := range records {
		produced := &kgo.Record{Key: record.Key, Value: record.Value, Timestamp: record.Time()}
		for _, header := range record.Headers {
			produced.Headers = append(produced.Headers, kgo.RecordHeader{Key: header.Name, Value: header.Value})
		}
		batch = append(batch, produced)
	}
	return client.ProduceSync(ctx, batch...).FirstErr()
}

func consume(ctx context.Context, bootstrap, topic string, received func(*recordset.Record) bool) error {
	client, err := kgo.NewClient(
		kgo.SeedBrokers(bootstrap),
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: {0: kgo.NewOffset().AtStart()}}),
		kgo.FetchMaxWait(50*time.Millisecond),
	)
	if err != nil {
		return err
	}
	defer client.Close()
	for {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			return err
		}
		for _, message := range fetches.Records() {
			record := &recordset.Record{
				Offset:    message.Offset,
				Key:       message.Key,
				Value:     message.Value,
				Timestamp: recordset.Millis(message.Timestamp),
			}
			for _, header := range message.Headers {
				record.Headers = append(record.Headers, recordset.Header{Name: header.Key, Value: header.Value})
			}
			if !received(record) {
				return nil
			}
		}
	}
}
