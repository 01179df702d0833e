/**
 * What every copier program is told and how it tells what it does; the same contract holds for those in other languages.
 *
 *   arguments     BOOTSTRAP CLIENT_ID TRANSACTIONAL_ID GROUP SEED ROUTE...   where ROUTE is SOURCE:TARGET,TARGET
 *   environment   COPIER_* below
 *   stdout        one line per step, written at once, before the step is taken or after it was answered:
 *                   took TRANSACTION TOPIC PARTITION AT_MS OFFSET=VALUE...   before the first of it is sent
 *                   asked TRANSACTION AT_MS                                  before the commit is asked for
 *                   committed TRANSACTION · aborted TRANSACTION              once that was answered
 *   stderr        why it ends, if it does
 *   exit          3 when the client can go no further with this transactional id or must not; a new process takes over
 *
 * A value is KEY/WRITER, the writer `-` outside of transactions; a copier sends each key to all targets of its topic under its
 * own transaction's name, CLIENT_ID.PROCESS.NUMBER, and gives up some transactions by itself.
 */
import type { HistoryEvent, TakenRecord, Writer } from './history.js'

export const copierEnvironment = {
  COPIER_TRANSACTION_TIMEOUT_MS: '5000',
  COPIER_SESSION_MS: '8000',
  COPIER_HEARTBEAT_MS: '1000',
  /** So long a group waits for a member that is busy with a broker which does not answer. */
  COPIER_POLL_MS_MAX: '15000',
  /** Of records in one transaction. */
  COPIER_BATCH_MAX: '100',
  COPIER_ABORT_ONE_IN: '10',
}

export type Routes = ReadonlyMap<string, readonly string[]>

export function parseRoutes(texts: readonly string[]): Routes {
  return new Map(
    texts.map(text => {
      const [source, targets] = text.split(':') as [string, string]
      return [source, targets.split(',')]
    }),
  )
}

export const routeTexts = (routes: Routes) => [...routes].map(([source, targets]) => `${source}:${targets.join(',')}`)

export const recordText = (key: string, writer: Writer) => `${key}/${writer ?? '-'}`

/** @throws Error for a value that nobody here writes. */
export function parseRecord(value: string): { key: string; writer: Writer } {
  const at = value.indexOf('/')
  if (at === -1) throw new Error(`an unknown record: ${value.slice(0, 100)}`)
  const writer = value.slice(at + 1)
  return { key: value.slice(0, at), writer: writer === '-' ? null : writer }
}

/** What a line of a copier means for the history. @throws Error for a line that is none. */
export function eventsOf(line: string, group: string, routes: Routes): HistoryEvent[] {
  const [verb, transaction, ...rest] = line.split(' ')
  if (transaction === undefined) throw new Error(`not a line of a copier: ${line.slice(0, 200)}`)
  switch (verb) {
    case 'took': {
      const [topic, partition, atMs, ...taken] = rest as [string, string, string, ...string[]]
      const records = taken.map(parseTaken)
      const keys = records.map(({ key }) => key)
      return [
        { type: 'took', transaction, group, topic, partition: Number(partition), records, atMs: Number(atMs) },
        ...routes.get(topic)!.map(target => ({ type: 'wrote', transaction, topic: target, keys }) as const),
      ]
    }
    case 'asked':
      return [{ type: 'commit asked', transaction, atMs: Number(rest[0]) }]
    case 'committed':
    case 'aborted':
      return [{ type: verb, transaction }]
    default:
      throw new Error(`not a line of a copier: ${line.slice(0, 200)}`)
  }
}

function parseTaken(text: string): TakenRecord {
  const at = text.indexOf('=')
  return { offset: Number(text.slice(0, at)), ...parseRecord(text.slice(at + 1)) }
}
