/** Who is in a group, and what it was given to read. */
import { count } from '../../format.js'
import { Badge, Panel } from '../../ui/parts.js'
import { type Column, Table } from '../../ui/table.js'
import { type Group, type Member, ranges } from './types.js'

const columns: readonly Column<Member>[] = [
  {
    title: 'Client',
    cell: ({ clientId, instanceId }) => (
      <>
        <span class="clip" title={clientId}>
          {clientId === '' ? '–' : clientId}
        </span>
        {instanceId !== null && <Badge>static: {instanceId}</Badge>}
      </>
    ),
  },
  { title: 'Host', kind: 'mono', cell: ({ host }) => host },
  {
    title: 'Partitions',
    kind: 'number',
    cell: ({ assignment }) => count(assignment.reduce((sum, { partitions }) => sum + partitions.length, 0)),
  },
  {
    title: 'Reads',
    kind: 'wide',
    cell: ({ assignment }) => {
      const text = assignment.map(({ topic, partitions }) => `${topic} ${ranges(partitions)}`).join(' · ')
      return <span title={text}>{text === '' ? <span class="muted">nothing</span> : text}</span>
    },
  },
  {
    title: 'Member id',
    kind: 'mono',
    cell: ({ memberId }) => (
      <span class="clip" title={memberId}>
        {memberId}
      </span>
    ),
  },
]

export function Members({ group: { members, type } }: { readonly group: Group }) {
  return (
    <Panel isFlush>
      {members === null ? (
        <div class="empty">This version does not describe the members of {type} groups.</div>
      ) : (
        <Table
          label="Members"
          columns={columns}
          rows={members}
          keyOf={({ memberId }) => memberId}
          empty="Nobody is in the group. Its positions stay until offsets.retention.minutes have passed."
        />
      )}
    </Panel>
  )
}
