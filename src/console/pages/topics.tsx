/** All topics. */
import { useState } from 'preact/hooks'
import { api, mayWrite } from '../api/client.js'
import { useList } from '../api/list.js'
import type { TopicRow } from '../api/types.js'
import { bytes, count } from '../format.js'
import { pathTo } from '../path.js'
import { Badge, Button, Choice, FailureBox, Page, Panel, SearchBox } from '../ui/parts.js'
import { type Column, ListTable } from '../ui/table.js'
import { CreateDialog } from './topic/create.js'
import { askDelete, askPurge } from './topic/questions.js'

const columnsOf = (refresh: () => void): readonly Column<TopicRow>[] => [
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
  {
    title: 'Purge or delete',
    kind: 'actions',
    cell: ({ name, isInternal }) => (
      <>
        <Button
          tone="quiet"
          icon="purge"
          hint={`Purge ${name}`}
          isDisabled={!mayWrite.value}
          onClick={() => askPurge(name, refresh)}
        />
        <Button
          tone="quiet"
          icon="trash"
          hint={`Delete ${name}`}
          isDisabled={!mayWrite.value || isInternal}
          onClick={() => askDelete(name, refresh)}
        />
      </>
    ),
  },
]

export function Topics() {
  const listing = useList<TopicRow>(api`topics`, { sort: 'name', filters: ['internal'] })
  const [isCreating, setCreating] = useState(false)
  return (
    <Page
      title="Topics"
      actions={
        <Button icon="plus" tone="primary" isDisabled={!mayWrite.value} onClick={() => setCreating(true)}>
          Create a topic
        </Button>
      }
    >
      <Panel isFlush>
        <div class="toolbar">
          <SearchBox label="Search topics" />
          <Choice label="Internal" name="internal" options={{ false: 'hidden', true: 'shown' }} />
        </div>
        {listing.failure !== null && <FailureBox failure={listing.failure} onRetry={listing.refresh} />}
        <ListTable
          label="Topics"
          listing={listing}
          columns={columnsOf(listing.refresh)}
          keyOf={({ name }) => name}
          empty="No topics yet. Create one, or let a client do so by writing to it."
        />
      </Panel>
      {isCreating && <CreateDialog onClose={() => setCreating(false)} />}
    </Page>
  )
}
