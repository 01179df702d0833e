//! rskafka (pure Rust): the record set through its partition client, one batch per topic.

use chrono::DateTime;
use record_set::{Client, Outcome, Record};
use rskafka::client::partition::{Compression, PartitionClient, UnknownTopicHandling};
use rskafka::client::ClientBuilder;
use serde_json::json;
use std::future::Future;
use std::time::Instant;

const FETCH_BYTES_MAX: i32 = 2 << 20;
const MAX_WAIT_MS: i32 = 50;

fn main() {
    record_set::main(Client {
        version: "rskafka 0.6.0",
        capabilities: json!({
            "codecs": ["none", "gzip", "snappy", "lz4", "zstd"],
            "magic": 2,
            "headers": true,
            "timestamps": true,
            // Headers are a map by name with values that are never null.
            "cannotProduce": ["repeated headers", "null header value"],
            "cannotConsume": ["repeated headers", "null header value"],
        }),
        produce,
        consume,
    });
}

fn produce(bootstrap: &str, topic: &str, codec: &str, records: Vec<Record>, deadline: Instant) -> Outcome<()> {
    let compression = match codec {
        "none" => Compression::NoCompression,
        "gzip" => Compression::Gzip,
        "snappy" => Compression::Snappy,
        "lz4" => Compression::Lz4,
        _ => Compression::Zstd,
    };
    let batch = records.into_iter().map(to_rskafka).collect::<Outcome<Vec<_>>>()?;
    within(deadline, async {
        partition(bootstrap, topic).await?.produce(batch, compression).await?;
        Ok(())
    })
}

fn consume(bootstrap: &str, topic: &str, count: usize, deadline: Instant) -> Outcome<Vec<Record>> {
    within(deadline, async {
        let partition = partition(bootstrap, topic).await?;
        let mut records: Vec<Record> = Vec::new();
        while records.len() < count {
            let from = records.last().map_or(0, |record| record.offset + 1);
            let (fetched, _) = partition.fetch_records(from, 1..FETCH_BYTES_MAX, MAX_WAIT_MS).await?;
            records.extend(fetched.into_iter().map(|found| Record {
                offset: found.offset,
                key: found.record.key,
                value: found.record.value,
                headers: found.record.headers.into_iter().map(|(name, value)| (name, Some(value))).collect(),
                timestamp_ms: Some(found.record.timestamp.timestamp_millis()),
            }));
        }
        Ok(records)
    })
}

async fn partition(bootstrap: &str, topic: &str) -> Outcome<PartitionClient> {
    let client = ClientBuilder::new(vec![bootstrap.to_owned()]).build().await?;
    Ok(client.partition_client(topic, 0, UnknownTopicHandling::Retry).await?)
}

fn to_rskafka(record: Record) -> Outcome<rskafka::record::Record> {
    let millis = record.timestamp_ms.ok_or("a record without a timestamp")?;
    Ok(rskafka::record::Record {
        key: record.key,
        value: record.value,
        headers: record.headers.into_iter().map(|(name, value)| (name, value.unwrap_or_default())).collect(),
        timestamp: DateTime::from_timestamp_millis(millis).ok_or("a timestamp beyond chrono's range")?,
    })
}

fn within<T>(deadline: Instant, work: impl Future<Output = Outcome<T>>) -> Outcome<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async { tokio::time::timeout_at(deadline.into(), work).await? })
}
