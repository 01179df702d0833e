import { noLeader } from '../../cluster/image.js'
import { type ErrorCode, Errors } from '../../protocol/errors.js'
import { ElectLeaders } from '../../protocol/messages/elect-leaders.js'
import { handler } from '../handler.js'
import { RequestFailure } from '../outcomes.js'

interface PartitionOutcome {
  readonly errorCode: ErrorCode
  readonly errorMessage: string
}

/** The preferred replica, or any that is left. */
const electionTypes: readonly number[] = [0, 1]
const notNeeded: PartitionOutcome = {
  errorCode: Errors.ELECTION_NOT_NEEDED,
  errorMessage: 'Leader election not needed for topic partition.',
}

/** By the type of election: the one replica is offline. */
const notAvailable: Readonly<Record<number, PartitionOutcome>> = {
  0: { errorCode: Errors.PREFERRED_LEADER_NOT_AVAILABLE, errorMessage: 'The preferred leader was not available.' },
  1: { errorCode: Errors.ELIGIBLE_LEADERS_NOT_AVAILABLE, errorMessage: 'Eligible topic partition leaders are not available.' },
}

// ElectLeaders v0-2: the one broker leads every partition already, and says so. Of all partitions only those are told that got
// another leader: none.
export const electLeaders = handler(ElectLeaders, (request, context) => {
  if (!context.may('alter', 'cluster', '')) throw new RequestFailure(Errors.CLUSTER_AUTHORIZATION_FAILED)
  const { electionType, topicPartitions } = request
  const answer = (outcomeOf: (topic: string, partition: number) => PartitionOutcome) =>
    (topicPartitions ?? []).map(({ topic, partitions }) => ({
      topic,
      partitionResult: partitions.map(partitionId => ({ partitionId, ...outcomeOf(topic, partitionId) })),
    }))
  // Who names no partition is not asked for the kind of election.
  if (topicPartitions?.length === 0) return { errorCode: Errors.NONE, replicaElectionResults: [] }
  if (!electionTypes.includes(electionType)) {
    const refused: PartitionOutcome = { errorCode: Errors.INVALID_REQUEST, errorMessage: `Unknown election type ${electionType}` }
    return { errorCode: Errors.INVALID_REQUEST, replicaElectionResults: answer(() => refused) }
  }
  const { topics } = context.broker.topics.image
  if (topicPartitions === null) {
    const replicaElectionResults = Array.from(topics.keys(), topic => ({ topic, partitionResult: [] }))
    return { errorCode: Errors.NONE, replicaElectionResults }
  }
  const unknown = (errorMessage: string): PartitionOutcome => ({ errorCode: Errors.UNKNOWN_TOPIC_OR_PARTITION, errorMessage })
  const replicaElectionResults = answer((name, partition) => {
    const topic = topics.get(name)
    if (topic === undefined) return unknown(`No such topic as ${name}`)
    const led = topic.partitions[partition]
    if (led === undefined) return unknown(`No such partition as ${name}-${partition}`)
    return led.leader === noLeader ? notAvailable[electionType]! : notNeeded
  })
  return { errorCode: Errors.NONE, replicaElectionResults }
})
