/** Topics in memory for the coordinator's tests: they appear, grow and vanish at a word. */
import type { Uuid } from '../base/ids.js'
import type { TopicsView, TopicView } from '../coordinator/machine.js'

export class MemoryTopics implements TopicsView {
  topicsRevision = 0
  readonly topics = new Map<string, TopicView>()
  readonly topicsById = new Map<Uuid, TopicView>()
  #made = 0

  /** Makes the topic, or gives the one that is there so many partitions. Its id, a UUID in text form, begins with its name. */
  set(name: string, partitionCount: number): Uuid {
    const topicId = this.topics.get(name)?.topicId ?? `${name}-${++this.#made}`.slice(0, 21).padEnd(21, '_').concat('A')
    const topic = { name, topicId, partitions: { length: partitionCount } }
    this.topics.set(name, topic)
    this.topicsById.set(topicId, topic)
    this.topicsRevision++
    return topicId
  }

  delete(name: string): void {
    const topic = this.topics.get(name)
    if (topic === undefined) return
    this.topics.delete(name)
    this.topicsById.delete(topic.topicId)
    this.topicsRevision++
  }
}
