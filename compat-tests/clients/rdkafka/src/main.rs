//! rdkafka: the record set through its BaseProducer and an assigned BaseConsumer. The crate builds the librdkafka that it brings.

use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{Header, Headers, Message, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, DeliveryResult, Producer, ProducerContext};
use rdkafka::{ClientContext, Offset, TopicPartitionList};
use record_set::{Client, Outcome, Record};
use serde_json::json;
use std::sync::Mutex;
use std::time::{Duration, Instant};

fn main() {
    record_set::main(Client {
        version: concat!("rdkafka ", "0.39.0"),
        capabilities: json!({
            "codecs": ["none", "gzip", "snappy", "lz4", "zstd"],
            "magic": 2,
            "headers": true,
            "timestamps": true,
        }),
        produce,
        consume,
    });
}

#[derive(Default)]
struct Failures(Mutex<Vec<String>>);

impl ClientContext for Failures {}

impl ProducerContext for Failures {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, _: ()) {
        if let Err((error, _)) = result {
            self.0.lock().unwrap().push(error.to_string());
        }
    }
}

fn produce(bootstrap: &str, topic: &str, codec: &str, records: Vec<Record>, deadline: Instant) -> Outcome<()> {
    let producer: BaseProducer<Failures> = ClientConfig::new()
        .set("bootstrap.servers", bootstrap)
        .set("acks", "all")
        .set("compression.type", codec)
        // Room for the large value: librdkafka counts its own overhead against the limit, whose default is a million.
        .set("message.max.bytes", "1048576")
        .set("message.timeout.ms", "10000")
        .set("linger.ms", "20")
        .create_with_context(Failures::default())?;
    for record in &records {
        let mut headers = OwnedHeaders::new();
        for (name, value) in &record.headers {
            headers = headers.insert(Header { key: name, value: value.as_ref() });
        }
        let mut message: BaseRecord<[u8], [u8]> = BaseRecord::to(topic).partition(0).headers(headers);
        message.key = record.key.as_deref();
        message.payload = record.value.as_deref();
        message.timestamp = record.timestamp_ms;
        producer.send(message).map_err(|(error, _)| error)?;
    }
    producer.flush(deadline.saturating_duration_since(Instant::now()))?;
    let failure = producer.context().0.lock().unwrap().first().cloned();
    failure.map_or(Ok(()), |failure| Err(failure.into()))
}

fn consume(bootstrap: &str, topic: &str, count: usize, deadline: Instant) -> Outcome<Vec<Record>> {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", bootstrap)
        .set("group.id", format!("{topic}-unused"))
        .set("enable.auto.commit", "false")
        .set("fetch.wait.max.ms", "50")
        .create()?;
    let mut partitions = TopicPartitionList::new();
    partitions.add_partition_offset(topic, 0, Offset::Offset(0))?;
    consumer.assign(&partitions)?;
    let mut records = Vec::new();
    while records.len() < count && Instant::now() < deadline {
        let Some(polled) = consumer.poll(Duration::from_millis(200)) else { continue };
        let message = polled?;
        let headers = message.headers().map_or(Vec::new(), |headers| {
            headers.iter().map(|header| (header.key.to_owned(), header.value.map(<[u8]>::to_vec))).collect()
        });
        records.push(Record {
            offset: message.offset(),
            key: message.key().map(<[u8]>::to_vec),
            value: message.payload().map(<[u8]>::to_vec),
            headers,
            timestamp_ms: message.timestamp().to_millis(),
        });
    }
    // To end a consumer takes half a second, which the next topic need not wait for.
    std::thread::spawn(move || drop(consumer));
    Ok(records)
}
