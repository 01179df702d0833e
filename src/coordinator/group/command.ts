/**
 * What a command is. A request of an API stands in one file with what decides about it; requests.ts lists them all, and the
 * methods of the coordinator and the way through a shard follow from there.
 */
import type { Pause } from '../../base/pause.js'
import type { ErrorCode } from '../../protocol/errors.js'
import type { Api, Decoded, Encodable, Fields } from '../../protocol/schema.js'
import type { Token, Turn } from '../machine.js'
import type { ClassicDeadline } from './classic/group.js'
import type { ConsumerDeadline } from './consumer/group.js'
import type { GroupRecord, GroupShard } from './state.js'
import type { StreamsDeadline } from './streams/group.js'

export interface CallContext {
  /** Version of the request. */
  readonly version: number
  /** For requests about many groups; never when absent. */
  readonly pause?: Pause
}

export interface MemberContext extends CallContext {
  /** "" when the client sent none. */
  readonly clientId: string
  /** In Kafka's form, "/127.0.0.1". */
  readonly clientHost: string
}

export interface Command<Request, Response, Context extends CallContext = CallContext> {
  decide(shard: GroupShard, asked: Asked<Request, Response, Context>, turn: GroupTurn): void
  /** What is answered when the machine cannot: the log refused, the shard is loading, the broker stops. */
  failure(request: Request, errorCode: ErrorCode, version: number): Response
}

/** A request on its way through a shard. */
export interface Asked<Request, Response, Context extends CallContext = CallContext> {
  readonly request: Request
  readonly context: Context
  readonly token: Token<Response>
}

/** The command of an API whose requests are about one group. */
export function command<Req extends Fields, Res extends Fields, Context extends CallContext = CallContext>(
  api: Api<Req, Res>,
  decide: (shard: GroupShard, asked: Asked<Decoded<Req>, Encodable<Res>, Context>, turn: GroupTurn) => void,
  failure: Command<Decoded<Req>, Encodable<Res>, Context>['failure'] = api.failure,
): Command<Decoded<Req>, Encodable<Res>, Context> {
  return { decide, failure }
}

/** How a request that is about more than one group becomes commands. */
export interface Shards {
  /** Of the shard of this group. */
  ask<Request extends { readonly groupId: string }, Response, Context extends CallContext>(
    command: Command<Request, Response, Context>,
    request: Request,
    context: Context,
  ): Promise<Response>
  /** Of every shard. `waits`: for a shard that is loading, where a client would be sent away to try again. */
  askAll<Request, Response>(
    command: Command<Request, Response>,
    request: Request,
    context: CallContext,
    waits?: 'waits',
  ): Promise<Response[]>
  /** Of this shard, also when it is loading. */
  askShard<Request, Response>(
    partition: number,
    command: Command<Request, Response>,
    request: Request,
    context: CallContext,
  ): Promise<Response>
}

/** Everything a shard can be told: what is asked, news, and deadlines that have passed. */
export type GroupCommand =
  | { readonly type: 'asked'; readonly decide: (shard: GroupShard, turn: GroupTurn) => void }
  /** Work that was not done in one turn. */
  | { readonly type: 'go-on'; readonly decide: (shard: GroupShard, turn: GroupTurn) => void }
  /** A client asked who coordinates this group: it is about to join. */
  | { readonly type: 'announce'; readonly groupId: string }
  | GroupDeadline

/** Each kind of groups has its own. */
export type GroupDeadline = ClassicDeadline | ConsumerDeadline | StreamsDeadline | { readonly type: 'expire-offsets' }

export type GroupTurn = Turn<GroupCommand, GroupRecord>

export function asked<Request, Response, Context extends CallContext>(
  { decide }: Command<Request, Response, Context>,
  asked: Asked<Request, Response, Context>,
): GroupCommand {
  return { type: 'asked', decide: (shard, turn) => decide(shard, asked, turn) }
}
