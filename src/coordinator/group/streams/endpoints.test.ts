import { expect, test } from 'vitest'
import { MemoryTopics } from '../../../testing/memory-topics.js'
import { partitionsOf } from './endpoints.js'
import { noHeldTasks } from './tasks.js'

const described = {
  ...{ subtopologyId: '0', sourceTopics: ['a'], sourceTopicRegex: [], stateChangelogTopics: [] },
  ...{ repartitionSinkTopics: [], repartitionSourceTopics: [], copartitionGroups: [] },
}
const subtopology = { subtopologyId: '0', taskCount: 3, isStateful: true, sourceTopics: ['a', 'r'], described }
const topics = new MemoryTopics()
topics.set('a', 1)
topics.set('r', 3)

test('an endpoint has the partitions of its tasks in every source topic that has so many', () => {
  const tasks = {
    ...noHeldTasks,
    active: new Map([
      ['0_0', 1],
      ['0_2', 1],
    ]),
    standby: new Map([['0_1', 0]]),
  }
  const endpoint = { host: 'h', port: 7000 }
  expect(partitionsOf(endpoint, tasks, [subtopology], topics.topics)).toEqual({
    userEndpoint: endpoint,
    activePartitions: [
      { topic: 'a', partitions: [0] },
      { topic: 'r', partitions: [0, 2] },
    ],
    standbyPartitions: [{ topic: 'r', partitions: [1] }],
  })
})
