/** What /api/v1 answers, as far as the console reads it; /api/openapi.json has all of it. */

export interface Session {
  readonly principal: string | null
  readonly needsLogin: boolean
  readonly mayWrite: boolean
}

export interface Page<Row> {
  readonly rows: readonly Row[]
  readonly total: number
  readonly next: number | null
}

export interface Overview {
  readonly clusterId: string
  readonly brokerId: number
  readonly listeners: readonly {
    readonly name: string
    readonly protocol: string
    readonly host: string
    readonly port: number
  }[]
  readonly durability: 'fsync' | 'os' | 'none'
  readonly isEphemeral: boolean
  readonly topics: number
  readonly partitions: number
  readonly groups: number
  readonly groupsByState: Readonly<Record<string, number>>
  readonly connections: number
  readonly sizeBytes: number | null
  readonly counters: Counters | null
}

/** Since the broker was started. */
export interface Counters {
  readonly startedMs: number
  readonly messagesIn: number
  readonly bytesIn: number
  readonly bytesOut: number
  readonly requests: number
  readonly failedRequests: number
  /** Those that were asked for. */
  readonly apis: readonly ApiCounters[]
}

export interface ApiCounters {
  readonly name: string
  readonly requests: number
  readonly failedRequests: number
  /** Requests answered in less than 2^n microseconds, for each n. */
  readonly cumulatedUs: readonly number[]
}

export interface TopicRow {
  readonly name: string
  readonly id: string
  readonly isInternal: boolean
  readonly partitions: number
  readonly replicationFactor: number
  readonly records: number
  readonly sizeBytes: number | null
}

export interface Partition {
  readonly partition: number
  readonly leader: number
  readonly leaderEpoch: number
  readonly replicas: readonly number[]
  readonly inSyncReplicas: readonly number[]
  readonly startOffset: number
  readonly endOffset: number
  readonly lastStableOffset: number
  readonly sizeBytes: number | null
}

export interface Topic extends Omit<TopicRow, 'partitions'> {
  readonly partitions: readonly Partition[]
}

export interface Config {
  readonly name: string
  readonly value: string | null
  readonly source: string
  readonly type: string
  readonly isSensitive: boolean
  readonly isReadOnly: boolean
  readonly doc: string | null
  readonly synonyms: readonly { readonly name: string; readonly value: string | null; readonly source: string }[]
}

/** Bytes of a record: text where they are UTF-8. */
export interface Bytes {
  readonly encoding: 'utf8' | 'base64'
  readonly data: string
  readonly bytes: number
  readonly isTruncated: boolean
  readonly schemaId: number | null
}

export interface RecordJson {
  readonly partition: number
  readonly offset: number
  readonly timestampMs: number
  readonly timestampType: 'CreateTime' | 'LogAppendTime'
  readonly key: Bytes | null
  readonly value: Bytes | null
  readonly headers: readonly { readonly key: string; readonly value: Bytes | null }[]
  readonly producerId: number | null
  readonly isTransactional: boolean
  readonly compression: string
}

export interface RecordPage {
  readonly records: readonly RecordJson[]
  readonly cursor: string | null
  readonly scanned: { readonly records: number; readonly bytes: number }
}
