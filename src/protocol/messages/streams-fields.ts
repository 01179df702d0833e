/** What messages and records of streams groups (KIP-1071) have in common. */
import { array, arrayOf, int8, int16, int32, int64Exact, string, struct, uint16, type Versions } from '../schema.js'

export const keyValue = { key: string('0+'), value: string('0+') } as const

/** Tasks of one subtopology. */
export const taskIds = { subtopologyId: string('0+'), partitions: arrayOf('0+', 'int32') } as const

export const taskOffset = { subtopologyId: string('0+'), partition: int32('0+'), offset: int64Exact('0+') } as const

/** Where a client answers interactive queries. */
export const endpoint = { host: string('0+'), port: uint16('0+') } as const

// partitions: 0 when the broker is to find the number, always so for changelogs. replicationFactor: 0 for the broker's default.
export const topicInfo = {
  name: string('0+'),
  partitions: int32('0+'),
  replicationFactor: int16('0+'),
  topicConfigs: array('0+', keyValue),
} as const

export const subtopology = {
  subtopologyId: string('0+'),
  sourceTopics: arrayOf('0+', 'string'),
  sourceTopicRegex: arrayOf('0+', 'string'),
  stateChangelogTopics: array('0+', topicInfo),
  repartitionSinkTopics: arrayOf('0+', 'string'),
  repartitionSourceTopics: array('0+', topicInfo),
  // Places in the three lists of topics above.
  copartitionGroups: array('0+', {
    sourceTopics: arrayOf('0+', 'int16'),
    sourceTopicRegex: arrayOf('0+', 'int16'),
    repartitionSourceTopics: arrayOf('0+', 'int16'),
  }),
} as const

/** [KIP-1331] What a topology does, for people: nodes are sources (1), processors (2) and sinks (3). */
export function topologyDescription<const V extends Versions>(versions: V) {
  const node = {
    name: string(versions),
    nodeType: int8(versions),
    sourceTopics: arrayOf(versions, 'string'),
    sinkTopic: string(versions, { nullable: versions, default: null }),
    stores: arrayOf(versions, 'string'),
    successors: arrayOf(versions, 'string'),
  } as const
  return {
    subtopologies: array(versions, { subtopologyId: string(versions), nodes: array(versions, node) }),
    globalStores: array(versions, { source: struct(versions, node), processor: struct(versions, node) }),
  } as const
}
