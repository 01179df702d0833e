import type { StreamsGroupHeartbeat } from '../../../protocol/messages/streams-group-heartbeat.js'
import type { ResponseOf } from '../../../protocol/schema.js'
import type { TopicInfo } from './topology.js'

export interface HeartbeatAnswer {
  readonly response: ResponseOf<typeof StreamsGroupHeartbeat>
  /** For whoever has the client's rights to make them. */
  readonly missingTopics: readonly TopicInfo[]
}
