/** Where which partitions can be asked for (interactive queries): what members with an endpoint have of the topics. Pure. */
import type { StreamsGroupHeartbeat } from '../../../protocol/messages/streams-group-heartbeat.js'
import type { ResponseOf } from '../../../protocol/schema.js'
import type { TopicsView } from '../../machine.js'
import { type HeldTasks, listOf } from './tasks.js'
import type { ConfiguredSubtopology } from './topology.js'

export type EndpointPartitions = NonNullable<ResponseOf<typeof StreamsGroupHeartbeat>['partitionsByUserEndpoint']>[number]
type TopicPartitions = EndpointPartitions['activePartitions']

export function partitionsOf(
  userEndpoint: EndpointPartitions['userEndpoint'],
  { active, standby, warmup }: HeldTasks,
  subtopologies: readonly ConfiguredSubtopology[],
  topics: TopicsView['topics'],
): EndpointPartitions {
  const byId = new Map(subtopologies.map(subtopology => [subtopology.subtopologyId, subtopology]))
  return {
    userEndpoint,
    activePartitions: sourcesOf(active.keys(), byId, topics),
    standbyPartitions: sourcesOf([...standby.keys(), ...warmup.keys()], byId, topics),
  }
}

/** A source topic may have fewer partitions than its subtopology has tasks. */
function sourcesOf(
  tasks: Iterable<string>,
  subtopologies: ReadonlyMap<string, ConfiguredSubtopology>,
  topics: TopicsView['topics'],
): TopicPartitions {
  return listOf(tasks).flatMap(({ subtopologyId, partitions }) =>
    (subtopologies.get(subtopologyId)?.sourceTopics ?? []).flatMap(topic => {
      const count = topics.get(topic)?.partitions.length ?? 0
      const present = partitions.filter(partition => partition < count)
      return present.length === 0 ? [] : [{ topic, partitions: present }]
    }),
  )
}
