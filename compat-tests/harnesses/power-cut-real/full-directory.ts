/**
 * Two data directories, of which one is on a tmpfs of a few megabytes: it is filled to the brim and goes offline, the other
 * serves on, and with room again a restart has every record that was acknowledged.
 */
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Errors } from '#protocol/errors.js'
import { CreateTopics } from '#protocol/messages/create-topics.js'
import { DescribeLogDirs } from '#protocol/messages/describe-log-dirs.js'
import { Metadata } from '#protocol/messages/metadata.js'
import { Produce } from '#protocol/messages/produce.js'
import { buildBatch } from '#protocol/records/build.js'
import { startGregor } from '../../lib/gregor.js'
import { eventually } from '../../lib/patience.js'
import type { Tally } from '../../lib/tally.js'
import { WireClient } from '../../lib/wire-client.js'
import { Ledger, recordValue } from '../kill-nine/ledger.js'
import { readLog } from '../kill-nine/reader.js'
import type { SmallDisk } from './file-system.js'

const recordBytes = 50_000

export async function fillOneOfTwo(disk: SmallDisk, scratch: string, tally: Tally): Promise<object> {
  const [roomy, small] = [join(scratch, 'roomy'), join(disk.folder, 'one-of-two')]
  const dataDir = [roomy, small].join(',')
  const filler = join(disk.folder, 'filler')
  writeFileSync(filler, Buffer.alloc(4 * 1024 * 1024))
  const lines: string[] = []
  let gregor = await startGregor({ dataDir, onLogLine: line => lines.push(line) })
  let client = await WireClient.connect(gregor.bootstrap)
  const topic = { name: 't', numPartitions: 2, replicationFactor: -1, assignments: [], configs: [] }
  await client.request(CreateTopics, 7, { topics: [topic] })
  const index = await partitionIn(client, small)
  const ledger = new Ledger()
  let number = 0
  const produce = async (partition: number): Promise<number> => {
    const records = buildBatch([{ key: null, value: recordValue('filler', number, recordBytes) }], { timestampMs: Date.now() })
    const topicData = [{ name: 't', partitionData: [{ index: partition, records }] }]
    const answer = await client.request(Produce, 9, { acks: -1, timeoutMs: 10_000, topicData })
    const { errorCode, baseOffset } = answer.responses[0]!.partitionResponses[0]!
    if (errorCode === 0) ledger.acknowledge(`t-${partition}`, 'filler', number++, baseOffset)
    return errorCode
  }
  let errorCode = 0
  for (let n = 0; n < 1000 && errorCode === 0; n++) errorCode = await produce(index)
  const whenFull = number
  const said = (what: string, found: unknown, expected: unknown): void =>
    tally.claim(`one of two directories is full: ${what}`, found === expected ? null : `${found}, not ${expected}`)
  said('its partitions answer KAFKA_STORAGE_ERROR', errorCode, Errors.KAFKA_STORAGE_ERROR)
  // The line comes by another way than the answer.
  await eventually(() => lines.some(line => line.includes('failed and is offline')), 10_000)
  said('the log says so once', lines.filter(line => line.includes('failed and is offline')).length, 1)
  said('the other takes records', await produce(1 - index), 0)
  const { topics } = await client.request(Metadata, 12, { topics: [{ name: 't' }], allowAutoTopicCreation: false })
  said('its partitions have no leader', topics[0]!.partitions.find(one => one.partitionIndex === index)?.leaderId, -1)
  const { results } = await client.request(DescribeLogDirs, 4, { topics: null })
  said('it is told as failed', results.find(({ logDir }) => logDir === small)?.errorCode, Errors.KAFKA_STORAGE_ERROR)
  client.close()
  said('the broker lived through it', await gregor.stop(), 0)
  rmSync(filler)
  gregor = await startGregor({ dataDir })
  client = await WireClient.connect(gregor.bootstrap)
  for (const partition of [0, 1]) {
    const log = await readLog(client, { topic: 't', partition })
    tally.claimNone(
      `with room again every acknowledged record of partition ${partition} is there`,
      ledger.faultsOf(`t-${partition}`, log),
    )
  }
  said('and takes records again, after a restart with room', await produce(index), 0)
  client.close()
  await gregor.stop()
  return { recordsWhenOneOfTwoWasFull: whenFull }
}

async function partitionIn(client: WireClient, directory: string): Promise<number> {
  const { results } = await client.request(DescribeLogDirs, 4, { topics: null })
  const found = results.find(({ logDir }) => logDir === directory)?.topics[0]?.partitions[0]?.partitionIndex
  if (found === undefined) throw new Error(`no partition is in ${directory}`)
  return found
}
