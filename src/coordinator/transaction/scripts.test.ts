/**
 * Transcripts of transactions: each *.script.txt in scripts/ is a list of commands (lines that start with ">"), and below each
 * command what came of it: records written, markers sent, and answers in the order in which they left. A rewrite of the
 * expected parts: `UPDATE_SCRIPTS=1 npx vitest run src/coordinator`. Read the difference before you believe it.
 *
 *   protocol classic|bumped            which versions the clients speak from now on: below KIP-890, or with it
 *   init NAME [timeout=60s] [v=5]      a new instance          reinit NAME [as=1000/3] [v=5]    one that says who it was
 *   add NAME t-0…                      begin NAME, offsets p   the same for one partition of __consumer_offsets
 *   verify NAME t-0…                   commit NAME [v=4]       abort NAME [v=4]
 *   describe [v=0]                     list [state…] [pid=1000] [duration=10s]
 *   markers held|written|failed        what comes of the markers that are sent, and of those that wait
 *   sync held|done                     whether records become durable
 *   refuse large|all|nothing           what the log does with records from now on
 *   advance 10s      restart           set transactionVersion=0…
 *   seed 7/32766                       what the log says of the id; then a restart
 *
 * NAME is a client of the one transactional id; it remembers its producer id and epoch (1000/0) as a real one does.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { Errors, errorName, isErrorCode } from '../../protocol/errors.js'
import { fakeWorld } from '../../testing/fake-world.js'
import { MemoryLog, noTopics } from '../../testing/memory-log.js'
import { ms, transcriptOf } from '../../testing/transcript.js'
import { type ServerTransactionVersion, type TransactionConfig, transactionConfigDefaults } from './config.js'
import type { TopicPartitions } from './partitions.js'
import { decodeRecord, encodeRecord } from './records.js'
import { createTransactionCoordinator, type MarkersToWrite } from './service.js'
import type { PartitionsRequest } from './state.js'

const folder = new URL('./scripts/', import.meta.url)

for (const file of readdirSync(folder).sort()) {
  test(file.replace('.script.txt', '').replaceAll('-', ' '), async () => {
    const expected = readFileSync(new URL(file, folder), 'utf8')
    const actual = await play(expected)
    if (process.env.UPDATE_SCRIPTS !== undefined) writeFileSync(new URL(file, folder), actual)
    else expect(actual).toBe(expected)
  })
}

interface Client {
  producerId: number
  producerEpoch: number
}

const transactionalId = 'tx'

async function play(script: string): Promise<string> {
  const world = fakeWorld()
  const log = new MemoryLog()
  const startMs = world.nowMs()
  let config: TransactionConfig = transactionConfigDefaults
  let isBumped = false
  let nextProducerId = 1000
  const output: string[] = []
  let shownRecords = 0
  let markers: 'held' | 'written' | 'failed' = 'written'
  let waiting: ((isTaken: boolean) => void)[] = []
  const clients = new Map<string, Client>()

  const say = (line: string): void => void output.push(line)
  const send = ({ partitions, marker, transactionVersion }: MarkersToWrite): Promise<boolean> => {
    const where = partitions.map(({ topic, partition }) => `${topic}-${partition}`).join(' ')
    const version = transactionVersion === 0 ? '' : ` version=${transactionVersion}`
    say(`  markers: ${marker.isCommit ? 'commit' : 'abort'} ${who(marker.producer)}${version} ${where || 'nowhere'}`)
    if (markers !== 'held') return Promise.resolve(markers === 'written')
    return new Promise(resolve => waiting.push(resolve))
  }
  const options = {
    world,
    log,
    topics: noTopics,
    config: () => config,
    newProducerId: async () => nextProducerId++,
    send,
    report: { unknownRecord: ignored, shardDropped: ignored, shardUnavailable: ignored },
  }
  let coordinator = createTransactionCoordinator(options)
  void coordinator.start()
  const partition = coordinator.partitionOf(transactionalId)

  function showRecords(): void {
    const records = log.records(partition)
    for (; shownRecords < records.length; shownRecords++) {
      const record = decodeRecord(records[shownRecords] as (typeof records)[number])
      if (record === null) say('  log: unknown')
      else if (record.value === null) say('  log: tombstone')
      else {
        const { value } = record
        const isPlain = [value.producerId, -1].includes(value.previousProducerId)
        const previous = isPlain ? '' : ` previous=${value.previousProducerId}`
        const next = value.nextProducerId === -1 ? '' : ` next=${value.nextProducerId}`
        const open = value.startMs === -1 ? '' : ` since=${(value.startMs - startMs) / 1000}s`
        say(`  log: ${value.state} ${who(value)}${previous}${next}${open} ${shown(value.partitions)}`.trimEnd())
      }
    }
  }

  const clientOf = (name: string): Client => {
    const client = clients.get(name) ?? { producerId: -1, producerEpoch: -1 }
    clients.set(name, client)
    return client
  }
  const restart = (): void => {
    coordinator.stop()
    waiting = []
    coordinator = createTransactionCoordinator(options)
    void coordinator.start()
  }

  async function init(name: string, as: Client, opts: Map<string, string>): Promise<void> {
    const request = { transactionalId, transactionTimeoutMs: ms(opts.get('timeout') ?? '60s'), ...as }
    const response = await coordinator.initProducerId(request, { version: Number(opts.get('v') ?? 5) })
    const { errorCode, producerId = -1, producerEpoch } = response
    if (errorCode === Errors.NONE) Object.assign(clientOf(name), { producerId, producerEpoch })
    say(`  ${name}: ${errorName(errorCode)} ${who({ producerId, producerEpoch })}`)
  }
  async function add(name: string, request: PartitionsRequest, isOffsets: boolean): Promise<void> {
    const api = isBumped ? 'implicit' : isOffsets ? 'AddOffsetsToTxn' : 'AddPartitionsToTxn'
    say(`  ${name}: ${errorName(await coordinator.addPartitions(request, { version: 3, api }))}`)
  }
  async function end(name: string, committed: boolean, opts: Map<string, string>): Promise<void> {
    const client = clientOf(name)
    const version = Number(opts.get('v') ?? (isBumped ? 5 : 4))
    const request = { transactionalId, ...asOf(opts, client), committed }
    const { errorCode, producerId = -1, producerEpoch = -1 } = await coordinator.endTxn(request, { version })
    // [KIP-890] A client goes on as who the answer says it is.
    if (errorCode === Errors.NONE && version >= 5 && !opts.has('lost')) Object.assign(client, { producerId, producerEpoch })
    say(`  ${name}: ${errorName(errorCode)}${producerId === -1 ? '' : ` ${who({ producerId, producerEpoch })}`}`)
  }
  const partitionsOf = (name: string, words: readonly string[], opts: Map<string, string>): PartitionsRequest => ({
    transactionalId,
    ...asOf(opts, clientOf(name)),
    topics: words.map(word => {
      const at = word.lastIndexOf('-')
      return { name: word.slice(0, at), partitions: [Number(word.slice(at + 1))] }
    }),
  })

  const commands: Record<string, (args: string[], options: Map<string, string>) => void> = {
    protocol([which = '']) {
      isBumped = which === 'bumped'
    },
    init([name = ''], opts) {
      void init(name, { producerId: -1, producerEpoch: -1 }, opts)
    },
    reinit([name = ''], opts) {
      void init(name, asOf(opts, clientOf(name)), opts)
    },
    add([name = '', ...words], opts) {
      void add(name, partitionsOf(name, words, opts), false)
    },
    offsets([name = '', word = ''], opts) {
      void add(name, partitionsOf(name, [`__consumer_offsets-${word}`], opts), true)
    },
    async verify([name = '', ...words], opts) {
      const verified = await coordinator.verifyPartitions(partitionsOf(name, words, opts), { version: 5 })
      if (isErrorCode(verified)) say(`  ${name}: ${errorName(verified)}`)
      else {
        const each = verified.flatMap(topic =>
          topic.partitions.map(({ partitionIndex, errorCode }) => `${topic.name}-${partitionIndex}=${errorName(errorCode)}`),
        )
        say(`  ${name}: ${each.join(' ')}`)
      }
    },
    commit([name = ''], opts) {
      void end(name, true, opts)
    },
    abort([name = ''], opts) {
      void end(name, false, opts)
    },
    async describe() {
      const described = await coordinator.describe(transactionalId)
      if (described.errorCode !== Errors.NONE) return say(`  ${errorName(described.errorCode)}`)
      const { transactionState, producerId = -1, producerEpoch = -1, transactionTimeoutMs, topics = [] } = described
      const where = shown(topics.map(({ topic, partitions }) => ({ topic, partitionIds: partitions })))
      say(`  ${transactionState} ${who({ producerId, producerEpoch })} timeout=${transactionTimeoutMs} ${where}`.trimEnd())
    },
    async list(stateFilters, opts) {
      const response = await coordinator.list({
        stateFilters,
        producerIdFilters: opts.has('pid') ? [Number(opts.get('pid'))] : [],
        durationFilter: opts.has('duration') ? ms(opts.get('duration') ?? '') : -1,
      })
      const { transactionStates: listed, unknownStateFilters: unknown = [] } = response
      for (const each of listed) say(`  ${each.transactionalId} ${each.producerId} ${each.transactionState}`)
      if (unknown.length > 0) say(`  unknown: ${unknown.join(' ')}`)
      if (listed.length === 0) say('  none')
    },
    markers([what = '']) {
      markers = what as typeof markers
      const decided = waiting
      waiting = []
      if (markers !== 'held') for (const resolve of decided) resolve(markers === 'written')
    },
    sync([what = '']) {
      log.holdsBack = what === 'held'
      while (!log.holdsBack && log.heldCount > 0) log.release()
    },
    refuse([what = '']) {
      log.refusal = { large: Errors.MESSAGE_TOO_LARGE, all: Errors.KAFKA_STORAGE_ERROR }[what] ?? null
    },
    advance([duration = '']) {
      world.advance(ms(duration))
    },
    restart,
    set(_, opts) {
      config = { ...config, ...Object.fromEntries([...opts].map(([key, value]) => [key, ms(value)])) }
    },
    seed([identity = '']) {
      const common = { nextProducerId: -1, lastProducerEpoch: -1, clientTransactionVersion: 0, partitions: [], startMs: -1 }
      const value = {
        ...common,
        state: 'Empty' as const,
        ...identityOf(identity),
        previousProducerId: -1,
        timeoutMs: 60_000,
        lastUpdateMs: world.nowMs(),
      }
      const version: ServerTransactionVersion = config.transactionVersion
      log.append(partition, [encodeRecord({ transactionalId, value }, version)])
      restart()
    },
  }

  const takeSaid = (): string[] => output.splice(0)
  return transcriptOf(script, { commands, takeSaid, sayRecords: showRecords })
}

const ignored = (): void => {}

const who = ({ producerId, producerEpoch }: Client): string => `${producerId}/${producerEpoch}`

const shown = (partitions: TopicPartitions): string =>
  partitions.flatMap(({ topic, partitionIds }) => partitionIds.map(id => `${topic}-${id}`)).join(' ')

/** Who the request says it is: the client itself unless the script says otherwise. */
const asOf = (opts: Map<string, string>, client: Client): Client => identityOf(opts.get('as') ?? who(client))

function identityOf(text: string): Client {
  const [producerId, producerEpoch] = text.split('/').map(Number)
  return { producerId: producerId ?? -1, producerEpoch: producerEpoch ?? -1 }
}
