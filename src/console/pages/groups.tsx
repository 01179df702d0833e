/** All groups, of every kind. */
import { api } from '../api/client.js'
import { useList } from '../api/list.js'
import { count } from '../format.js'
import { pathTo } from '../path.js'
import { Badge, Choice, FailureBox, Page, Panel, SearchBox } from '../ui/parts.js'
import { type Column, ListTable } from '../ui/table.js'
import { type GroupRow, toneOf } from './group/types.js'

const columns: readonly Column<GroupRow>[] = [
  {
    title: 'Group',
    sort: 'groupId',
    kind: 'wide',
    cell: ({ groupId }) => (
      <a class="name" href={pathTo('/groups/:group', { group: groupId })}>
        {groupId}
      </a>
    ),
  },
  { title: 'State', sort: 'state', cell: ({ state }) => <Badge tone={toneOf(state)}>{state}</Badge> },
  { title: 'Type', sort: 'type', hint: 'By which protocol its members meet', cell: ({ type }) => type },
  { title: 'Speaks', hint: 'The protocol type that its members named', cell: ({ protocolType }) => protocolType },
  {
    title: 'Lag',
    sort: 'lag',
    kind: 'number',
    hint: 'Records behind the ends of all partitions in which it has a position',
    cell: ({ lag }) => count(lag),
  },
]

const states = {
  any: 'any',
  Stable: 'Stable',
  Empty: 'Empty',
  PreparingRebalance: 'Preparing rebalance',
  CompletingRebalance: 'Completing rebalance',
  Assigning: 'Assigning',
  Reconciling: 'Reconciling',
  NotReady: 'Not ready',
}
const types = { any: 'any', classic: 'classic', consumer: 'consumer', share: 'share', streams: 'streams' }

export function Groups() {
  const listing = useList<GroupRow>(api`groups`, { sort: 'groupId', everyMs: 3000, filters: ['state', 'type'] })
  return (
    <Page title="Groups">
      <Panel isFlush>
        <div class="toolbar">
          <SearchBox label="Search groups" />
          <Choice label="State" name="state" options={states} />
          <Choice label="Type" name="type" options={types} />
        </div>
        {listing.failure !== null && <FailureBox failure={listing.failure} onRetry={listing.refresh} />}
        <ListTable
          label="Groups"
          listing={listing}
          columns={columns}
          keyOf={({ groupId }) => groupId}
          empty="No group here. It comes into being with its first consumer, or the first offset that is committed for it."
        />
      </Panel>
    </Page>
  )
}
