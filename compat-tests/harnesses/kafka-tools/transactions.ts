/**
 * Tools that make transactions (the performance test, the copier of Kafka's own system tests), and kafka-transactions, which
 * lists, describes and ends them: also one that hangs, because its partition was never added to it.
 */
import { eventually, expect, expectClean, expectContains, expectEqual } from './checks.js'
import { consumedRecords, jsonObjects, plainTable, type Row, table, wholeRecords } from './output.js'
import { codecLinesCount, endOffsets, partitionsOf, runTool, type Scenario } from './scenario.js'
import { HandMadeProducer } from './transaction-client.js'

const tool = 'kafka-transactions'
const perfTest = 'kafka-producer-perf-test'
const copier = 'transactional-message-copier'
const paidCount = 20_000
const copiedCount = 5_000
const fenced: readonly number[] = [47, 90]

export async function checkTransactions(scenario: Scenario): Promise<void> {
  const { checks, topics } = scenario
  await checks.check('kafka-topics', '--create of the topics for transactions', async () => {
    for (const topic of [topics.paid, topics.copied, topics.shared, topics.held]) {
      expectClean(await runTool(scenario, 'kafka-topics', ['--create', '--topic', topic, '--partitions', '1']))
    }
  })
  await checkPerfTest(scenario)
  await checkCopier(scenario)
  await checkOpenTransaction(scenario)
  await checkHangingTransaction(scenario)
  await checkListing(scenario)
  await leaveOneOpen(scenario)
  await checkTransactionLog(scenario)
}

async function checkPerfTest(scenario: Scenario): Promise<void> {
  const { checks, topics } = scenario
  await checks.check(perfTest, '--transaction-duration-ms commits every 50 ms', async () => {
    const id = `${topics.paid}-perf`
    const load = ['--num-records', String(paidCount), '--record-size', '100', '--throughput', String(paidCount)]
    const own = ['--transactional-id', id, '--transaction-duration-ms', '50']
    const run = expectClean(await runTool(scenario, perfTest, ['--topic', topics.paid, ...load, ...own]))
    expectContains(run.stdout, new RegExp(`^${paidCount} records sent`, 'm'))
    const [end] = await endOffsets(scenario, topics.paid)
    expect(end! > paidCount + 5, `${end! - paidCount} markers`)
    scenario.transactionStates.set(id, 'CompleteCommit')
  })
  await checks.check('kafka-console-consumer', '--isolation-level read_committed reads what was committed', async () => {
    expectEqual((await readCommitted(scenario, topics.paid)).length, paidCount, 'records')
  })
}

async function checkCopier(scenario: Scenario): Promise<void> {
  const { checks, topics } = scenario
  const source = topics.gzip
  const copy = (target: string, id: string, ...more: string[]) =>
    scenario.host.runInOwnJvm(copier, [
      ...['--broker-list', scenario.bootstrap, '--input-topic', source, '--input-partition', '0', '--output-topic', target],
      ...['--transactional-id', id, '--consumer-group', `${id}-group`, ...more],
    ])
  await checks.check(copier, 'copies with aborts in between, and every record comes once', async () => {
    const id = `${topics.copied}-copier`
    const bounds = ['--max-messages', String(copiedCount), '--transaction-size', '250', '--enable-random-aborts']
    const run = expectClean(await copy(topics.copied, id, ...bounds))
    const last = jsonObjects(run.stdout).at(-1) as { totalProcessed: number; remaining: number }
    expectEqual([last.totalProcessed, last.remaining], [copiedCount, 0], 'processed and remaining')
    await expectCopied(scenario, source, topics.copied, `${id}-group`, copiedCount)
    const [end] = await endOffsets(scenario, topics.copied)
    expect(end! > copiedCount + copiedCount / 250, 'records that were aborted, and markers')
    scenario.transactionStates.set(id, 'CompleteCommit')
  })
  await checks.check(copier, '--group-mode --use-group-metadata copies as the member of a group', async () => {
    const id = `${topics.shared}-copier`
    expectClean(await copy(topics.shared, id, '--transaction-size', '2000', '--group-mode', '--use-group-metadata'))
    await expectCopied(scenario, source, topics.shared, `${id}-group`, codecLinesCount)
    scenario.transactionStates.set(id, 'CompleteCommit')
  })
}

async function expectCopied(scenario: Scenario, source: string, target: string, group: string, count: number): Promise<void> {
  const wanted = partitionsOf(scenario, source)[0]!.slice(0, count)
  const copied = await readCommitted(scenario, target)
  expectEqual(
    copied.map(record => [record.key, record.value]),
    wanted.map(record => [record.key, record.value]),
    'records of the copy',
  )
  const run = expectClean(await runTool(scenario, 'kafka-consumer-groups', ['--describe', '--group', group, '--offsets']))
  const [row] = table(run.stdout)
  expectEqual(row?.['CURRENT-OFFSET'], String(count), 'offset that was committed')
  scenario.committed.set(`${group} ${source} 0`, count)
}

async function readCommitted(scenario: Scenario, topic: string) {
  const args = ['--topic', topic, '--from-beginning', '--isolation-level', 'read_committed', '--timeout-ms', '4000']
  return consumedRecords(expectClean(await runTool(scenario, 'kafka-console-consumer', [...args, ...wholeRecords])).stdout)
}

async function checkOpenTransaction(scenario: Scenario): Promise<void> {
  const { checks, topics, bootstrap } = scenario
  const producer = await HandMadeProducer.init(bootstrap, `${topics.held}-open`)
  const { transactionalId: id } = producer
  try {
    await checks.check(tool, 'describe of an open transaction, before and after', async () => {
      expectEqual((await describe(scenario, id)).TransactionState, 'Empty', 'state')
      await producer.add(topics.held)
      await producer.produce(topics.held, ['open'])
      const row = await describe(scenario, id)
      const shown = [row.CoordinatorId, row.ProducerId, row.ProducerEpoch, row.TransactionState, row.TransactionTimeoutMs]
      const { producerId, producerEpoch } = producer
      expectEqual(shown, [scenario.brokerId, producerId, producerEpoch, 'Ongoing', 600_000].map(String), 'row')
      expectEqual(row.TopicPartitions, `${topics.held}-0`, 'partitions')
      expect(Number(row.TransactionDurationMs) < 60_000, `it is open for ${row.TransactionDurationMs} ms`)
    })
    await checks.check(tool, 'describe-producers shows where the open transaction starts', async () => {
      const [row] = await rows(scenario, 'describe-producers', '--topic', topics.held, '--partition', '0')
      const { producerId, producerEpoch } = producer
      const shown = [row?.ProducerId, row?.ProducerEpoch, row?.LatestCoordinatorEpoch, row?.LastSequence]
      expectEqual(shown, [producerId, producerEpoch, -1, 0].map(String), 'row')
      expectEqual(row?.CurrentTransactionStartOffset, '0', 'start')
      const refused = await transactions(scenario, 'describe-producers', '--topic', `${topics.held}-unknown`, '--partition', '0')
      expectEqual(refused.exitCode, 1, 'exit code for an unknown topic')
    })
    await checks.check(tool, 'find-hanging does not take an open transaction for one that hangs', async () => {
      expectEqual(await hanging(scenario, '--topic', topics.held), [], 'rows')
      expectEqual(await hanging(scenario, '--broker-id', String(scenario.brokerId)), [], 'rows of the broker')
    })
    await checks.check(tool, 'forceTerminateTransaction aborts it and fences its producer', async () => {
      expectClean(await transactions(scenario, 'forceTerminateTransaction', '--transactionalId', id))
      const over = await eventually(
        () => describe(scenario, id),
        row => row.TransactionState === 'CompleteAbort' || row.TransactionState === 'Empty',
        'the transaction is over',
      )
      expect(Number(over.ProducerEpoch) > producer.producerEpoch, 'the epoch was bumped')
      scenario.transactionStates.set(id, over.TransactionState!)
      const errorCode = await producer.end(true)
      expect(fenced.includes(errorCode), `a commit of the old producer is answered with ${errorCode}`)
      expectEqual((await readCommitted(scenario, topics.held)).length, 0, 'records to be seen')
      const [row] = await rows(scenario, 'describe-producers', '--topic', topics.held, '--partition', '0')
      expectEqual(row?.CurrentTransactionStartOffset, 'None', 'start')
    })
    await checks.check(tool, 'describe of an unknown id fails', async () => {
      const run = await transactions(scenario, 'describe', '--transactional-id', `${id}-unknown`)
      expectEqual(run.exitCode, 1, 'exit code')
      expectContains(run.stderr, 'failed because the ID could not be found')
    })
  } finally {
    producer.close()
  }
}

/** Needs a broker with transaction.partition.verification.enable=false: that is what lets a batch in that nobody announced. */
async function checkHangingTransaction(scenario: Scenario): Promise<void> {
  const { checks, topics, bootstrap } = scenario
  const producer = await HandMadeProducer.init(bootstrap, `${topics.held}-hanging`)
  scenario.transactionStates.set(producer.transactionalId, 'Empty')
  try {
    for (const named of ['its start offset', 'its producer']) {
      await checks.check(tool, `find-hanging finds a transaction that hangs, abort by ${named} ends it`, async () => {
        const before = await readCommitted(scenario, topics.held)
        const start = await producer.produce(topics.held, ['hanging'])
        const [row, ...others] = await hanging(scenario, '--topic', topics.held)
        expectEqual(others, [], 'other rows')
        expectEqual([row?.Topic, row?.Partition, row?.StartOffset], [topics.held, '0', String(start)], 'row')
        expectEqual([row?.ProducerId, row?.ProducerEpoch], [producer.producerId, producer.producerEpoch].map(String), 'producer')
        expectEqual((await hanging(scenario, '--broker-id', String(scenario.brokerId))).length, 1, 'rows of the broker')
        const behind = await HandMadeProducer.init(bootstrap, `${topics.held}-behind`)
        await behind.add(topics.held)
        await behind.produce(topics.held, ['behind'])
        expectEqual(await behind.end(true), 0, 'the commit of a transaction behind it')
        behind.close()
        scenario.transactionStates.set(behind.transactionalId, 'CompleteCommit')
        expectEqual((await readCommitted(scenario, topics.held)).length, before.length, 'records before it was aborted')

        const where = ['--topic', topics.held, '--partition', '0']
        const byProducer = ['--producer-id', row!.ProducerId!, '--producer-epoch', row!.ProducerEpoch!]
        const who =
          named === 'its producer'
            ? [...byProducer, '--coordinator-epoch', row!.CoordinatorEpoch!]
            : ['--start-offset', String(start)]
        expectClean(await transactions(scenario, 'abort', ...where, ...who))
        expectEqual(await hanging(scenario, '--topic', topics.held), [], 'rows afterwards')
        expectEqual((await readCommitted(scenario, topics.held)).length, before.length + 1, 'records afterwards')
      })
    }
    await checks.check(tool, 'abort where no transaction starts is refused', async () => {
      const run = await transactions(scenario, 'abort', '--topic', topics.held, '--partition', '0', '--start-offset', '0')
      expectEqual(run.exitCode, 1, 'exit code')
      expectContains(run.stderr, 'Could not find any open transactions starting at offset 0')
    })
  } finally {
    producer.close()
  }
}

async function checkListing(scenario: Scenario): Promise<void> {
  const { checks, topics, transactionStates } = scenario
  await checks.check(tool, 'list, also with --transactional-id-pattern and --duration-filter', async () => {
    const listed = async (...filters: string[]) => {
      const all = await rows(scenario, 'list', ...filters)
      return new Map(all.map(row => [row.TransactionalId!, row]))
    }
    const all = await listed()
    for (const [id, state] of transactionStates) {
      expectEqual([all.get(id)?.TransactionState, all.get(id)?.Coordinator], [state, String(scenario.brokerId)], id)
    }
    const held = [...(await listed('--transactional-id-pattern', `${topics.held}-.*`)).keys()]
    expectEqual(held.sort(), [...transactionStates.keys()].filter(id => id.startsWith(topics.held)).sort(), 'ids that match')
    const producer = await HandMadeProducer.init(scenario.bootstrap, `${topics.held}-long`)
    await producer.add(topics.held)
    const isOpenFor = async (durationMs: number) =>
      (await listed('--duration-filter', String(durationMs))).has(producer.transactionalId)
    await eventually(
      () => isOpenFor(10),
      isOpen => isOpen,
      'a transaction that is open for 10 ms',
    )
    expectEqual(await isOpenFor(600_000), false, 'open for ten minutes')
    expectEqual(await producer.end(false), 0, 'its abort')
    producer.close()
    scenario.transactionStates.set(producer.transactionalId, 'CompleteAbort')
    await eventually(listed, seen => seen.get(producer.transactionalId)?.TransactionState === 'CompleteAbort', 'its abort')
  })
}

/** For the snapshot that the broker writes when it stops. */
async function leaveOneOpen({ bootstrap, topics, transactionStates }: Scenario): Promise<void> {
  const producer = await HandMadeProducer.init(bootstrap, `${topics.held}-left`)
  await producer.add(topics.held)
  await producer.produce(topics.held, ['left'])
  producer.close()
  transactionStates.set(producer.transactionalId, 'Ongoing')
}

interface FormattedTransaction {
  readonly key: { readonly type: number; readonly data: { readonly transactionalId: string } }
  readonly value: { readonly version: number; readonly data: { readonly transactionStatus: string } } | null
}

async function checkTransactionLog(scenario: Scenario): Promise<void> {
  const { checks, transactionStates } = scenario
  await checks.check(
    'kafka-console-consumer',
    'TransactionLogMessageFormatter reads every state of __transaction_state',
    async () => {
      const run = await runTool(scenario, 'kafka-console-consumer', [
        ...['--topic', '__transaction_state', '--from-beginning', '--timeout-ms', '8000'],
        ...['--formatter', 'org.apache.kafka.tools.consumer.TransactionLogMessageFormatter'],
        ...['--command-property', 'enable.auto.commit=false'],
      ])
      const records = jsonObjects(expectClean(run).stdout) as FormattedTransaction[]
      expect(
        records.every(record => record.key.type === 0),
        'keys of type 0',
      )
      const last = new Map(records.map(({ key, value }) => [key.data.transactionalId, value]))
      for (const [id, state] of transactionStates) {
        expectEqual(last.get(id)?.data.transactionStatus, state, `last state of ${id}`)
      }
    },
  )
}

function transactions(scenario: Scenario, command: string, ...args: string[]) {
  return runTool(scenario, tool, [command, ...args])
}

async function rows(scenario: Scenario, command: string, ...args: string[]): Promise<Row[]> {
  return plainTable(expectClean(await transactions(scenario, command, ...args)).stdout)
}

async function describe(scenario: Scenario, id: string): Promise<Row> {
  const [row] = await rows(scenario, 'describe', '--transactional-id', id)
  expect(row !== undefined, `${id} is not described`)
  return row
}

function hanging(scenario: Scenario, ...where: string[]): Promise<Row[]> {
  return rows(scenario, 'find-hanging', ...where, '--max-transaction-timeout', '0')
}
