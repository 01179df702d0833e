/**
 * kafka-console-producer and kafka-console-consumer (and the verifiable producer, which can set timestamps): fills the
 * topics, reads them back whole and compares. What was read is the ground truth of all later checks.
 */
import { eventually, expect, expectClean, expectContains, expectEqual } from './checks.js'
import { consumedRecords, type StoredRecord, wholeRecords } from './output.js'
import {
  codecLinesCount,
  codecs,
  endOffsets,
  inputFile,
  linesCount,
  numberedLines,
  partitionsOf,
  runTool,
  type Scenario,
} from './scenario.js'

const producer = 'kafka-console-producer'
const consumer = 'kafka-console-consumer'
const keyed = ['--reader-property', 'parse.key=true']

export async function checkRecords(scenario: Scenario): Promise<void> {
  await checkNumberedLines(scenario)
  await checkRecordParts(scenario)
  await checkAcks(scenario)
  await checkStartingPoints(scenario)
  await checkTimestamps(scenario)
}

async function checkNumberedLines(scenario: Scenario): Promise<void> {
  const { checks, topics } = scenario
  const lines = numberedLines(linesCount)
  const linesFile = inputFile(scenario, 'lines.txt', lines)
  await checks.check(producer, `sends ${linesCount} lines with keys to three partitions`, async () => {
    await produce(scenario, topics.lines, linesFile, ...keyed)
    const ends = await endOffsets(scenario, topics.lines)
    expectEqual(ends.length, 3, 'partitions')
    expectEqual(
      ends.reduce((sum, end) => sum + end, 0),
      linesCount,
      'sum of the end offsets',
    )
  })
  await checks.check(consumer, '--from-beginning reads every line once, in order within its partition', async () => {
    await readWhole(scenario, topics.lines, linesCount)
    expectSameLines(partitionsOf(scenario, topics.lines), lines)
  })

  const codecLines = numberedLines(codecLinesCount)
  const codecFile = inputFile(scenario, 'codec-lines.txt', codecLines)
  for (const codec of codecs) {
    await checks.check(producer, `--compression-codec ${codec}`, async () => {
      await produce(scenario, topics[codec], codecFile, ...keyed, '--compression-codec', codec)
      expectEqual(await endOffsets(scenario, topics[codec]), [codecLinesCount], 'end offset')
    })
    await checks.check(consumer, `reads ${codec} batches back`, async () => {
      await readWhole(scenario, topics[codec], codecLinesCount)
      expectSameLines(partitionsOf(scenario, topics[codec]), codecLines)
    })
  }
}

async function checkRecordParts(scenario: Scenario): Promise<void> {
  const { checks, topics } = scenario
  const notes = [
    'trace:1,kind:a\tk1\tplain',
    'trace:2,kind:b\tk2\tNULL',
    'trace:3,kind:c\tNULL\tvalue without a key',
    'lang:日本\tключ\tπ ≈ 3.14 🙂',
  ]
  await checks.check(producer, 'sends headers, null keys, null values and UTF-8', async () => {
    const file = inputFile(scenario, 'notes.txt', notes.map(line => `${line}\n`).join(''))
    const options = ['parse.headers=true', 'parse.key=true', 'null.marker=NULL'].flatMap(option => ['--reader-property', option])
    await produce(scenario, topics.notes, file, ...options)
  })
  await checks.check(consumer, 'prints timestamp, partition, offset, headers, key and value', async () => {
    const beforeMs = Date.now()
    await readWhole(scenario, topics.notes, notes.length)
    const records = partitionsOf(scenario, topics.notes)[0]!
    const printed = records.map(record => [record.headers, record.key, record.value].join('\t').replaceAll('null', 'NULL'))
    expectEqual(printed, notes, 'headers, keys and values')
    expectEqual(
      records.map(record => record.offset),
      [0, 1, 2, 3],
      'offsets',
    )
    expect(
      records.every(record => Math.abs(beforeMs - record.timestamp) < 600_000),
      'timestamps are of the last minutes',
    )
  })
}

async function checkAcks(scenario: Scenario): Promise<void> {
  const { checks, topics } = scenario
  await checks.check(producer, '--request-required-acks 1, 0 and -1 with and without idempotence', async () => {
    let count = 0
    for (const [acks, isIdempotent] of [
      ['1', false],
      ['0', false],
      ['-1', false],
      ['-1', true],
    ] as const) {
      const file = inputFile(scenario, `acks-${count}.txt`, numberedLines(10, count).replaceAll('key-', ''))
      const idempotence = ['--command-property', `enable.idempotence=${isIdempotent}`]
      await produce(scenario, topics.acks, file, ...keyed, '--request-required-acks', acks, ...idempotence)
      count += 10
      // Without an acknowledgement the tool may be gone before the broker has appended.
      await eventually(
        () => endOffsets(scenario, topics.acks),
        ([end]) => end === count,
        `end offset ${count} after acks ${acks}`,
      )
    }
    await readWhole(scenario, topics.acks, count)
    const values = partitionsOf(scenario, topics.acks)[0]!.map(record => Number.parseInt(record.value, 10))
    expectEqual(
      values,
      Array.from({ length: count }, (_, i) => i),
      'numbers of the lines',
    )
  })
  await checks.check(producer, 'creates a missing topic by producing to it', async () => {
    await produce(scenario, topics.auto, inputFile(scenario, 'auto.txt', 'one\ntwo\n'))
    await readWhole(scenario, topics.auto, 2)
    expectEqual(
      partitionsOf(scenario, topics.auto)
        .flat()
        .map(record => record.value),
      ['one', 'two'],
      'values',
    )
  })
}

async function checkStartingPoints(scenario: Scenario): Promise<void> {
  const { checks, topics } = scenario
  await checks.check(consumer, '--partition --offset starts exactly there', async () => {
    for (const [topic, partition, offset] of [
      [topics.lines, 1, 12_345],
      [topics.zstd, 0, codecLinesCount - 5],
    ] as const) {
      const args = ['--topic', topic, '--partition', String(partition), '--offset', String(offset), '--max-messages', '5']
      const records = await consume(scenario, args)
      expectEqual(records, partitionsOf(scenario, topic)[partition]!.slice(offset, offset + 5), `records from ${offset} on`)
    }
  })
  await checks.check(consumer, '--offset latest waits at the end and finds nothing old', async () => {
    const args = ['--topic', topics.gzip, '--partition', '0', '--offset', 'latest', '--timeout-ms', '700']
    expectEqual(await consume(scenario, args), [], 'records')
  })
  await checks.check(consumer, '--isolation-level read_committed reads plain batches', async () => {
    const args = ['--topic', topics.lz4, '--partition', '0', '--offset', 'earliest', '--max-messages', '3']
    const records = await consume(scenario, [...args, '--isolation-level', 'read_committed'])
    expectEqual(records, partitionsOf(scenario, topics.lz4)[0]!.slice(0, 3), 'records')
  })
  await checks.check(consumer, '--include subscribes by a regular expression', async () => {
    const include = `(${topics.notes}|${topics.acks})`
    const records = await consume(scenario, ['--include', include, '--from-beginning', '--max-messages', '44'])
    const expected = [topics.notes, topics.acks].flatMap(topic =>
      partitionsOf(scenario, topic)
        .flat()
        .map(record => record.value),
    )
    expectEqual(records.map(record => record.value).sort(), expected.sort(), 'values of both topics')
  })
}

async function checkTimestamps(scenario: Scenario): Promise<void> {
  const { checks, topics, bootstrap } = scenario
  const tool = 'kafka-verifiable-producer'
  await checks.check(tool, '--message-create-time puts a record of the future between others', async () => {
    const inHalfAnHourMs = Date.now() + 1_800_000
    await produce(scenario, topics.times, inputFile(scenario, 'times-1.txt', numberedLines(50)), ...keyed)
    const args = ['--bootstrap-server', bootstrap, '--topic', topics.times, '--max-messages', '1', '--acks', '-1']
    const run = expectClean(await scenario.host.runInOwnJvm(tool, [...args, '--message-create-time', String(inHalfAnHourMs)]))
    expectContains(run.stdout, '"name":"producer_send_success"')
    await produce(scenario, topics.times, inputFile(scenario, 'times-2.txt', numberedLines(50, 50)), ...keyed)
    await readWhole(scenario, topics.times, 101)
    const records = partitionsOf(scenario, topics.times)[0]!
    expectEqual(records[50]!.timestamp, inHalfAnHourMs, 'timestamp of the record of the future')
    expect(
      records.every((record, i) => i === 50 || record.timestamp < inHalfAnHourMs),
      'the others are of now',
    )
  })
}

async function produce(scenario: Scenario, topic: string, stdinFile: string, ...options: string[]): Promise<void> {
  const run = expectClean(await runTool(scenario, producer, ['--topic', topic, ...options], { stdinFile }))
  expectEqual(run.stdout, '', 'output')
}

async function consume(scenario: Scenario, args: readonly string[]): Promise<StoredRecord[]> {
  const timeout = args.includes('--timeout-ms') ? [] : ['--timeout-ms', '15000']
  return consumedRecords(expectClean(await runTool(scenario, consumer, [...args, ...timeout, ...wholeRecords])).stdout)
}

/** Reads a topic from the beginning and keeps it by partition for the checks that follow; offsets must have no gaps. */
async function readWhole(scenario: Scenario, topic: string, count: number): Promise<void> {
  const args = ['--topic', topic, '--from-beginning', '--max-messages', String(count)]
  const records = await consume(scenario, args)
  expectEqual(records.length, count, 'records')
  const partitions: StoredRecord[][] = (await endOffsets(scenario, topic)).map(() => [])
  for (const record of records) {
    const partition = partitions[record.partition]
    expect(partition !== undefined, `a record of a partition that does not exist: ${record.partition}`)
    expectEqual(record.offset, partition.length, `next offset of partition ${record.partition}`)
    partition.push(record)
  }
  scenario.logs.set(topic, partitions)
}

function expectSameLines(partitions: readonly StoredRecord[][], lines: string): void {
  const sent = lines.split('\n').slice(0, -1)
  let count = 0
  for (const records of partitions) {
    let last = -1
    for (const record of records) {
      const number = Number.parseInt(record.value, 10)
      expect(number > last, `line ${number} comes after line ${last} in partition ${record.partition}`)
      expectEqual(`${record.key}\t${record.value}`, sent[number], `line ${number}`)
      last = number
      count++
    }
  }
  expectEqual(count, sent.length, 'lines read')
}
