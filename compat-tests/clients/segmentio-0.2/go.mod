module gregor.example/compat/segmentio-0.2

go 1.21

require gregor.example/compat/recordset v0.0.0

require (
	github.com/DataDog/zstd v1.4.0 // indirect
	github.com/golang/snappy v0.0.1 // indirect
	github.com/pierrec/lz4 v2.0.5+incompatible // indirect
	github.com/segmentio/kafka-go v0.2.5
)

replace gregor.example/compat/recordset => ../../lib/go
