/**
 * What happened, as those who were there tell it: transactional copiers, readers, and an observer of offsets. A key stands for
 * what has to be copied, and is in a topic at most once; a record names the transaction that wrote it, so that a second attempt
 * at the same key is told from the first. Times are the machine's clock in milliseconds, taken before a commit is asked for
 * and after something was received.
 */

/** null: written outside of any transaction. */
export type Writer = string | null

export interface TakenRecord {
  readonly offset: number
  readonly key: string
  readonly writer: Writer
}

export type HistoryEvent =
  /** The topic must hold this key once when all is over. */
  | { readonly type: 'due'; readonly topic: string; readonly key: string }
  /** A transaction begins with what it consumed; the offset behind the last of these is committed with it. */
  | {
      readonly type: 'took'
      readonly transaction: string
      readonly group: string
      readonly topic: string
      readonly partition: number
      readonly records: readonly TakenRecord[]
      readonly atMs: number
    }
  /** Told before it is sent: what nobody wrote may not be read. */
  | { readonly type: 'wrote'; readonly transaction: string; readonly topic: string; readonly keys: readonly string[] }
  /** Without an answer the outcome is unknown; a transaction that never came so far has none but to be aborted. */
  | { readonly type: 'commit asked'; readonly transaction: string; readonly atMs: number }
  | { readonly type: 'committed'; readonly transaction: string }
  | { readonly type: 'aborted'; readonly transaction: string }
  /** A read_committed reader, each partition from its start and in its order. */
  | {
      readonly type: 'read'
      readonly reader: string
      readonly topic: string
      readonly partition: number
      readonly offset: number
      readonly key: string
      readonly writer: Writer
      readonly atMs: number
    }
  /** Once all copiers had ended, this reader was shown everything that there was to be shown. */
  | { readonly type: 'read all'; readonly reader: string }
  | {
      readonly type: 'position'
      readonly topic: string
      readonly partition: number
      readonly lastStableOffset: number
      readonly highWatermark: number
      readonly atMs: number
    }
  | {
      readonly type: 'committed offset'
      readonly group: string
      readonly topic: string
      readonly partition: number
      readonly offset: number
      readonly atMs: number
    }

export const anomalyKinds = [
  'lost write',
  'duplicate',
  'aborted read',
  'torn transaction',
  'early read',
  'own uncommitted read',
  'write-read cycle',
  'unknown record',
  'offset went back',
  'committed offset went back',
  'last stable offset went back',
  'last stable offset stuck',
  'committed offset of an aborted transaction',
  'unknown committed offset',
] as const

export type AnomalyKind = (typeof anomalyKinds)[number]

export interface Anomaly {
  readonly kind: AnomalyKind
  readonly detail: string
}
