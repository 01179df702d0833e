/** Where a group is in its partitions. */
import { useState } from 'preact/hooks'
import { api, mayWrite, send } from '../../api/client.js'
import { count } from '../../format.js'
import { pathTo } from '../../path.js'
import { ask } from '../../ui/dialog.js'
import { Button, Panel } from '../../ui/parts.js'
import { type Column, Table } from '../../ui/table.js'
import { tell } from '../../ui/toast.js'
import type { Group, Position } from './types.js'

interface OfTopic {
  readonly topic: string
  readonly partitions: number
  readonly lag: number | null
  readonly isRead: boolean
}

interface PositionsProps {
  readonly group: Group
  readonly onChange: () => void
}

export function Positions({ group, onChange }: PositionsProps) {
  const [sort, setSort] = useState<{ readonly by: string; readonly order: 'asc' | 'desc' }>({ by: 'place', order: 'asc' })
  const clientOf = new Map((group.members ?? []).map(({ memberId, clientId }) => [memberId, clientId]))
  const forget = (topic: string) =>
    ask({
      title: 'Delete positions',
      text: (
        <>
          The positions of <strong>{group.groupId}</strong> in <strong>{topic}</strong> are forgotten. When it reads the topic
          again it begins where <code>auto.offset.reset</code> says.
        </>
      ),
      action: 'Delete positions',
      run: async () => {
        await send('DELETE', api`groups/${group.groupId}/offsets/${topic}`)
        tell(`The positions in ${topic} are deleted.`)
        onChange()
      },
    })
  const topicColumns: Column<OfTopic>[] = [
    {
      title: 'Topic',
      kind: 'wide',
      cell: ({ topic }) => (
        <a class="name" href={pathTo('/topics/:topic', { topic })}>
          {topic}
        </a>
      ),
    },
    { title: 'Partitions', kind: 'number', cell: ({ partitions }) => count(partitions) },
    { title: 'Lag', kind: 'number', cell: ({ lag }) => count(lag) },
    {
      title: 'Actions',
      kind: 'actions',
      cell: ({ topic, isRead }) => (
        <Button
          tone="quiet"
          icon="trash"
          isDisabled={!mayWrite.value || isRead}
          hint={isRead ? `Stop the members that read ${topic} first` : `Delete the positions in ${topic}`}
          onClick={() => forget(topic)}
        />
      ),
    },
  ]
  const columns: Column<Position>[] = [
    { title: 'Partition', sort: 'place', kind: 'wide', cell: ({ topic, partition }) => `${topic} · ${partition}` },
    {
      title: 'Position',
      kind: 'number',
      hint: 'The next offset that it reads',
      cell: ({ committedOffset }) => count(committedOffset),
    },
    { title: 'Begin', kind: 'number', cell: ({ startOffset }) => count(startOffset) },
    { title: 'End', kind: 'number', cell: ({ endOffset }) => count(endOffset) },
    { title: 'Lag', sort: 'lag', kind: 'number', cell: ({ lag }) => count(lag) },
    {
      title: 'Reader',
      cell: ({ memberId }) =>
        memberId === null ? (
          <span class="muted">nobody</span>
        ) : (
          <span class="clip" title={memberId}>
            {clientOf.get(memberId) ?? memberId}
          </span>
        ),
    },
  ]
  const sorted = sort.by === 'lag' ? [...group.positions].sort((a, b) => (a.lag ?? -1) - (b.lag ?? -1)) : group.positions
  const rows = sort.order === 'desc' ? [...sorted].reverse() : sorted
  const topics = byTopic(group)
  return (
    <>
      {topics.length > 0 && (
        <Panel isFlush>
          <Table label="Topics of the group" columns={topicColumns} rows={topics} keyOf={({ topic }) => topic} />
        </Panel>
      )}
      <Panel isFlush>
        <Table
          label="Positions"
          columns={columns}
          rows={rows}
          keyOf={({ topic, partition }) => `${topic} ${partition}`}
          sort={sort.by}
          order={sort.order}
          onSort={by => setSort(last => ({ by, order: last.by === by && last.order === 'asc' ? 'desc' : 'asc' }))}
          empty="It has no position yet: it reads no topic, or has not committed."
        />
      </Panel>
    </>
  )
}

function byTopic({ positions }: Group): OfTopic[] {
  const found = new Map<string, OfTopic>()
  for (const { topic, lag, memberId } of positions) {
    const before = found.get(topic) ?? { topic, partitions: 0, lag: null, isRead: false }
    found.set(topic, {
      topic,
      partitions: before.partitions + 1,
      lag: lag === null ? before.lag : (before.lag ?? 0) + lag,
      isRead: before.isRead || memberId !== null,
    })
  }
  return [...found.values()]
}
