/** The whole of a heartbeat: what its group answers, and the matching of regular expressions that it may set off. */
import type { Shards } from '../command.js'
import { type HeartbeatContext, type HeartbeatRequest, type HeartbeatResponse, heartbeat } from './heartbeat.js'
import { regexesMatched } from './regex.js'

export interface MatchingContext extends HeartbeatContext {
  /** The names of topics that this is the pattern of, of those that the client may see. */
  readonly topicsMatching: (pattern: string) => Promise<ReadonlySet<string>>
  readonly topicsRevision: () => number
}

export async function consumerHeartbeat(
  shards: Shards,
  request: HeartbeatRequest,
  context: MatchingContext,
): Promise<HeartbeatResponse> {
  const { response, toMatch } = await shards.ask(heartbeat, request, context)
  // Its outcome is for the heartbeats after this one, as in Kafka.
  if (toMatch !== null) void match(shards, request.groupId, toMatch, context)
  return response
}

async function match(shards: Shards, groupId: string, regexes: readonly string[], context: MatchingContext): Promise<void> {
  const topicsRevision = context.topicsRevision()
  const topics = new Map<string, ReadonlySet<string>>()
  for (const regex of regexes) topics.set(regex, await context.topicsMatching(regex))
  await shards.ask(regexesMatched, { groupId, topics, topicsRevision }, context)
}
