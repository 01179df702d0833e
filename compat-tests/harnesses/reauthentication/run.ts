/**
 * Sessions that end every ten seconds (KIP-368): `run.js [--seconds N] [--only kafkajs,librdkafka,java]` lets kafkajs,
 * librdkafka and Java produce and consume for five minutes, with SCRAM and `connections.max.reauth.ms`, and with bearer tokens
 * of ten seconds. Each must authenticate again on its connections, and no record may be lost or doubled. Then kafkajs as it
 * comes, which wants to authenticate again at every request: the second is told that it is too early (34), and kafkajs gives up,
 * as with Kafka.
 *
 * Exit code 0 when everything holds, 1 when something does not, 2 for wrong usage.
 */
import { parseArgs } from 'node:util'
import { ListOffsets } from '#protocol/messages/list-offsets.js'
import type { MechanismName } from '../../lib/logins.js'
import { startRelay } from '../../lib/relay.js'
import { startSecureGregor } from '../../lib/secure-gregor.js'
import { Tally } from '../../lib/tally.js'
import { WireClient } from '../../lib/wire-client.js'
import { Handshakes } from './handshakes.js'
import { impatientKafkajs, type Member, members, work } from './members.js'

const lifetimeSeconds = 10
/** Of a client's connections at once: to bootstrap, to produce, to consume, to its coordinator. */
const connectionsMax = 8
/** Error 34. */
const illegalSaslState = 'Request is not valid given the current SASL state'

const usage = `usage: reauthentication/run.js [--seconds N] [--only NAMES]
  --seconds N   for which each client produces, 300 by default
  --only NAMES  of kafkajs, librdkafka and java`

process.exitCode = await main()

async function main(): Promise<number> {
  let options: { seconds: number; only: string[] | null; help: boolean }
  try {
    const { values } = parseArgs({
      options: {
        seconds: { type: 'string', default: '300' },
        only: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    })
    options = { seconds: Number(values.seconds), only: values.only?.split(',') ?? null, help: values.help }
    if (!(options.seconds > 0)) throw new Error('seconds is a number above 0')
  } catch {
    console.error(usage)
    return 2
  }
  if (options.help) {
    console.log(usage)
    return 0
  }
  const tally = new Tally()
  const figures: Record<string, object> = {}
  const handshakes = new Handshakes()
  const expired: string[] = []
  const relay = await startRelay(handshakes.hear)
  const gregor = await startSecureGregor({
    config: {
      'advertised.listeners': `SASL_PLAINTEXT://${relay.address}`,
      'listener.name.sasl_plaintext.scram-sha-256.connections.max.reauth.ms': String(lifetimeSeconds * 1000),
      'group.initial.rebalance.delay.ms': '0',
    },
    onLogLine: line => /closed a connection|"level":"error"/.test(line) && expired.push(line),
  })
  relay.target = gregor.addresses.SASL_PLAINTEXT
  const probe = await WireClient.connect(gregor.addresses.PLAINTEXT)

  const common = { bootstrap: relay.address, tokenSeconds: lifetimeSeconds }
  const judge = async (member: Member, mechanism: MechanismName): Promise<readonly string[]> => {
    const topic = `${member.name}-${mechanism}`
    const report = await work(member, { ...common, mechanism, topic, seconds: options.seconds })
    const { sent, read, odd, errors, problem } = report
    const end = problem === null ? await endOf(probe, topic) : -1
    const counted = sent === read && sent === end && sent > 0
    const { connections, again } = handshakes.of(topic)
    figures[topic] = { sent, connections, again, errors: errors.length }
    tally.claim(`${topic}: came to its end`, problem)
    tally.claimNone(`${topic}: each record in its turn`, odd)
    tally.claim(`${topic}: no record lost or doubled`, counted ? null : `sent ${sent}, read ${read}, in the log ${end}`)
    return errors
  }
  try {
    const all = await members(options.only)
    const patient = all.flatMap(member => (['SCRAM-SHA-256', 'OAUTHBEARER'] as const).map(way => [member, way] as const))
    await Promise.all(
      patient.map(async ([member, mechanism]) => {
        const errors = await judge(member, mechanism)
        const topic = `${member.name}-${mechanism}`
        const { connections, again } = handshakes.of(topic)
        // The first comes after seven to nine seconds, and the last may be due after the end.
        const dueAgain = Math.floor(options.seconds / lifetimeSeconds) - 1
        tally.claim(`${topic}: authenticated again`, again >= dueAgain ? null : `${again} times, ${dueAgain} were due`)
        tally.claim(`${topic}: on its connections`, connections <= connectionsMax ? null : `${connections} connections`)
        tally.claimNone(`${topic}: without an error`, errors)
      }),
    )
    tally.claimNone('the broker ended no session', expired)
    if (all.some(({ name }) => name === 'kafkajs')) {
      const report = await work(impatientKafkajs, { ...common, mechanism: 'SCRAM-SHA-256', topic: 'impatient', seconds: 1 })
      const isTold = report.errors.some(error => error.includes(illegalSaslState))
      tally.claim('kafkajs as it comes is told that it is too early', isTold ? null : (report.problem ?? 'it came to its end'))
    }
  } catch (error) {
    tally.claim('the run gets to its end', (error as Error).stack ?? String(error))
  } finally {
    probe.close()
    await gregor.stop()
    await relay.close()
  }
  return tally.close({ name: 'reauthentication', ...figures })
}

async function endOf(probe: WireClient, topic: string): Promise<number> {
  const partitions = [{ partitionIndex: 0, timestamp: -1, currentLeaderEpoch: -1 }]
  const { topics } = await probe.request(ListOffsets, 5, {
    replicaId: -1,
    isolationLevel: 0,
    topics: [{ name: topic, partitions }],
  })
  return Number(topics[0]?.partitions[0]?.offset ?? -1)
}
