// Package recordset is the command line of the Go clients in the record-set matrix (see ../run.sh for the contract). A client
// says what it can, how it produces records and how it consumes a topic; this package reads the records, writes what was
// received, and watches the deadline. It knows no Kafka client.
package recordset

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"strconv"
	"time"
)

// Record is one record. A nil slice is null; Timestamp is nil where there is none.
type Record struct {
	Key       []byte   `json:"key"`
	Value     []byte   `json:"value"`
	Headers   []Header `json:"headers"`
	Timestamp *int64   `json:"timestamp"`
	Offset    int64    `json:"offset"`
}

// Header is written as a pair of name and value.
type Header struct {
	Name  string
	Value []byte
}

func (h Header) MarshalJSON() ([]byte, error) {
	return json.Marshal([]any{h.Name, h.Value})
}

func (h *Header) UnmarshalJSON(text []byte) error {
	return json.Unmarshal(text, &[]any{&h.Name, &h.Value})
}

// Time of the record, or the zero time, which every client takes for "not set".
func (r *Record) Time() time.Time {
	if r.Timestamp == nil {
		return time.Time{}
	}
	return time.UnixMilli(*r.Timestamp)
}

// Millis is the timestamp of a received record; clients show the absence of one as the zero time.
func Millis(of time.Time) *int64 {
	if of.IsZero() {
		return nil
	}
	millis := of.UnixMilli()
	return &millis
}

// Capabilities as ../../harnesses/record-set/expectation.ts reads them.
type Capabilities struct {
	Codecs        []string `json:"codecs"`
	ConsumeCodecs []string `json:"consumeCodecs,omitempty"`
	Magic         int      `json:"magic"`
	Headers       bool     `json:"headers"`
	Timestamps    bool     `json:"timestamps"`
	CannotProduce []string `json:"cannotProduce,omitempty"`
	CannotConsume []string `json:"cannotConsume,omitempty"`
}

// AllCodecs in the order of their numbers in the protocol.
var AllCodecs = []string{"none", "gzip", "snappy", "lz4", "zstd"}

// Client is what a program has to say. Both functions end early when the context does.
type Client struct {
	// Module whose version is printed.
	Module       string
	Capabilities Capabilities
	// Produce returns when every record is acknowledged.
	Produce func(ctx context.Context, bootstrap, topic, codec string, records []*Record) error
	// Consume hands over records from the beginning until received answers false.
	Consume func(ctx context.Context, bootstrap, topic string, received func(*Record) bool) error
}

// Profile is which of several contenders the program acts as.
func Profile() string { return os.Getenv("RS_PROFILE") }

// Main runs the verb that the command line names.
func Main(client Client) {
	arguments := os.Args[1:]
	switch {
	case len(arguments) == 1 && arguments[0] == "version":
		fmt.Println(version(client.Module))
	case len(arguments) == 1 && arguments[0] == "capabilities":
		if err := json.NewEncoder(os.Stdout).Encode(client.Capabilities); err != nil {
			os.Exit(1)
		}
	case len(arguments) >= 2:
		for at := 2; at+2 < len(arguments); at += 3 {
			topic := arguments[at]
			if err := run(client, arguments[0], arguments[1], topic, arguments[at+1], arguments[at+2]); err != nil {
				fmt.Fprintf(os.Stderr, "%s: %v\n", topic, err)
				os.Exit(1)
			}
			fmt.Printf("done %s\n", topic)
		}
	default:
		os.Exit(64)
	}
}

func run(client Client, verb, bootstrap, topic, argument, path string) error {
	seconds, err := strconv.Atoi(os.Getenv("RS_DEADLINE_S"))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(seconds)*time.Second)
	defer cancel()
	if verb == "produce" {
		records, err := readRecords(path)
		if err != nil {
			return err
		}
		// A client that does not heed its context must not hang the run.
		return within(ctx, func() error { return client.Produce(ctx, bootstrap, topic, argument, records) })
	}
	count, err := strconv.Atoi(argument)
	if err != nil {
		return err
	}
	return within(ctx, func() error { return consume(ctx, client, bootstrap, topic, count, path) })
}

func within(ctx context.Context, work func() error) error {
	ended := make(chan error, 1)
	go func() { ended <- work() }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		// What the client itself says about its end is worth a moment.
		select {
		case err := <-ended:
			return err
		case <-time.After(200 * time.Millisecond):
			return ctx.Err()
		}
	}
}

func consume(ctx context.Context, client Client, bootstrap, topic string, count int, path string) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	writer := bufio.NewWriter(file)
	lines := json.NewEncoder(writer)
	taken := 0
	var failure error
	err = client.Consume(ctx, bootstrap, topic, func(record *Record) bool {
		if taken < count && failure == nil {
			failure = lines.Encode(record)
			taken++
		}
		return taken < count && failure == nil
	})
	if taken < count && err == nil {
		err = fmt.Errorf("ended after %d of %d records", taken, count)
	}
	if taken >= count {
		err = nil // how it takes leave is not the question
	}
	return errors.Join(err, failure, writer.Flush())
}

func readRecords(path string) ([]*Record, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var records []*Record
	lines := json.NewDecoder(file)
	for lines.More() {
		record := new(Record)
		if err := lines.Decode(record); err != nil {
			return nil, err
		}
		records = append(records, record)
	}
	return records, nil
}

func version(module string) string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, dependency := range info.Deps {
		if dependency.Path == module {
			return dependency.Version
		}
	}
	return "unknown"
}
