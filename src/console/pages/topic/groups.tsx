/** Who reads a topic: groups that have a position in it. */
import { api } from '../../api/client.js'
import { useList } from '../../api/list.js'
import { count } from '../../format.js'
import { pathTo } from '../../path.js'
import { Badge, FailureBox, Panel, SearchBox } from '../../ui/parts.js'
import { type Column, ListTable } from '../../ui/table.js'

interface GroupRow {
  readonly groupId: string
  readonly type: string
  readonly state: string
  readonly lag: number | null
}

const columns: readonly Column<GroupRow>[] = [
  {
    title: 'Group',
    sort: 'groupId',
    kind: 'wide',
    cell: ({ groupId }) => (
      <a class="name" href={pathTo('/groups/:group', { group: groupId })}>
        {groupId === '' ? '(empty)' : groupId}
      </a>
    ),
  },
  { title: 'Type', sort: 'type', cell: ({ type }) => type },
  { title: 'State', sort: 'state', cell: ({ state }) => <Badge tone={state === 'Stable' ? 'good' : 'plain'}>{state}</Badge> },
  {
    title: 'Lag here',
    sort: 'lag',
    kind: 'number',
    hint: 'Records of this topic that it has not read',
    cell: ({ lag }) => count(lag),
  },
]

export function TopicGroups({ topic }: { readonly topic: string }) {
  const listing = useList<GroupRow>(api`groups`, { sort: 'groupId', fixed: { topic } })
  return (
    <Panel isFlush>
      <div class="toolbar">
        <SearchBox label="Search groups" />
      </div>
      {listing.failure !== null && <FailureBox failure={listing.failure} onRetry={listing.refresh} />}
      <ListTable
        label={`Groups that read ${topic}`}
        listing={listing}
        columns={columns}
        keyOf={({ groupId }) => groupId}
        empty="No group has a position in this topic. One appears here when a consumer commits."
      />
    </Panel>
  )
}
