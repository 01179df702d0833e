/** Everything that groups can be asked, on one page. The methods of the coordinator are these, without their first argument. */
import { describe } from './classic/describe.js'
import { heartbeat } from './classic/heartbeat.js'
import { join } from './classic/join.js'
import { leave } from './classic/leave.js'
import { sync } from './classic/sync.js'
import type { CallContext, Command, Shards } from './command.js'
import { describeConsumer } from './consumer/describe.js'
import { consumerHeartbeat } from './consumer/heartbeat-request.js'
import { deleteGroups } from './delete-groups.js'
import { list } from './list.js'
import { observe } from './observe.js'
import { commitOffsets } from './offsets/commit.js'
import { commitInTransaction } from './offsets/commit-in-transaction.js'
import { deleteOffsets, topicDeleted } from './offsets/delete.js'
import { fetchOffsets } from './offsets/fetch.js'
import { describeRebalances } from './rebalances.js'
import { describeStreams } from './streams/describe.js'
import { streamsHeartbeat } from './streams/heartbeat.js'
import { writeMarker } from './write-marker.js'

const requests = {
  join,
  sync,
  heartbeat,
  leave,
  describe,

  consumerHeartbeat,
  describeConsumer,

  commitOffsets,
  fetchOffsets,
  deleteOffsets,
  topicDeleted,

  commitInTransaction,
  writeMarker,

  streamsHeartbeat,
  describeStreams,

  list,
  observe,
  deleteGroups,
  describeRebalances,
}

type Method<Entry> =
  Entry extends Command<infer Request, infer Response, infer Context>
    ? (request: Request, context: Context) => Promise<Response>
    : Entry extends (shards: Shards, ...args: infer Args) => infer Result
      ? (...args: Args) => Result
      : never

export type GroupRequests = { readonly [Name in keyof typeof requests]: Method<(typeof requests)[Name]> }

type AnyCommand = Command<{ readonly groupId: string }, unknown>
type AnyRequest = AnyCommand | ((shards: Shards, ...args: unknown[]) => unknown)

export function requestsOf(shards: Shards): GroupRequests {
  const methods = Object.entries(requests as unknown as Record<string, AnyRequest>).map(([name, entry]) => [
    name,
    typeof entry === 'function'
      ? (...args: unknown[]) => entry(shards, ...args)
      : (request: { readonly groupId: string }, context: CallContext) => shards.ask(entry, request, context),
  ])
  return Object.fromEntries(methods)
}
