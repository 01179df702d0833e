/**
 * A kafkajs member. The client knows only an assignor of its own name, "RoundRobinAssigner"; a group needs one that all its
 * members know, so this program brings "range" as an application would.
 */
import kafkajs, { type PartitionAssigner } from 'kafkajs'
import { memberOptions, received } from '../member-options.js'
import { rangeAssignment } from '../range.js'

const { AssignerProtocol, Kafka, logLevel } = kafkajs
const { bootstrap, topic, group, clientId, sessionMs, rebalanceMs, heartbeatMs } = memberOptions()

const rangeAssigner: PartitionAssigner = ({ cluster }) => ({
  name: 'range',
  version: 0,
  async assign({ members, topics }) {
    const owned = new Map(members.map(({ memberId }) => [memberId, {} as Record<string, number[]>]))
    for (const topic of topics) {
      const count = cluster.findTopicPartitionMetadata(topic).length
      for (const [memberId, partitions] of rangeAssignment([...owned.keys()], count)) owned.get(memberId)![topic] = partitions
    }
    return [...owned].map(([memberId, assignment]) => ({
      memberId,
      memberAssignment: AssignerProtocol.MemberAssignment.encode({ version: 0, assignment, userData: Buffer.alloc(0) }),
    }))
  },
  protocol({ topics }) {
    const metadata = AssignerProtocol.MemberMetadata.encode({ version: 0, topics, userData: Buffer.alloc(0) })
    return { name: 'range', metadata }
  },
})

const kafka = new Kafka({
  clientId,
  brokers: [bootstrap],
  logLevel: logLevel.WARN,
  logCreator: () => entry => console.error(JSON.stringify({ ...entry.log, timestamp: undefined, stack: undefined })),
})
const consumer = kafka.consumer({
  groupId: group,
  sessionTimeout: sessionMs,
  rebalanceTimeout: rebalanceMs,
  heartbeatInterval: heartbeatMs,
  maxWaitTimeInMs: 500,
  partitionAssigners: [rangeAssigner],
})
await consumer.connect()
await consumer.subscribe({ topic, fromBeginning: true })
await consumer.run({
  autoCommitInterval: 1000,
  eachMessage: async ({ partition, message }) => received(partition, message.offset),
})
process.once('SIGTERM', () => void consumer.disconnect().then(() => process.exit(0)))
