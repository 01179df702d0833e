// Producing with consumers right behind, until all that was produced was consumed too.
import type { FetchLoad } from './fetch-load.js'
import type { Done, ProduceLoad, Until } from './produce-load.js'

/** Counts what was consumed by all `consumers` and what was produced. The consumers follow the log from its start. */
export async function followed(producer: ProduceLoad, consumer: FetchLoad, until: Until, consumers = 1): Promise<Done> {
  let due = Number.POSITIVE_INFINITY
  const stopWhenDone = () => {
    if (consumer.records >= due) consumer.stop()
  }
  consumer.onBatch = stopWhenDone
  const consuming = consumer.run({})
  // A consumer that fails ends its run early; then it is the one to tell why.
  const produced = await Promise.race([producer.run(until), consuming])
  due = produced.records * consumers
  stopWhenDone()
  const consumed = await consuming
  return {
    requests: produced.requests + consumed.requests,
    bytes: produced.bytes + consumed.bytes,
    records: produced.records,
    seconds: consumed.seconds,
  }
}
