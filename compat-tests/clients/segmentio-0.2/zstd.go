//go:build cgo

package main

import "github.com/segmentio/kafka-go/zstd"

// Zstandard is C in this version: without a C compiler the program has no such codec.
func init() { codecs["zstd"] = zstd.NewCompressionCodec() }
