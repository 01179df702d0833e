/** A @platformatic/kafka member, with the assignor "range" given to it instead of its own "roundrobin". */
import { Consumer, type GroupPartitionsAssigner } from '@platformatic/kafka'
import { memberOptions, received } from '../member-options.js'
import { rangeAssignment } from '../range.js'

const { bootstrap, topic, group, clientId, sessionMs, rebalanceMs, heartbeatMs } = memberOptions()

const partitionAssigner: GroupPartitionsAssigner = (_current, members, topics, metadata) => {
  const owned = [...members.keys()].map(memberId => ({ memberId, assignments: new Map() }))
  for (const topic of topics) {
    const shares = rangeAssignment([...members.keys()], metadata.topics.get(topic)!.partitionsCount)
    for (const { memberId, assignments } of owned) assignments.set(topic, { topic, partitions: shares.get(memberId) ?? [] })
  }
  return owned
}

const consumer = new Consumer({
  clientId,
  groupId: group,
  bootstrapBrokers: [bootstrap],
  sessionTimeout: sessionMs,
  rebalanceTimeout: rebalanceMs,
  heartbeatInterval: heartbeatMs,
  maxWaitTime: 500,
  autocommit: 1000,
  // The client writes no owned partitions, which version 1 of the subscription would have to carry.
  protocols: [{ name: 'range', version: 0 }],
  partitionAssigner,
})
consumer.on('consumer:heartbeat:error', ({ error }) => console.error(`heartbeat: ${error.message}`))
const stream = await consumer.consume({ topics: [topic], mode: 'committed', fallbackMode: 'earliest' })
stream.on('error', error => {
  console.error(`stream: ${error.message}`)
  process.exit(1)
})
stream.on('data', message => received(message.partition, message.offset))
process.once('SIGTERM', async () => {
  await consumer.close(true)
  process.exit(0)
})
