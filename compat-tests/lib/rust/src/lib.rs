//! The command line of the Rust clients in the record-set matrix (see ../../run.sh for the contract). A client says what it can,
//! how it produces records and how it consumes a topic; this crate reads the records, writes what was received, and knows the
//! deadline. It knows no Kafka client.

use base64::{engine::general_purpose::STANDARD, Engine};
use serde_json::{json, Value};
use std::error::Error;
use std::fs;
use std::time::{Duration, Instant};

pub type Outcome<T> = Result<T, Box<dyn Error>>;

/// One record; `None` is null, or "not there" for the timestamp.
pub struct Record {
    pub offset: i64,
    pub key: Option<Vec<u8>>,
    pub value: Option<Vec<u8>>,
    pub headers: Vec<(String, Option<Vec<u8>>)>,
    pub timestamp_ms: Option<i64>,
}

pub struct Client {
    pub version: &'static str,
    /// As ../../../harnesses/record-set/expectation.ts reads it.
    pub capabilities: Value,
    /// Bootstrap, topic, codec, records, deadline; returns when every record is acknowledged.
    pub produce: fn(&str, &str, &str, Vec<Record>, Instant) -> Outcome<()>,
    /// Bootstrap, topic, number of records, deadline; may return fewer at the deadline.
    pub consume: fn(&str, &str, usize, Instant) -> Outcome<Vec<Record>>,
}

pub fn main(client: Client) {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some("version") => println!("{}", client.version),
        Some("capabilities") => println!("{}", client.capabilities),
        Some(verb) => {
            for task in arguments[2..].chunks_exact(3) {
                if let Err(error) = run(&client, verb, &arguments[1], task) {
                    eprintln!("{}: {}", task[0], error);
                    std::process::exit(1);
                }
                println!("done {}", task[0]);
            }
        }
        None => std::process::exit(64),
    }
}

fn run(client: &Client, verb: &str, bootstrap: &str, task: &[String]) -> Outcome<()> {
    let seconds: u64 = std::env::var("RS_DEADLINE_S")?.parse()?;
    let deadline = Instant::now() + Duration::from_secs(seconds);
    let (topic, argument, path) = (&task[0], &task[1], &task[2]);
    if verb == "produce" {
        let records = fs::read_to_string(path)?.lines().map(parse).collect::<Outcome<Vec<_>>>()?;
        return (client.produce)(bootstrap, topic, argument, records, deadline);
    }
    let count: usize = argument.parse()?;
    let records = (client.consume)(bootstrap, topic, count, deadline)?;
    if records.len() < count {
        return Err(format!("{} of {} records at the deadline", records.len(), count).into());
    }
    let lines: Vec<String> = records.iter().take(count).map(|record| format!("{}\n", line(record))).collect();
    Ok(fs::write(path, lines.concat())?)
}

fn parse(line: &str) -> Outcome<Record> {
    let fields: Value = serde_json::from_str(line)?;
    let mut headers = Vec::new();
    for pair in fields["headers"].as_array().into_iter().flatten() {
        headers.push((pair[0].as_str().ok_or("a header without a name")?.to_owned(), bytes(&pair[1])?));
    }
    let (key, value) = (bytes(&fields["key"])?, bytes(&fields["value"])?);
    Ok(Record { offset: 0, key, value, headers, timestamp_ms: fields["timestamp"].as_i64() })
}

fn line(record: &Record) -> Value {
    let headers: Vec<Value> = record.headers.iter().map(|(name, value)| json!([name, text(value)])).collect();
    json!({
        "offset": record.offset,
        "key": text(&record.key),
        "value": text(&record.value),
        "headers": headers,
        "timestamp": record.timestamp_ms,
    })
}

fn bytes(field: &Value) -> Outcome<Option<Vec<u8>>> {
    Ok(field.as_str().map(|text| STANDARD.decode(text)).transpose()?)
}

fn text(bytes: &Option<Vec<u8>>) -> Option<String> {
    bytes.as_ref().map(|bytes| STANDARD.encode(bytes))
}
