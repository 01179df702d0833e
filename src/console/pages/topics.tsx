/** All topics. */
import { api } from '../api/client.js'
import { useList } from '../api/list.js'
import type { TopicRow } from '../api/types.js'
import { bytes, count } from '../format.js'
import { pathTo } from '../path.js'
import { Badge, Choice, FailureBox, Page, Panel, SearchBox } from '../ui/parts.js'
import { type Column, ListTable } from '../ui/table.js'

const columns: readonly Column<TopicRow>[] = [
  {
    title: 'Topic',
    sort: 'name',
    kind: 'wide',
    cell: ({ name, isInternal }) => (
      <>
        <a class="name" href={pathTo('/topics/:topic', { topic: name })}>
          {name}
        </a>
        {isInternal && <Badge>internal</Badge>}
      </>
    ),
  },
  { title: 'Partitions', sort: 'partitions', kind: 'number', cell: ({ partitions }) => count(partitions) },
  {
    title: 'Records',
    sort: 'records',
    kind: 'number',
    hint: 'End minus start of all partitions; compaction and markers leave fewer',
    cell: ({ records }) => count(records),
  },
  { title: 'Size', sort: 'size', kind: 'number', cell: ({ sizeBytes }) => bytes(sizeBytes) },
]

export function Topics() {
  const listing = useList<TopicRow>(api`topics`, { sort: 'name', filters: ['internal'] })
  return (
    <Page title="Topics">
      <Panel isFlush>
        <div class="toolbar">
          <SearchBox label="Search topics" />
          <Choice label="Internal" name="internal" options={{ false: 'hidden', true: 'shown' }} />
        </div>
        {listing.failure !== null && <FailureBox failure={listing.failure} onRetry={listing.refresh} />}
        <ListTable
          label="Topics"
          listing={listing}
          columns={columns}
          keyOf={({ name }) => name}
          empty="No topics yet. Create one, or let a client do so by writing to it."
        />
      </Panel>
    </Page>
  )
}
