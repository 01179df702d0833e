// DescribeGroups v0-6: state and members of one group. v6: a group that is not there is GROUP_ID_NOT_FOUND (KIP-1043);
// before, it is a group in state Dead and no error.
import { emptyBytes } from '../../../base/bytes.js'
import { Errors } from '../../../protocol/errors.js'
import type { DescribeGroups } from '../../../protocol/messages/describe-groups.js'
import type { RequestOf, ResponseOf } from '../../../protocol/schema.js'
import { askEach } from '../ask-each.js'
import type { CallContext, Command, Shards } from '../command.js'
import { groupOf } from '../lookup.js'
import { once } from '../once.js'
import { type ClassicGroup, metadataOf } from './group.js'

export async function describe(
  shards: Shards,
  request: RequestOf<typeof DescribeGroups>,
  context: CallContext,
): Promise<ResponseOf<typeof DescribeGroups>> {
  const describeOne = once(groupId => shards.ask(describeGroup, { groupId }, context))
  return { groups: await askEach(request.groups, context.pause, describeOne) }
}

type DescribedGroup = ResponseOf<typeof DescribeGroups>['groups'][number]

const describeGroup: Command<{ readonly groupId: string }, DescribedGroup> = {
  decide(shard, { request: { groupId }, context, token }, turn) {
    const group = groupOf(shard, groupId, 'classic')
    turn.answer(token, group === undefined ? absent(groupId, shard.groups.has(groupId), context.version) : present(group))
  },
  failure: ({ groupId }, errorCode) => ({
    errorCode,
    groupId,
    groupState: '',
    protocolType: '',
    protocolData: '',
    members: [],
  }),
}

function absent(groupId: string, isOfOtherKind: boolean, version: number): DescribedGroup {
  const why = isOfOtherKind ? `Group ${groupId} is not a classic group.` : `Group ${groupId} not found.`
  return {
    errorCode: version >= 6 ? Errors.GROUP_ID_NOT_FOUND : Errors.NONE,
    errorMessage: version >= 6 ? why : null,
    groupId,
    groupState: 'Dead',
    protocolType: '',
    protocolData: '',
    members: [],
  }
}

function present(group: ClassicGroup): DescribedGroup {
  // During a rebalance the protocol is not known yet; assignments are those that members still have.
  const isStable = group.state === 'Stable'
  return {
    errorCode: Errors.NONE,
    errorMessage: null,
    groupId: group.groupId,
    groupState: group.state,
    protocolType: group.protocolType ?? '',
    protocolData: isStable ? (group.protocolName ?? '') : '',
    members: Array.from(group.members.values(), member => ({
      memberId: member.memberId,
      groupInstanceId: member.groupInstanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      memberMetadata: isStable ? metadataOf(member, group.protocolName) : emptyBytes,
      memberAssignment: member.assignment,
    })),
  }
}
