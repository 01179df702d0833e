/** What has been counted since the start, for who looks twice and wants to know how much it was a second. */
import { Traffic } from '../base/meter.js'
import type { RunningBroker } from '../server/broker.js'

export interface Counters {
  readonly startedMs: number
  readonly messagesIn: number
  readonly bytesIn: number
  readonly bytesOut: number
  readonly requests: number
  readonly failedRequests: number
  readonly apis: {
    readonly name: string
    readonly requests: number
    readonly failedRequests: number
    readonly cumulatedUs: number[]
  }[]
}

/** Null where nobody counts. APIs that nobody has asked for are left out. */
export function countersOf({ observed, services, startedMs }: RunningBroker): Counters | null {
  const { meter } = observed
  if (meter === null) return null
  const apis = Array.from(meter.apis.values(), ({ apiName: name, requests, failures: failedRequests, total }) => ({
    name,
    requests,
    failedRequests,
    cumulatedUs: total.cumulated(),
  })).filter(({ requests }) => requests > 0)
  const { messagesIn, bytesIn, bytesOut } = traffic(services.topics)
  return {
    startedMs,
    messagesIn,
    bytesIn,
    bytesOut,
    requests: apis.reduce((sum, { requests }) => sum + requests, 0),
    failedRequests: apis.reduce((sum, { failedRequests }) => sum + failedRequests, 0),
    apis,
  }
}

/** Of all topics, also of those that are gone. */
function traffic(topics: RunningBroker['services']['topics']): Traffic {
  const sum = new Traffic()
  sum.add(topics.pastTraffic)
  for (const { name, partitions } of topics.image.topics.values()) {
    for (const { index } of partitions) {
      const partition = topics.partition(name, index)
      if (partition !== undefined) sum.add(partition.traffic)
    }
  }
  return sum
}
