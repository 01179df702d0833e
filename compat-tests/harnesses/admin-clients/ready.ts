/** What makes two brokers alike before the calls: coordinators that have read their logs, a default that Kafka writes down. */
import { DescribeGroups } from '#protocol/messages/describe-groups.js'
import { DescribeTransactions } from '#protocol/messages/describe-transactions.js'
import { FindCoordinator } from '#protocol/messages/find-coordinator.js'
import { IncrementalAlterConfigs } from '#protocol/messages/incremental-alter-configs.js'
import { eventually } from '../../lib/patience.js'
import { WireClient } from '../../lib/wire-client.js'

const [group, transaction] = [0, 1]
/** COORDINATOR_LOAD_IN_PROGRESS, COORDINATOR_NOT_AVAILABLE, NOT_COORDINATOR. */
const notYet = [14, 15, 16]
const readyTimeoutMs = 30_000

/** Their logs are read within seconds; a client that asks before is told so in words of its own. */
export async function coordinatorsOf(bootstrap: string): Promise<void> {
  const client = await WireClient.connect(bootstrap)
  const isFound = async (keyType: number) => {
    const { coordinators } = await client.request(FindCoordinator, 6, { key: '', keyType, coordinatorKeys: ['ready'] })
    return coordinators.every(({ errorCode }) => errorCode === 0)
  }
  try {
    const isReady = async () => {
      if (!(await isFound(group)) || !(await isFound(transaction))) return false
      const { groups } = await client.request(DescribeGroups, 5, { groups: ['ready'] })
      const { transactionStates } = await client.request(DescribeTransactions, 0, { transactionalIds: ['ready'] })
      return [...groups, ...transactionStates].every(({ errorCode }) => !notYet.includes(errorCode))
    }
    if (!(await eventually(isReady, readyTimeoutMs))) throw new Error(`${bootstrap}: its coordinators are not there`)
  } finally {
    client.close()
  }
}

/** With eligible leader replicas Kafka has this default as a dynamic one; here it becomes one as well. */
export async function writeDownDefault(bootstrap: string): Promise<void> {
  const client = await WireClient.connect(bootstrap)
  try {
    const configs = [{ name: 'min.insync.replicas', configOperation: 0, value: '1' }]
    await client.request(IncrementalAlterConfigs, 1, {
      resources: [{ resourceType: 4, resourceName: '', configs }],
      validateOnly: false,
    })
  } finally {
    client.close()
  }
}
